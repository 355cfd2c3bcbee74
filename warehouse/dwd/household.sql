-- Registered households. A household lives where its head is registered, else where most members are.
with place as (
  select
    household_key,
    village_code,
    grid_code,
    row_number() over (
      partition by household_key
      order by max(case when relation_code = '02' then 1 else 0 end) desc, count(*) desc,
        village_code nulls last, grid_code nulls last
    ) as place_rank
  from dwd_person
  where household_key is not null
  group by household_key, village_code, grid_code
),
size_of as (
  select household_key, cast(count(*) as integer) as member_count
  from dwd_person
  where household_key is not null
  group by household_key
)
select place.household_key, place.village_code, place.grid_code, size_of.member_count
from place
join size_of on size_of.household_key = place.household_key
where place.place_rank = 1
