-- Every identity that some department gives a person, and from when to when: one may hold many at once, and two
-- departments may say different things of the same one. Ended ones stay, with the day before we learnt of the end.
with version as (
  select 'tekun' as source_class, 'tekun' as label, person_key, delivered_person_key, '' as subject,
    start_date as started_on, cast(null as date) as ends_on, operation, known_on, period_end, delivery_id, source_line
  from ods_tekun_version
  union all
  select 'dibao' as source_class, 'dibao' as label, person_key, delivered_person_key, '' as subject,
    start_date as started_on, cast(null as date) as ends_on, operation, known_on, period_end, delivery_id, source_line
  from ods_dibao_version
  union all
  select 'marginal_and_rigid' as source_class,
    case household_kind when '1' then 'marginal' else 'rigid_expenditure' end as label,
    person_key, delivered_person_key, '' as subject, start_date as started_on, valid_to as ends_on,
    operation, known_on, period_end, delivery_id, source_line
  from ods_marginal_and_rigid_version
  union all
  -- A monitored household counts from the month it was identified until the end of the month its risk was cleared.
  select 'relapse_monitoring' as source_class,
    case household_kind when '2' then 'relapse_monitored' else 'lifted_out_of_poverty' end as label,
    person_key, delivered_person_key, '' as subject, identified_month as started_on,
    month_end(cleared_month) as ends_on, operation, known_on, period_end, delivery_id, source_line
  from ods_relapse_monitoring_version
  union all
  select 'child_in_need' as source_class,
    case child_kind
      when '1' then 'orphan' when '2' then 'child_without_care' when '3' then 'child_in_difficulty'
      else 'child_left_behind'
    end as label,
    person_key, delivered_person_key, '' as subject, recognised_on as started_on, cast(null as date) as ends_on,
    operation, known_on, period_end, delivery_id, source_line
  from ods_child_in_need_version
  union all
  select 'disability_certificate' as source_class,
    case
      when certificate_status <> '有效' then cast(null as varchar(1))
      when disability_level <= 2 then 'severely_disabled'
      else 'disabled'
    end as label,
    person_key, delivered_person_key, '' as subject, certified_on as started_on, cast(null as date) as ends_on,
    operation, known_on, period_end, delivery_id, source_line
  from ods_disability_certificate_version
  union all
  select 'medical_aid' as source_class,
    case psn_idet_type
      when '01' then 'tekun' when '02' then 'dibao' when '03' then 'marginal' when '04' then 'relapse_monitored'
      when '05' then 'rigid_expenditure' when '06' then 'severely_disabled'
    end as label,
    person_key, delivered_person_key, record_id as subject, begntime as started_on, endtime as ends_on,
    operation, known_on, period_end, delivery_id, source_line
  from ods_medical_aid_version
  where record_kind = '2'
),
replaced as (
  select version.*,
    lead(known_on) over (
      partition by source_class, delivered_person_key, subject
      order by period_end asc nulls first, known_on, delivery_id
    ) as replaced_on
  from version
),
marked as (
  select replaced.*,
    case
      when lag(label) over (
          partition by source_class, person_key, subject order by known_on, period_end, delivery_id, source_line
        ) = label
        and lag(coalesce(replaced_on, date '9999-12-31')) over (
          partition by source_class, person_key, subject order by known_on, period_end, delivery_id, source_line
        ) >= known_on
      then 0 else 1
    end as begins
  from replaced
  where operation <> 'delete' and (replaced_on is null or replaced_on > known_on)
),
numbered as (
  select marked.*, sum(begins) over (
      partition by source_class, person_key, subject order by known_on, period_end, delivery_id, source_line
      rows between unbounded preceding and current row
    ) as spell,
    row_number() over (
      partition by source_class, person_key, subject
      order by known_on desc, period_end desc, delivery_id desc, source_line desc
    ) as recency
  from marked
),
spells as (
  select person_key, label, source_class, spell, max(case when begins = 1 then started_on end) as started_on,
    min(known_on) as known_on, case when count(*) = count(replaced_on) then max(replaced_on) end as gone_on,
    max(case when recency = 1 then ends_on end) as ends_on,
    max(case when begins = 1 then delivery_id end) as delivery_id,
    max(case when begins = 1 then source_line end) as source_line
  from numbered
  group by person_key, label, source_class, subject, spell
)
select person_key, label, source_class,
  case when started_on is null or spell > 1 and started_on < known_on then known_on else started_on end as valid_from,
  case
    when gone_on is not null and (ends_on is null or gone_on <= ends_on) then days_before(gone_on, 1)
    else ends_on
  end as valid_to,
  known_on, delivery_id, source_line
from spells
where label is not null
