-- What the household register said of a person, and from when to when. Each span begins when we learnt of it, unless
-- an event of the register (moved in, born) tells the day; a person gone from the register left on the day of the
-- event (died, moved out), else on the day before we learnt that they are gone.
-- Most people have one version only; ordering theirs would be dear, so only the others' are ordered.
with changing as (
  select person_key from ods_household_register_version group by person_key having count(*) > 1
),
version as (
  select person_key, delivered_person_key, household_key, relation_code, village_code, grid_code, operation,
    known_on, period_end, delivery_id, source_line,
    lead(known_on) over (
      partition by delivered_person_key order by period_end asc nulls first, known_on, delivery_id
    ) as replaced_on
  from ods_household_register_version
  where person_key in (select person_key from changing)
),
-- Under a changed number a person has versions of two keys: the later one begins where the earlier one ends.
ordered as (
  select version.*,
    lag(known_on) over (partition by person_key order by known_on, period_end, delivery_id, source_line) as earlier_on,
    lead(known_on) over (partition by person_key order by known_on, period_end, delivery_id, source_line) as later_on
  from version
  where operation <> 'delete' and (replaced_on is null or replaced_on > known_on)
),
learnt as (
  select ordered.*,
    case when later_on < coalesce(replaced_on, later_on) or replaced_on is null then later_on else replaced_on end as until
  from ordered
  where later_on is null or later_on > known_on
  union all
  select single.person_key, single.delivered_person_key, single.household_key, single.relation_code,
    single.village_code, single.grid_code, single.operation, single.known_on, single.period_end, single.delivery_id,
    single.source_line, cast(null as date) as replaced_on, cast(null as date) as earlier_on,
    cast(null as date) as later_on, cast(null as date) as until
  from ods_household_register_version as single
  left join changing on changing.person_key = single.person_key
  where changing.person_key is null and single.operation <> 'delete'
),
arrival as (
  select learnt.person_key, learnt.known_on, max(event.happened_on) as happened_on
  from learnt
  join ods_register_event as event on event.person_key = learnt.person_key
  where event.event_kind in ('2', '4') and event.happened_on <= learnt.known_on
    and (learnt.earlier_on is null or event.happened_on > learnt.earlier_on)
  group by learnt.person_key, learnt.known_on
),
begun as (
  select learnt.*, coalesce(arrival.happened_on, learnt.known_on) as valid_from,
    arrival.happened_on is not null as begins_by_event
  from learnt
  left join arrival on arrival.person_key = learnt.person_key and arrival.known_on = learnt.known_on
),
departure as (
  select begun.person_key, begun.known_on, max(event.happened_on) as happened_on
  from begun
  join ods_register_event as event on event.person_key = begun.person_key
  where event.event_kind in ('1', '3') and event.happened_on >= begun.valid_from
    and (begun.until is null or begun.until <> begun.later_on or begun.later_on is null)
    and (begun.until is null or event.happened_on < begun.until)
  group by begun.person_key, begun.known_on
),
followed as (
  select begun.*, lead(valid_from) over (partition by person_key order by known_on, period_end, delivery_id) as next_from
  from begun
  where later_on is not null or earlier_on is not null
  union all
  select begun.*, cast(null as date) as next_from
  from begun
  where later_on is null and earlier_on is null
)
select followed.person_key, followed.household_key, followed.relation_code, followed.village_code, followed.grid_code,
  followed.valid_from,
  case
    when followed.until = followed.later_on then days_before(followed.next_from, 1)
    when departure.happened_on is not null then departure.happened_on
    when followed.until is not null then days_before(followed.until, 1)
  end as valid_to,
  followed.begins_by_event, followed.known_on, followed.delivery_id, followed.source_line
from followed
left join departure on departure.person_key = followed.person_key and departure.known_on = followed.known_on
