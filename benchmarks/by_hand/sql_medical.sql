-- Illness, disability, death, and children whom nobody can raise.

-- W01
with spent as (
  select person_key, sum(self_paid_total) filter (year = year(date '$as_of')) as now,
    sum(self_paid_total) filter (year = year(date '$as_of') - 1) as before
  from dws_medical_year where year >= year(date '$as_of') - 1 and year <= year(date '$as_of') group by person_key
)
select s.person_key,
  case when coalesce(now, 0) <= cap and before > cap then year(date '$as_of') - 1 else year(date '$as_of') end
    || ':' || cap as episode,
  case when greatest(coalesce(now, 0), coalesce(year_total, 0)) > $severe_multiple * cap then 'red'
    when tier <> 'general' then 'orange' else 'yellow' end as level
from spent as s join patient using (person_key) left join dws_medical_window using (person_key)
where coalesce(now, 0) > cap or (year_total > cap and quarter_total >= $still_paying * cap);

-- W02
with cost as (
  select person_key, cost_id, care_kind, settled_on, self_paid_amount as paid,
    settled_on >= date '$as_of' - $medical_window as is_recent
  from dwd_medical_cost
  where settled_on between date '$as_of' - $medical_window - to_months($medical_months) and date '$as_of'
),
bill as (
  select c.*, cap from cost as c join patient using (person_key)
  where is_recent and care_kind in ('inpatient', 'chronic') and paid >= greatest($bill_share * cap, $least_bill)
),
total as (
  select person_key, max(settled_on) filter (is_recent) as last_on,
    coalesce(sum(paid) filter (is_recent), 0) as recent, coalesce(sum(paid) filter (not is_recent), 0) as earlier
  from cost group by person_key
)
select person_key, 'bill:' || cost_id as episode, case when paid >= cap then 'red' else 'orange' end as level from bill
union all
select person_key, 'quarter:' || year(last_on) || 'Q' || quarter(last_on), 'yellow'
from (
  select *, least($medical_months, datediff('month', date '$records_begin', date '$as_of' - $medical_window)) as behind
  from total
)
where recent >= $least_rise and behind >= $least_medical_months and recent * behind >= $rise * 3 * earlier
  and person_key in (select person_key from patient) and person_key not in (select person_key from bill);

-- W03
select p.person_key, 'burden:' || year(m.last_settled_on) as episode,
  case when a.household_key is not null then 'orange'
    when s.known_income_count > 0 and m.year_total >= $severe_burden * 12 * s.known_monthly_income then 'orange'
    else 'yellow' end as level
from dws_household_medical as m
join situation as s using (household_key)
join person as p on p.person_key = s.contact_key
left join dws_household_assistance as a on a.household_key = m.household_key
left join means as n on n.household_key = m.household_key
where p.status <> 'deceased' and n.owns is not true
  and m.year_total >= if(a.household_key is null, $least_year, $assisted_least_year)
  and m.year_total >= if(a.household_key is null, $burden, $assisted_burden) * 12 * s.known_monthly_income
  and 12 * s.known_monthly_income < $disposable_income * s.member_count;

-- W04
with certificate as (
  select c.*, p.household_key, category in ('5', '6') and level <= $mental_level as mental,
    coalesce(previous_category in ('5', '6') and previous_level <= $mental_level, false) as was_mental
  from dwd_disability_certificate as c join person as p using (person_key)
  where c.status = 'valid' and p.status <> 'deceased'
),
found as (
  select *, 'first:' || first_certified_on as episode from certificate
  where first_certified_on between date '$as_of' - $disability_days and date '$as_of'
  union all
  select *, 'worse:' || level || ':' || certified_on as episode from certificate
  where certified_on between date '$as_of' - $disability_days and date '$as_of' and previous_level is not null
    and ((level <= $severe_level and previous_level > level) or (mental and not was_mental))
)
select person_key, episode,
  case when level <= $severe_level then 'red' when mental then 'orange' else 'yellow' end as level
from found left join means using (household_key)
where gets_by is not true
  and (level <= $severe_level or mental or household_key in (select household_key from dws_household_assistance));

-- W05
with loss as (
  select person_key, household_key, died_on from dwd_death
  where died_on between date '$as_of' - $death_days and date '$as_of'
    and datesub('year', born_on, died_on) between $youngest and $oldest
    and (source_count >= 2 or first_known_on <= date '$as_of' - $confirm_days)
),
earned as (
  select l.person_key from loss as l join months as m using (person_key)
  where m.is_paid and m.month >= date_trunc('month', l.died_on) - to_months($earning_months)
  union
  select l.person_key from loss as l join dwd_business as b using (person_key)
  where b.role = 'operator' and (b.is_active or b.closed_on >= l.died_on - 30)
  union
  select l.person_key from loss as l join dwd_vehicle as v using (person_key)
  where v.usage = 'business' or v.kind in ('lorry', 'tractor')
)
select p.person_key, 'death:' || l.person_key as episode,
  case when l.person_key not in (select person_key from earned) then 'yellow'
    when s.earner_count = 0 then 'red' else 'orange' end as level
from loss as l
join situation as s using (household_key)
join person as p on p.person_key = s.contact_key
left join means as m using (household_key)
where p.status <> 'deceased' and p.person_key <> l.person_key and m.gets_by is not true
  and s.minor_count + s.elderly_count + s.severely_disabled_count > 0;

-- W12
with unable as (
  select person_key, string_agg(distinct reason, ',' order by reason) as reasons
  from (
    select person_key, 'died' as reason from dwd_death where source_count >= 2
    union all
    select person_key, 'severely_disabled' from dwd_disability_certificate
    where status = 'valid' and (level <= $severe_level or (category in ('5', '6') and level <= $caring_level))
    union all
    select person_key, 'seriously_ill' from dwd_serious_disease
    where disease <> 'other' and registered_on >= date '$as_of' - to_months(12 * $illness_years)
    union all
    select person_key, 'held' from dwd_custody
    where date '$as_of' between started_on and coalesce(ended_on, date '$as_of')
      and datediff('day', started_on, coalesce(ended_on, expected_end_on, date '$as_of')) >= $least_held
  )
  group by person_key
),
struck as (
  select household_key from dwd_household_membership join unable using (person_key)
  group by household_key having count(distinct person_key) >= 2
),
child as (
  select p.* from person as p join struck using (household_key)
  where p.status <> 'deceased' and p.adult_on > date '$as_of' and p.relation_code in ('20', '30', '40')
    and p.person_key not in (
      select person_key from dwd_person_label
      where label in ('orphan', 'child_without_care')
        and date '$as_of' between valid_from and coalesce(valid_to, date '$as_of')
    )
),
parent as (
  select distinct c.person_key as child_key, m.person_key, u.reasons
  from child as c
  join dwd_household_membership as m using (household_key)
  left join unable as u on u.person_key = m.person_key
  left join person as p on p.person_key = m.person_key
  left join dwd_death as d on d.person_key = m.person_key
  where if(c.relation_code = '40', m.relation_code in ('20', '28', '30', '38'),
      m.relation_code in ('02', '10', '11', '12'))
    and coalesce(datesub('year', coalesce(p.born_on, d.born_on), c.born_on), $least_gap) >= $least_gap
)
select c.person_key, 'care:' || min(reasons) || ':' || max(reasons) as episode, 'red' as level
from parent join child as c on c.person_key = child_key join situation as s using (household_key)
group by c.person_key
having count(*) = 2 and count(reasons) = 2;
