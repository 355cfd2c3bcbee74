-- Everybody any department names, placed and described as the household register last said.
-- Somebody whom the register lacks stays here without a household, so that no warning is lost.
select named.person_key, register.household_key, register.relation_code, register.sex, register.born_on,
  register.village_code, register.grid_code, register.known_on
from ods_named_person as named
left join ods_household_register as register on register.person_key = named.person_key
