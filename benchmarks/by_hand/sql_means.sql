-- Accidents, custody, schooling, and who has too much or is given too little.

-- W10
with event as (
  select m.*, coalesce(v.household_key, d.household_key) as home, v.status = 'living' as lives
  from dwd_misfortune as m left join person as v using (person_key) left join dwd_death as d using (person_key)
  where m.severity in ('killed', 'severe') and m.happened_on between date '$as_of' - $accident_days and date '$as_of'
),
told as (
  select e.*, s.earner_count, case when e.severity = 'severe' and e.lives then e.person_key else s.contact_key end as who
  from event as e join situation as s on s.household_key = e.home
)
select p.person_key, if(t.source_class = 'traffic_casualty', 'traffic:', 'disaster:') || t.event_id as episode,
  if(t.severity = 'killed' or t.earner_count = 0, 'red', 'orange') as level
from told as t join person as p on p.person_key = t.who left join means as n on n.household_key = t.home
where n.copes is not true and p.status <> 'deceased' and not (t.severity = 'killed' and t.who = t.person_key);

-- W11
with held as (
  select p.person_key as held_key, p.household_key, c.custody_id, coalesce(p.relation_code, '97') as relation
  from dwd_custody as c join person as p using (person_key)
  where p.household_key is not null and p.status <> 'deceased'
    and date '$as_of' between c.started_on and coalesce(c.ended_on, date '$as_of')
    and datediff('day', c.started_on, coalesce(c.expected_end_on, date '$as_of')) >= $least_held
),
home as (
  select h.held_key, h.household_key, h.custody_id,
    count(*) filter (p.adult_on > date '$as_of' and (
      (p.relation_code in ('20', '30') and h.relation in ('02', '10', '11', '12'))
      or (p.relation_code = '40' and h.relation in ('20', '28', '30', '38'))
    )) as children,
    count(*) filter (datesub('year', p.born_on, date '$as_of') >= $old_age) as old,
    count(*) filter (p.person_key in (select person_key from severe)) as severe,
    count(*) filter (p.adult_on is null or p.adult_on <= date '$as_of') as adults
  from held as h join person as p on p.household_key = h.household_key and p.person_key <> h.held_key
  where p.status = 'living' and p.person_key not in (select held_key from held)
  group by all
)
select p.person_key, 'custody:' || h.custody_id as episode,
  case when children > 0 and adults = 0 then 'red' when children > 0 then 'orange' else 'yellow' end as level
from home as h join situation as s using (household_key) join person as p on p.person_key = s.contact_key
left join means as n on n.household_key = h.household_key
where n.gets_by is not true and p.status <> 'deceased' and p.person_key <> h.held_key
  and (children > 0 or (old + severe > 0 and s.earner_count = 0));

-- W13
with student as (
  select p.household_key, e.* from dwd_enrolment as e join person as p using (person_key)
  where p.status not in ('deceased', 'moved_out')
)
select person_key, 'dropped:' || term as episode, 'red' as level from student
where stage in ('primary', 'junior') and status = 'dropped_out'
union all
select person_key, 'entered:' || stage || ':' || entered_on, 'yellow' from student as s
where stage in ('senior', 'vocational', 'college') and grade = 1 and status = 'enrolled'
  and entered_on between date '$as_of' - $entered_days and date '$as_of' - $school_grace_days
  and household_key in (select household_key from dws_household_assistance)
  and not exists (
    select 1 from dwd_aid as a
    where a.person_key = s.person_key and a.cause = 'education' and a.aided_on >= s.entered_on - 30
  );

-- W14
with gone as (
  select person_key, 'died' as cause, died_on as since, cast(null as date) as until, source_count
  from dwd_death where died_on is not null and source_count > 0
  union all
  select person_key, 'held', started_on, ended_on, 1 from dwd_custody
  where kind in ('serving_sentence', 'compulsory_rehabilitation')
),
drawn as (
  select person_key, benefit, max(month) as month
  from (
    select person_key, kind || '_pension' as benefit, month from dwd_pension_payment where status = 'paid'
    union all
    select person_key, item, month from dwd_subsidy where status = 'paid'
    union all
    select person_key, assistance, cast(date_trunc('month', date '$as_of') as date) from dwd_assistance_spell
    where assistance in ('dibao', 'tekun') and source_class in ('dibao', 'tekun')
      and date '$as_of' between valid_from and coalesce(valid_to, date '$as_of')
  )
  group by all
)
select person_key, cause || ':' || benefit || ':' || since as episode,
  if(source_count >= 2, 'orange', 'yellow') as level
from gone join drawn using (person_key) join person using (person_key)
where datediff('month', since, month) > $grace_months and (until is null or month <= date_trunc('month', until));

-- W15
with member as (
  select m.person_key, m.family_key, m.valid_from, f.member_count
  from dwd_family_membership as m join person as p using (person_key) join dws_family as f using (family_key)
  where m.source_class in ('dibao', 'marginal_and_rigid') and p.status = 'living'
    and date '$as_of' between m.valid_from and coalesce(m.valid_to, date '$as_of')
),
earned as (
  select m.family_key, m.member_count, sum(i.wage_amount) as amount,
    arg_max(m.person_key, (i.wage_amount, 0)) as person_key, max(i.wage_amount) as most
  from member as m join dws_person_income as i using (person_key)
  where i.is_earner group by all
),
item as (
  select person_key, family_key, 'car' as item, 'car:' || vehicle_id as episode
  from member join dwd_vehicle as v using (person_key)
  where v.kind = 'car' and v.usage = 'private' and v.price_band >= '$least_price_band'
    and v.owned_since between valid_from and date '$as_of'
  union all
  select person_key, family_key, 'home', 'home:' || contract_id
  from member join dwd_home_purchase as h using (person_key)
  where h.signed_on between valid_from and date '$as_of'
  union all
  select person_key, family_key, 'business', 'business:' || business_id
  from member join dwd_business as b using (person_key)
  where b.is_active and b.role in ('operator', 'legal_representative') and b.capital_amount > $capital_cap
  union all
  select min(m.person_key), family_key, 'wage', 'wage:' || year(date '$as_of')
  from earned as e join member as m using (family_key) join dws_person_income as i on i.person_key = m.person_key
  where i.is_earner and i.wage_amount = e.most and e.amount > $wage_multiple * $standard * e.member_count
  group by family_key
)
select distinct person_key, episode,
  if(count(distinct item) over (partition by family_key) >= 2, 'orange', 'yellow') as level
from item;

-- W16
with receives as (
  select person_key, bool_or(assistance = 'tekun') as tekun, bool_or(assistance = 'dibao') as dibao,
    bool_or(assistance = 'marginal') as marginal, max(valid_from) filter (assistance = 'marginal') as marginal_from
  from dwd_assistance_spell
  where date '$as_of' between valid_from and coalesce(valid_to, date '$as_of') group by person_key
),
standing as (
  select p.*, c.category, c.level, coalesce(r.tekun, false) as tekun, coalesce(r.dibao, false) as dibao,
    coalesce(r.marginal, false) as marginal, r.marginal_from,
    if(c.previous_level > $severe_level, c.certified_on, c.first_certified_on) as certified_on,
    -- Who was born on a leap day has their birthday on 1 March.
    cast(p.born_on + to_months(12 * $very_old) as date)
      + if(day(p.born_on) > day(p.born_on + to_months(12 * $very_old)), 1, 0) as old_on
  from person as p
  left join dwd_disability_certificate as c on c.person_key = p.person_key and c.status = 'valid'
  left join receives as r on r.person_key = p.person_key
  where p.status = 'living'
),
subsidy as (select distinct person_key, item from dwd_subsidy),
able as (
  select s.person_key, s.household_key, s.relation_code,
    not coalesce(s.sixty_on <= date '$as_of' or datesub('year', s.born_on, date '$as_of') < $working_age
      or (s.category in ('5', '6') and s.level <= $mental_level) or (s.category = '4' and s.level <= $physical_level)
      or (s.category = '1' and s.level <= $visual_level), false) as can_work,
    coalesce(i.is_earner or i.pension_amount >= $pension_cap, false) as has_income
  from standing as s left join dws_person_income as i using (person_key)
),
member as (
  select m.family_key, m.person_key, m.role, s.household_key
  from dwd_family_membership as m join standing as s using (person_key)
  where m.source_class = 'dibao' and not s.tekun
    and date '$as_of' between m.valid_from and coalesce(m.valid_to, date '$as_of')
),
family as (
  select f.family_key, arg_min(a.person_key, m.role || a.person_key) as person_key
  from (select distinct family_key, household_key from member) as f
  join able as a using (household_key)
  left join member as m on m.person_key = a.person_key and m.family_key = f.family_key
  group by f.family_key
  having not bool_or(m.person_key is not null and (a.can_work or a.has_income))
    and bool_or(m.person_key is not null and a.relation_code in ('20', '30'))
    and not bool_or(m.person_key is null and a.can_work)
)
select person_key, 'nursing:' || certified_on as episode, 'yellow' as level from standing as s
where level <= $severe_level and not tekun and certified_on <= date '$as_of' - $entitlement_days
  and 'nursing' in (select item from subsidy)
  and not exists (select 1 from subsidy as d where d.person_key = s.person_key and d.item = 'nursing')
union all
select person_key, 'old_age:' || old_on, 'yellow' from standing as s
where old_on <= date '$as_of' - $entitlement_days and 'old_age' in (select item from subsidy)
  and not exists (select 1 from subsidy as d where d.person_key = s.person_key and d.item = 'old_age')
union all
select person_key, 'single:' || marginal_from, 'orange' from standing
where marginal and not dibao and not tekun
  and (level <= $severe_level or (category in ('5', '6') and level <= $mental_level))
union all
select person_key, 'tekun:' || family_key, 'orange' from family;
