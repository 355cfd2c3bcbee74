-- Registrations of employment and unemployment.
select person_key, register_id as event_id, register_date as event_on,
  case register_type when '1' then 'employed' else 'unemployed' end as kind,
  case unemployment_reason
    when '11' then 'employer_closed'
    when '12' then 'dismissed'
    when '13' then 'contract_ended'
    when '21' then 'resigned'
    when '99' then 'other'
  end as reason,
  aab004 as employer_name, known_on, delivery_id, source_line
from ods_employment_register
