-- Who is said to have died, taken over all sources: when, since when we know it, and in which registered household the
-- person last stood. The register forgets the dead; then the event of the register names the household.
with report as (
  select person_key, min(died_on) as died_on, min(known_on) as first_known_on,
    cast(count(distinct case when died_on is not null then source_class end) as integer) as source_count,
    joined_text(array_agg(distinct source_class)) as sources
  from dwd_death_report
  group by person_key
),
registered as (
  select person_key, household_key, relation_code, born_on,
    row_number() over (
      partition by person_key order by known_on desc, period_end desc, delivery_id desc, source_line desc
    ) as recency
  from ods_household_register_version
  where operation <> 'delete' and person_key in (select person_key from report)
),
told as (
  select person_key, max(household_key) as household_key
  from ods_register_event
  where event_kind = '1'
  group by person_key
)
select report.person_key, coalesce(registered.household_key, told.household_key) as household_key,
  registered.relation_code, registered.born_on, report.died_on, report.first_known_on, report.source_count,
  report.sources
from report
left join registered on registered.person_key = report.person_key and registered.recency = 1
left join told on told.person_key = report.person_key
