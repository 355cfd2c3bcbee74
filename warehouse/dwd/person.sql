-- Everybody any department names, placed and described as the household register last said.
-- Somebody whom the register lacks stays here without a household, so that no warning is lost.
with named as (
  select person_key from ods_household_register
  union
  select person_key from ods_inpatient_settlement
  union
  select person_key from ods_chronic_outpatient_settlement
  union
  select person_key from ods_general_outpatient_month
  union
  select person_key from ods_employee_pension_contribution
  union
  select person_key from ods_employment_register
  union
  select person_key from ods_dibao
  union
  select person_key from ods_tekun
  union
  select person_key from ods_marginal_and_rigid
  union
  select person_key from ods_disability_certificate
)
select named.person_key, register.household_key, register.relation_code, register.sex, register.born_on,
  register.village_code, register.grid_code, register.known_on
from named
left join ods_household_register as register on register.person_key = named.person_key
