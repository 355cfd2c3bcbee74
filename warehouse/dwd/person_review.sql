-- What a person must look at before anything rests on it: keys that may or may not be one person, and the dead who act.
-- Nothing here changes what the other tables say.
with settled as (
  select person_key, max(died_on) as died_on, min(died_on) as first_died_on, max(known_on) as known_on,
    joined_text(array_agg(distinct source_class)) as sources
  from dwd_death_report
  where died_on is not null
  group by person_key
),
activity as (
  select person_key, adm_date as active_on, 'inpatient_settlement' as source_class, known_on, delivery_id, source_line
  from ods_inpatient_settlement
  where vali_flag = '1' and refd_setl_flag = '0'
  union all
  -- What was prescribed in life may be settled a month later.
  select person_key, days_before(setl_date, 30) as active_on, 'chronic_outpatient_settlement' as source_class,
    known_on, delivery_id, source_line
  from ods_chronic_outpatient_settlement
  where vali_flag = '1' and refd_setl_flag = '0'
  union all
  select person_key, register_date as active_on, 'employment_register' as source_class, known_on, delivery_id,
    source_line
  from ods_employment_register
  union all
  select person_key, happened_on as active_on, 'register_event' as source_class, known_on, delivery_id, source_line
  from ods_register_event
  where event_kind in ('2', '3', '5')
),
acted as (
  select activity.person_key, activity.source_class, activity.known_on, activity.delivery_id, activity.source_line,
    row_number() over (
      partition by activity.person_key, activity.source_class
      order by activity.active_on desc, activity.delivery_id desc, activity.source_line desc
    ) as recency
  from activity
  join settled on settled.person_key = activity.person_key
  where activity.active_on > settled.died_on
),
alike as (
  select household_key, born_on, sex, relation_code, min(person_key) as person_key, max(person_key) as other_key,
    max(known_on) as known_on
  from ods_household_register
  where relation_code in ('02', '10', '11', '12', '51', '52')
  group by household_key, born_on, sex, relation_code
  having count(*) > 1
)
select case standing
    when 'claimed_twice' then 'number_claimed_twice'
    when 'in_a_circle' then 'numbers_in_a_circle'
    else 'both_numbers_registered'
  end as kind,
  former_key as person_key, next_key as other_key,
  case standing
    when 'claimed_twice' then '两个人都登记以该号码为原号码'
    when 'in_a_circle' then '号码变更前后循环'
    else '原号码与新号码同时在册, 可能是两个人'
  end as reason_zh,
  case standing
    when 'claimed_twice' then 'Two people are registered as having had this number.'
    when 'in_a_circle' then 'The changes of number lead back to where they began.'
    else 'The old and the new number are both in the register; they may be two people.'
  end as reason_en,
  source_class, known_on, delivery_id, source_line
from dwd_person_link
where standing in ('claimed_twice', 'in_a_circle', 'both_registered')
union all
select 'possible_duplicate' as kind, person_key, other_key,
  '同一户内户主、配偶或父母的性别与出生日期相同, 可能一人两号' as reason_zh,
  'Two heads, spouses or parents of one household share sex and day of birth; one person may have two numbers.' as reason_en,
  'household_register' as source_class, known_on, cast(null as varchar(1)) as delivery_id,
  cast(null as integer) as source_line
from alike
union all
select 'certificate_of_another' as kind, certificate.person_key, certificate.certificate_person_key as other_key,
  '残疾人证号内的身份证号与本行身份证号不同, 可能是原号码' as reason_zh,
  'The number inside the disability certificate is not the person''s; it may be a former one.' as reason_en,
  'disability_certificate' as source_class, certificate.known_on, certificate.delivery_id, certificate.source_line
from ods_disability_certificate as certificate
left join ods_person_link_followed as link on link.former_key = certificate.certificate_person_key
where certificate.certificate_person_key <> certificate.delivered_person_key
  and coalesce(link.person_key, certificate.certificate_person_key) <> certificate.person_key
union all
select 'active_after_death' as kind, acted.person_key, cast(null as varchar(1)) as other_key,
  '登记死亡之后仍有活动记录' as reason_zh, 'Reported dead, and active afterwards.' as reason_en,
  acted.source_class, acted.known_on, acted.delivery_id, acted.source_line
from acted
where acted.recency = 1
union all
select 'death_dates_differ' as kind, person_key, cast(null as varchar(1)) as other_key,
  '各来源的死亡日期相差超过七日' as reason_zh, 'The days of death differ by more than a week.' as reason_en,
  sources as source_class, known_on, cast(null as varchar(1)) as delivery_id, cast(null as integer) as source_line
from settled
where days_between(first_died_on, died_on) > 7
