-- The divisions as they stand on the date, those of old with what they are called now.
select code, name, level, parent_code, valid_from, valid_to, change, successor_code, current_code, keeps_grids, source
from ods_division
