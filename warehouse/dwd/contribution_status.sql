-- The state of each person's pension insurance in the latest snapshot that names the person.
with ranked as (
  select person_key, aac008, aac084, aae003, aab004, known_on, delivery_id, source_line,
    row_number() over (
      partition by person_key
      order by aae003 desc nulls last, known_on desc nulls last, delivery_id desc nulls last, source_line desc nulls last
    ) as version_rank
  from ods_employee_pension_contribution
)
select person_key, aac008 as status_code, aac084 as retired_code, aae003 as covers_until, aab004 as employer_name,
  known_on, delivery_id, source_line
from ranked
where version_rank = 1
