-- Who says that a person died, and when. Sources may differ; none is dropped.
-- That a pension was stopped for death tells no day, and rests on one of the other sources.
select person_key, 'register_event' as source_class, happened_on as died_on, event_date as reported_on,
  known_on, delivery_id, source_line
from ods_register_event
where event_kind = '1'
union all
select person_key, 'death_certificate' as source_class, died_on, issued_on as reported_on,
  known_on, delivery_id, source_line
from ods_death_certificate
union all
select person_key, 'cremation' as source_class, died_on, cremated_on as reported_on,
  known_on, delivery_id, source_line
from ods_cremation
union all
select person_key, 'pension_payment' as source_class, cast(null as date) as died_on, cast(null as date) as reported_on,
  known_on, delivery_id, source_line
from ods_pension_payment
where aae160 = '1'
union all
select person_key, 'work_benefit' as source_class, cast(null as date) as died_on, cast(null as date) as reported_on,
  known_on, delivery_id, source_line
from ods_work_benefit
where stop_reason = '4'
