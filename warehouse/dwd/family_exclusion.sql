-- When somebody does not count in the family they belong to: serving a sentence or in compulsory rehabilitation, and
-- after a death that two sources agree on. Clergy living away for three years and people declared missing do not count
-- either, but no department delivers who they are.
select person_key, case custody_kind when '3' then 'serving_sentence' else 'compulsory_rehabilitation' end as reason,
  start_date as valid_from, actual_end as valid_to, 'custody' as source_class, known_on, delivery_id, source_line
from ods_custody
where custody_kind in ('3', '4')
union all
select person_key, 'deceased' as reason, min(died_on) as valid_from, cast(null as date) as valid_to,
  joined_text(array_agg(distinct source_class)) as source_class, max(known_on) as known_on,
  min(delivery_id) as delivery_id, cast(null as integer) as source_line
from dwd_death_report
where died_on is not null
group by person_key
having count(distinct source_class) >= 2
