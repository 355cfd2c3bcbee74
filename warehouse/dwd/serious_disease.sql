-- Diseases that have a registry.
select person_key, register_no as register_id,
  case disease_class
    when '1' then 'cancer' when '2' then 'kidney_failure' when '3' then 'mental_disorder' when '4' then 'haemophilia'
    when '5' then 'transplant' else 'other'
  end as disease,
  registered_on, known_on, delivery_id, source_line
from ods_serious_disease
