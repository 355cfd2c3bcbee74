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
