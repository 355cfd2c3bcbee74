-- Who moved in from elsewhere or away. The federation says that a certificate moved away, but not when.
select person_key, case event_kind when '2' then 'in' else 'out' end as direction, happened_on as moved_on,
  event_date as registered_on, other_place, 'register_event' as source_class, known_on, delivery_id, source_line
from ods_register_event
where event_kind in ('2', '3')
union all
select person_key, 'out' as direction, cast(null as date) as moved_on, cast(null as date) as registered_on,
  cast(null as varchar(1)) as other_place, 'disability_certificate' as source_class, known_on, delivery_id, source_line
from ods_disability_certificate
where certificate_status = '迁出'
