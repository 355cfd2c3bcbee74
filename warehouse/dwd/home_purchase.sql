-- Contracts by which people bought a dwelling or a share of one.
select person_key, record_no as contract_id, signed_on, floor_area, share_percent, known_on, delivery_id, source_line
from ods_housing_record
where record_kind = '1'
