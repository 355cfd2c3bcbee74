-- Accidents on the road and disasters at home, and how bad they were.
select person_key, accident_no as event_id, 'traffic_casualty' as source_class, accident_date as happened_on,
  'traffic' as kind, case casualty_kind when '1' then 'killed' when '2' then 'severe' else 'slight' end as severity,
  cast(null as decimal(16,2)) as loss_amount, known_on, delivery_id, source_line
from ods_traffic_casualty
union all
select person_key, event_no as event_id, 'disaster_event' as source_class, event_date as happened_on,
  case event_kind
    when '1' then 'fire' when '2' then 'flood' when '3' then 'storm' when '4' then 'landslide' else 'freeze'
  end as kind,
  case when damage_grade in ('3', '4') then 'severe' else 'slight' end as severity,
  loss_amount, known_on, delivery_id, source_line
from ods_disaster_event
