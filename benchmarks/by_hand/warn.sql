-- The sixteen questions as somebody would write them in an afternoon, straight for DuckDB: who is hit, by what, how urgent.
-- No versions, no evidence, no dated parameters: what the models' parameters are today stands in warn.py.

-- shared
create temp table person as
select person_key, household_key, status, born_on, adult_on, sixty_on, relation_code from dwd_person;
create temp table severe as
select distinct person_key from dwd_disability_certificate where status = 'valid' and level <= $severe_level;
create temp table months as
select person_key, month, is_paid, base_amount from dwd_contribution_month where month >= date '$as_of' - interval 3 year;
create temp table situation as
select household_key, adult_count, minor_count, elderly_count, severely_disabled_count, dependant_count, earner_count,
  member_count, known_income_count, known_monthly_income, contact_key
from dws_household_situation;
-- Who visibly gets by, whoever is struck, and what a year brings in and care takes.
create temp table means as
select household_key, 12 * known_monthly_income as income, coalesce(year_total, 0) as spent, owns,
  owns or known_monthly_income > $income_cap * member_count as gets_by,
  owns or known_monthly_income > $emergency_income_cap * member_count as copes
from (
  select *, coalesce(dearest_car_band >= '$least_price_band', false) or business_count > 0 as owns
  from dws_household_means
) left join dws_household_medical using (household_key);
-- Whose household does not visibly carry their care.
create temp table patient as
select person_key, tier, cap
from (
  select p.person_key, coalesce(t.tier, 'general') as tier, if(t.tier is null, $burden, $assisted_burden) as burden,
    case t.tier when 'tekun' then $tekun when 'dibao' then $dibao when 'low_income' then $low_income
      else $general end as cap, m.owns, m.spent, m.income
  from person as p left join dws_assistance_tier as t using (person_key) left join means as m using (household_key)
  where p.status <> 'deceased'
)
where (owns or spent < burden * income) is not true;

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

-- W06
with jobless as (
  select * from person
  where status not in ('deceased', 'moved_out')
    and person_key not in (select person_key from dwd_enrolment where status = 'enrolled')
    and person_key not in (
      select person_key from dwd_custody where coalesce(ended_on, date '$as_of') >= date '$as_of'
    )
),
poor as (
  select distinct household_key from person join dws_assistance_tier using (person_key) where household_key is not null
),
insured as (
  select p.person_key, p.household_key, s.covers_until, s.covers_until - to_months($silent_months - 1) as silent_from
  from jobless as p join dwd_contribution_status as s using (person_key)
  where s.retired_code = '0' and datesub('year', p.born_on, date '$as_of') between $youngest and $oldest
),
lost as (
  select i.person_key, i.household_key, i.silent_from, max(m.month) filter (m.is_paid) as last_paid
  from insured as i join months as m using (person_key)
  where m.month between i.silent_from - to_months($work_months) and i.covers_until
  group by all
  having count(distinct m.month) filter (m.month >= i.silent_from and not m.is_paid) = $silent_months
    and count(distinct m.month) filter (m.month < i.silent_from and m.is_paid) >= $least_work_months
    and max(m.month) filter (m.is_paid) < i.silent_from
)
select person_key, 'lost:' || strftime(last_paid, '%Y-%m') as episode,
  case when household_key in (select household_key from poor) then 'orange' else 'yellow' end as level
from lost as l left join means as n using (household_key)
where n.gets_by is not true and not exists (
  select 1 from person as o join months as m using (person_key)
  where o.household_key = l.household_key and o.person_key <> l.person_key and m.is_paid and m.month >= l.silent_from
)
union all
select p.person_key, 'register:' || e.event_id, 'orange'
from dwd_employment_event as e join jobless as p using (person_key) left join means as n using (household_key)
where n.gets_by is not true and e.kind = 'unemployed' and e.event_on between date '$as_of' - $register_days and date '$as_of'
  and p.household_key in (select household_key from poor);

-- W07
with latest as (
  select p.person_key, s.covers_until, s.covers_until - to_months($low_months - 1) as low_from
  from person as p join dwd_contribution_status as s using (person_key) left join means as n using (household_key)
  where p.status <> 'deceased' and n.gets_by is not true
),
paid as (
  select l.person_key, l.covers_until, l.low_from, m.month, max(m.base_amount) as base
  from latest as l join months as m using (person_key)
  where m.is_paid and m.base_amount is not null
    and m.month between l.low_from - to_months($work_months) and l.covers_until
  group by all
),
usual as (
  select person_key, count(*) as told, list_sort(list(base)) as bases from paid where month < low_from group by person_key
),
middle as (
  select person_key, bases[(told + 1) // 2] + bases[told // 2 + 1] as twice from usual
  where told >= $least_work_months and bases[(told + 1) // 2] + bases[told // 2 + 1] > 0
),
high as (
  select person_key, max(month) as month from paid join middle using (person_key)
  where 2 * base > $drop * twice group by person_key
),
low as (
  select p.person_key, min(p.month) as first_month, count(*) filter (p.month >= p.low_from) as latest,
    max(p.base) filter (p.month = p.covers_until) as base
  from paid as p join high as h using (person_key) where p.month > h.month group by p.person_key
)
select person_key, 'drop:' || strftime(first_month, '%Y-%m') as episode,
  case when 2 * base <= $severe_drop * twice then 'orange' else 'yellow' end as level
from low join middle using (person_key)
where latest = $low_months and month(first_month) <> $rebasing_month
union all
select p.person_key, 'stopped:' || n.kind, 'orange'
from dwd_pension_payment as n join person as p using (person_key) join situation as s using (household_key)
left join means as m using (household_key)
where m.gets_by is not true and n.status in ('suspended', 'ended') and coalesce(n.stop_reason, 'other') in ('not_certified', 'other')
  and n.month >= date_trunc('month', date '$as_of') - to_months($stopped_months)
  and p.status = 'living' and s.earner_count = 0 and s.known_monthly_income = 0;

-- W08
with ending as (
  select * from dwd_work_benefit as b
  where kind = 'unemployment' and stop_reason is null and approved_months - used_months between 0 and $months_left
    and datediff('month', from_month, date '$as_of') <= approved_months + $months_left
    and not exists (
      select 1 from dwd_employment_event as e where e.person_key = b.person_key and e.kind = 'employed'
        and e.event_on between b.from_month and date '$as_of'
    )
    and not exists (
      select 1 from dwd_contribution_month as m where m.person_key = b.person_key and m.is_paid and m.month > b.from_month
    )
)
select p.person_key, 'ending:' || e.benefit_id as episode,
  case when s.earner_count = 0 then 'orange' else 'yellow' end as level
from ending as e join person as p using (person_key) join situation as s using (household_key)
left join means as n using (household_key)
where p.status not in ('deceased', 'moved_out') and n.gets_by is not true
  and (datesub('year', p.born_on, date '$as_of') >= $older or s.dependant_count > 0);

-- W09
with worker as (
  select * from person
  where status not in ('deceased', 'moved_out') and datesub('year', born_on, date '$as_of') <= $oldest
),
near_poverty as (
  select distinct p.household_key from dwd_assistance_spell as a join person as p using (person_key)
  where a.assistance in ('marginal', 'rigid_expenditure', 'relapse_monitored')
    and date '$as_of' between a.valid_from and coalesce(a.valid_to, date '$as_of')
),
strip as (
  select w.person_key, s.covers_until, m.month, m.is_paid,
    lag(m.is_paid) over (partition by w.person_key order by m.month) as was_paid
  from worker as w
  join near_poverty using (household_key)
  join dwd_contribution_status as s using (person_key)
  join months as m using (person_key)
  where s.retired_code = '0' and m.month between s.covers_until - to_months($strip_months - 1) and s.covers_until
),
counted as (
  select person_key, covers_until, count(distinct month) as told, count(*) filter (is_paid) as paid,
    count(*) filter (was_paid and not is_paid) as breaks
  from strip group by all
)
select person_key, 'unsteady:' || year(covers_until) as episode, 'yellow' as level from counted
where told = $strip_months and paid > 0 and (paid <= $most_paid or breaks >= $least_breaks)
union all
select w.person_key, 'closed:' || b.business_id, 'yellow'
from worker as w join dwd_business as b using (person_key) join situation as s using (household_key)
left join means as n using (household_key)
where n.gets_by is not true and b.role = 'operator' and not b.is_active and b.closed_on between date '$as_of' - $closed_days and date '$as_of'
  and s.earner_count = 0 and s.dependant_count > 0
  and not exists (select 1 from dwd_business as o where o.person_key = w.person_key and o.is_active)
  and not exists (
    select 1 from months as m
    where m.person_key = w.person_key and m.is_paid and m.month >= date_trunc('month', b.closed_on)
  )
  and not exists (
    select 1 from dwd_employment_event as e
    where e.person_key = w.person_key and e.kind = 'employed' and e.event_on >= b.closed_on
  );

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
