-- Work lost, income fallen, benefits ending, work unsteady.

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
