-- Where each pupil or student is enrolled in the latest term told of.
with ranked as (
  select person_key, term, stage, grade, entered_on, enrolment_status, known_on, delivery_id, source_line,
    row_number() over (
      partition by person_key
      order by term desc, entered_on desc, known_on desc, delivery_id desc, source_line desc
    ) as recency
  from ods_student_enrolment
)
select person_key, term,
  case stage
    when '1' then 'primary' when '2' then 'junior' when '3' then 'senior' when '4' then 'vocational' else 'college'
  end as stage,
  grade, entered_on,
  case enrolment_status
    when '1' then 'enrolled' when '2' then 'on_leave' when '3' then 'dropped_out' else 'transferred'
  end as status,
  known_on, delivery_id, source_line
from ranked
where recency = 1
