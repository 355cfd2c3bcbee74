-- The latest help in money that each registered household was given for each cause, up to the date.
select person.household_key, aid.cause, max(aid.aided_on) as aided_on,
  max_by(aid.amount, day_text(aid.aided_on) || aid.aid_id) as amount
from dwd_aid as aid
join dwd_person as person on person.person_key = aid.person_key
where person.household_key is not null and aid.aided_on <= :as_of
group by person.household_key, aid.cause
