-- The families that live together (共同生活家庭), as applied for and recognised: who belongs to which, from when to when.
-- A student away at school stays a member; who does not count for a time stands in family_exclusion.
with version as (
  select 'dibao' as source_class, person_key, delivered_person_key, 'dibao:' || family_no as family_key,
    case applicant_flag when '1' then 'applicant' else 'member' end as role,
    start_date as started_on, cast(null as date) as ends_on, operation, known_on, period_end, delivery_id, source_line
  from ods_dibao_version
  union all
  select 'marginal_and_rigid' as source_class, person_key, delivered_person_key,
    'marginal_and_rigid:' || family_no as family_key, 'member' as role,
    start_date as started_on, valid_to as ends_on, operation, known_on, period_end, delivery_id, source_line
  from ods_marginal_and_rigid_version
  union all
  select 'relapse_monitoring' as source_class, person_key, delivered_person_key,
    'relapse_monitoring:' || family_no as family_key, case relation when '户主' then 'head' else 'member' end as role,
    identified_month as started_on, cast(null as date) as ends_on, operation, known_on, period_end, delivery_id,
    source_line
  from ods_relapse_monitoring_version
  union all
  -- Somebody in extreme poverty is supported alone.
  select 'tekun' as source_class, person_key, delivered_person_key, 'tekun:' || person_key as family_key,
    'applicant' as role, start_date as started_on, cast(null as date) as ends_on, operation, known_on, period_end,
    delivery_id, source_line
  from ods_tekun_version
),
replaced as (
  select version.*,
    lead(known_on) over (
      partition by source_class, delivered_person_key order by period_end asc nulls first, known_on, delivery_id
    ) as replaced_on
  from version
),
marked as (
  select replaced.*,
    case
      when lag(family_key) over (
          partition by source_class, person_key order by known_on, period_end, delivery_id, source_line
        ) = family_key
        and lag(coalesce(replaced_on, date '9999-12-31')) over (
          partition by source_class, person_key order by known_on, period_end, delivery_id, source_line
        ) >= known_on
      then 0 else 1
    end as begins
  from replaced
  where operation <> 'delete' and (replaced_on is null or replaced_on > known_on)
),
numbered as (
  select marked.*, sum(begins) over (
      partition by source_class, person_key order by known_on, period_end, delivery_id, source_line
      rows between unbounded preceding and current row
    ) as spell,
    row_number() over (
      partition by source_class, person_key order by known_on desc, period_end desc, delivery_id desc, source_line desc
    ) as recency
  from marked
),
spells as (
  select person_key, family_key, source_class, spell, min(started_on) as started_on, min(known_on) as known_on,
    case when count(*) = count(replaced_on) then max(replaced_on) end as gone_on,
    max(case when recency = 1 then ends_on end) as ends_on,
    min(case when role = 'applicant' then 'applicant' when role = 'head' then 'head' else 'member' end) as role,
    max(case when begins = 1 then delivery_id end) as delivery_id,
    max(case when begins = 1 then source_line end) as source_line
  from numbered
  group by person_key, family_key, source_class, spell
)
select person_key, family_key, source_class, role,
  case when spell = 1 then coalesce(started_on, known_on) else known_on end as valid_from,
  case
    when gone_on is not null and (ends_on is null or gone_on <= ends_on) then days_before(gone_on, 1)
    else ends_on
  end as valid_to,
  known_on, delivery_id, source_line
from spells
