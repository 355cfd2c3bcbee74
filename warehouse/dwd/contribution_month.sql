-- One row for each person and month that a snapshot speaks of; the latest snapshot has the last word.
-- A month that no snapshot covers has no row: absence is never read as unpaid.
with month_vector as (
  select person_key, aae003 as month, aae180_1 as base_amount, aae078_1 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_1 is not null
  union all
  select person_key, months_before(aae003, 1) as month, aae180_2 as base_amount, aae078_2 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_2 is not null
  union all
  select person_key, months_before(aae003, 2) as month, aae180_3 as base_amount, aae078_3 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_3 is not null
  union all
  select person_key, months_before(aae003, 3) as month, aae180_4 as base_amount, aae078_4 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_4 is not null
  union all
  select person_key, months_before(aae003, 4) as month, aae180_5 as base_amount, aae078_5 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_5 is not null
  union all
  select person_key, months_before(aae003, 5) as month, aae180_6 as base_amount, aae078_6 as paid_code,
    aae003, known_on, delivery_id, source_line
  from ods_employee_pension_contribution_version where operation <> 'delete' and aae078_6 is not null
),
ranked as (
  select person_key, month, base_amount, paid_code, known_on, delivery_id, source_line,
    row_number() over (
      partition by person_key, month
      order by aae003 desc nulls last, known_on desc nulls last, delivery_id desc nulls last, source_line desc nulls last
    ) as version_rank
  from month_vector
)
select person_key, month, base_amount, paid_code = '1' as is_paid, known_on, delivery_id, source_line
from ranked
where version_rank = 1
