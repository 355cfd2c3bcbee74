-- Who belonged to which registered household, as what, and from when to when. The family that lives together is
-- another thing: family_membership.
with changing as (
  select person_key from dwd_register_span group by person_key having count(*) > 1
),
marked as (
  select person_key, household_key, relation_code, valid_from, valid_to, known_on, delivery_id, source_line,
    case
      when lag(household_key) over (partition by person_key order by valid_from, known_on) = household_key
        and lag(relation_code) over (partition by person_key order by valid_from, known_on) = relation_code
        and lag(valid_to) over (partition by person_key order by valid_from, known_on) = days_before(valid_from, 1)
      then 0 else 1
    end as begins
  from dwd_register_span
  where person_key in (select person_key from changing)
),
numbered as (
  select marked.*, sum(begins) over (
    partition by person_key order by valid_from, known_on rows between unbounded preceding and current row
  ) as spell
  from marked
)
select person_key, household_key, relation_code, min(valid_from) as valid_from,
  case when count(*) = count(valid_to) then max(valid_to) end as valid_to,
  min(known_on) as known_on,
    max(case when begins = 1 then delivery_id end) as delivery_id,
    max(case when begins = 1 then source_line end) as source_line
from numbered
group by person_key, household_key, relation_code, spell
union all
select single.person_key, single.household_key, single.relation_code, single.valid_from, single.valid_to,
  single.known_on, single.delivery_id, single.source_line
from dwd_register_span as single
left join changing on changing.person_key = single.person_key
where changing.person_key is null
