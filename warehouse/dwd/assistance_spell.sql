-- Who holds which assistance identity, and when. Somebody gone from a complete snapshot holds it no longer.
select person_key, 'tekun' as assistance, start_date as valid_from, cast(null as date) as valid_to,
  'tekun' as source_class, known_on
from ods_tekun
union all
select person_key, 'dibao' as assistance, start_date as valid_from, cast(null as date) as valid_to,
  'dibao' as source_class, known_on
from ods_dibao
union all
select person_key, case household_kind when '1' then 'marginal' else 'rigid_expenditure' end as assistance,
  start_date as valid_from, valid_to, 'marginal_and_rigid' as source_class, known_on
from ods_marginal_and_rigid
union all
-- A monitored household counts from the month it was identified until the end of the month its risk was cleared.
select person_key, 'relapse_monitored' as assistance, identified_month as valid_from,
  month_end(cleared_month) as valid_to, 'relapse_monitoring' as source_class, known_on
from ods_relapse_monitoring
where household_kind = '2'
