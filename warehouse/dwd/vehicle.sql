-- Vehicles that people own now; those transferred, scrapped or written off are left out.
select person_key, vehicle_no as vehicle_id,
  case
    when vehicle_kind in ('K33', 'K31') then 'car' when vehicle_kind in ('H31', 'H51') then 'lorry'
    when vehicle_kind in ('M21', 'M11') then 'motorcycle' when vehicle_kind = 'K41' then 'for_disabled' else 'tractor'
  end as kind,
  case when usage = 'A' then 'private' else 'business' end as usage,
  owned_since, price_band, known_on, delivery_id, source_line
from ods_vehicle_register
where vehicle_status in ('A', 'G')
