-- Where a person was registered, and from when to when: the village as delivered, and what it is called on the date.
-- A grid lies in its village: where the village merged into another, the grid is not known until it is delivered anew.
with changing as (
  select person_key from dwd_register_span group by person_key having count(*) > 1
),
marked as (
  select person_key, village_code, grid_code, valid_from, valid_to, begins_by_event, known_on, delivery_id, source_line,
    case
      when lag(village_code) over (partition by person_key order by valid_from, known_on) = village_code
        and coalesce(lag(grid_code) over (partition by person_key order by valid_from, known_on), '')
          = coalesce(grid_code, '')
        and lag(valid_to) over (partition by person_key order by valid_from, known_on) = days_before(valid_from, 1)
      then 0 else 1
    end as begins
  from dwd_register_span
  where person_key in (select person_key from changing)
),
numbered as (
  select marked.*, sum(begins) over (
    partition by person_key order by valid_from, known_on rows between unbounded preceding and current row
  ) as spell
  from marked
),
lived as (
  select person_key, village_code, grid_code, min(valid_from) as valid_from,
    case when count(*) = count(valid_to) then max(valid_to) end as valid_to,
    min(known_on) as known_on,
    max(case when begins = 1 then delivery_id end) as delivery_id,
    max(case when begins = 1 then source_line end) as source_line
  from numbered
  group by person_key, village_code, grid_code, spell
  union all
  select single.person_key, single.village_code, single.grid_code, single.valid_from, single.valid_to,
    single.known_on, single.delivery_id, single.source_line
  from dwd_register_span as single
  left join changing on changing.person_key = single.person_key
  where changing.person_key is null
)
select lived.person_key, coalesce(division.current_code, lived.village_code) as village_code,
  case
    when division.code is null then lived.grid_code
    when division.keeps_grids then division.current_code || substr(lived.grid_code, 13, 3)
  end as grid_code,
  lived.village_code as delivered_village_code, lived.grid_code as delivered_grid_code,
  lived.valid_from, lived.valid_to, lived.known_on, lived.delivery_id, lived.source_line
from lived
left join ods_division_succession as division on division.code = lived.village_code
