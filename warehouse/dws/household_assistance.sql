-- What the members of a household hold on the date, taken together.
select person.household_key, joined_text(array_agg(distinct spell.assistance)) as labels
from dwd_assistance_spell as spell
join dwd_person as person on person.person_key = spell.person_key
where person.household_key is not null
  and spell.valid_from <= :as_of and coalesce(spell.valid_to, :as_of) >= :as_of
group by person.household_key
