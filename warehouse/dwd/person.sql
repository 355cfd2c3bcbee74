-- Everybody any department names, placed and described as the household register last said.
-- Somebody whom the register lacks stays here without a household, so that no warning is lost.
-- Dead is who two sources with a day of death agree on; one alone is a report that stops nothing.
with death as (
  select person_key, count(distinct case when died_on is not null then source_class end) as source_count,
    min(died_on) as died_on, joined_text(array_agg(distinct source_class)) as sources
  from dwd_death_report
  group by person_key
),
last_move as (
  select person_key, direction, moved_on, source_class,
    row_number() over (
      partition by person_key order by moved_on desc, known_on desc, delivery_id desc, source_line desc
    ) as move_rank
  from dwd_move
  where moved_on is not null
)
select named.person_key, register.household_key, register.relation_code, register.sex, register.born_on,
  birthday(register.born_on, 18) as adult_on, birthday(register.born_on, 60) as sixty_on,
  coalesce(division.current_code, register.village_code) as village_code,
  case
    when division.code is null then register.grid_code
    when division.keeps_grids then division.current_code || substr(register.grid_code, 13, 3)
  end as grid_code,
  register.village_code as delivered_village_code,
  case
    when death.source_count >= 2 then 'deceased'
    when death.person_key is not null then 'reported_deceased'
    when last_move.direction = 'out' then 'moved_out'
    when register.person_key is not null then 'living'
    else 'unregistered'
  end as status,
  case
    when death.person_key is not null then death.died_on
    when last_move.direction = 'out' then last_move.moved_on
  end as status_since,
  case
    when death.person_key is not null then death.sources
    when last_move.direction = 'out' then last_move.source_class
  end as status_sources,
  register.known_on
from ods_named_person as named
left join ods_household_register as register on register.person_key = named.person_key
left join ods_division_succession as division on division.code = register.village_code
left join death on death.person_key = named.person_key
left join last_move on last_move.person_key = named.person_key and last_move.move_rank = 1
