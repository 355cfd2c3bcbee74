-- Subsidies to the disabled and the old, by the latest month told.
select person_key,
  case item when '1' then 'living' when '2' then 'nursing' when '3' then 'old_age' else 'elderly_service' end as item,
  paid_month as month, amount,
  case subsidy_status when '1' then 'paid' when '2' then 'suspended' else 'ended' end as status,
  known_on, delivery_id, source_line
from ods_subsidy_payment
