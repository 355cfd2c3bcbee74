-- The latest month told of each pension, what was paid, and why it ended.
select person_key, case aae140 when '110' then 'employee' when '120' then 'civil_service' else 'resident' end as kind,
  aae003 as month, aae019 as amount,
  case aae116 when '1' then 'paid' when '2' then 'suspended' else 'ended' end as status,
  case aae160
    when '1' then 'died' when '2' then 'not_certified' when '3' then 'serving_sentence' when '4' then 'drawn_twice'
    when '9' then 'other'
  end as stop_reason,
  known_on, delivery_id, source_line
from ods_pension_payment
