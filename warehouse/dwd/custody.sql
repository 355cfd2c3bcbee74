-- Who is or was held, and until when that is expected. What for is not kept.
select person_key, custody_no as custody_id,
  case custody_kind
    when '1' then 'detained' when '2' then 'arrested' when '3' then 'serving_sentence' else 'compulsory_rehabilitation'
  end as kind,
  start_date as started_on, expected_end as expected_end_on, actual_end as ended_on, known_on, delivery_id, source_line
from ods_custody
