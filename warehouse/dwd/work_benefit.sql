-- Unemployment benefit and benefits for work injuries: how long approved, how long drawn, and why ended.
select person_key, benefit_no as benefit_id,
  case benefit_kind when '1' then 'unemployment' when '2' then 'injury_allowance' else 'injury_grant' end as kind,
  aae041 as from_month, approved_months, used_months, aae019 as amount,
  case stop_reason when '1' then 'employed' when '2' then 'used_up' when '3' then 'retired' when '4' then 'died' end
    as stop_reason,
  known_on, delivery_id, source_line
from ods_work_benefit
