-- Whose work breaks off again and again in a household near poverty, or whose business closed with nothing after it and
-- nothing visible to live on?
with worker as (
    select p.person_key, p.household_key
    from dwd_person as p
    where p.status <> 'deceased' and p.status <> 'moved_out'
        and full_years(p.born_on, :as_of) <= :oldest
),
near_poverty as (
    select distinct p.household_key
    from dwd_assistance_spell as a
    join dwd_person as p on p.person_key = a.person_key
    where a.assistance in ('marginal', 'rigid_expenditure', 'relapse_monitored') and p.household_key is not null
        and a.valid_from <= :as_of and coalesce(a.valid_to, :as_of) >= :as_of
),
month as (
    select
        w.person_key, w.household_key, s.covers_until, m.month, m.is_paid,
        lag(m.is_paid) over (partition by w.person_key order by m.month nulls last) as was_paid
    from worker as w
    join near_poverty as n on n.household_key = w.household_key
    join dwd_contribution_status as s on s.person_key = w.person_key
    join dwd_contribution_month as m on m.person_key = w.person_key
    where s.retired_code = '0'
        and m.month between months_before(s.covers_until, :strip_months - 1) and s.covers_until
),
strip as (
    select
        person_key, household_key, covers_until,
        count(distinct month) as told_count,
        sum(case when is_paid then 1 else 0 end) as paid_count,
        sum(case when was_paid and not is_paid then 1 else 0 end) as break_count,
        joined_text(array_agg(month_text(month) || case when is_paid then ':1' else ':0' end)) as strip
    from month
    group by person_key, household_key, covers_until
),
closed as (
    select w.person_key, w.household_key, b.business_id, b.closed_on
    from worker as w
    join dwd_business as b on b.person_key = w.person_key
    where b.role = 'operator' and not b.is_active
        and b.closed_on between days_before(:as_of, :closed_days) and :as_of
        and not exists (
            select 1 from dwd_business as o where o.person_key = w.person_key and o.is_active
        )
        and not exists (
            select 1 from dwd_contribution_month as m
            where m.person_key = w.person_key and m.is_paid and m.month >= month_start(b.closed_on)
        )
        and not exists (
            select 1 from dwd_employment_event as e
            where e.person_key = w.person_key and e.kind = 'employed' and e.event_on >= b.closed_on
        )
),
found as (
    select
        person_key, household_key, 'unsteady:' || cast(year_of(covers_until) as string) as episode,
        covers_until, paid_count, break_count, strip, null as closed_on
    from strip
    where told_count = :strip_months and paid_count > 0
        and (paid_count <= :most_paid_months or break_count >= :least_breaks)
    union all
    select
        c.person_key, c.household_key, 'closed:' || c.business_id as episode,
        null as covers_until, null as paid_count, null as break_count, null as strip, c.closed_on
    from closed as c
    join dws_household_situation as s on s.household_key = c.household_key
    left join dws_household_means as m on m.household_key = c.household_key
    where s.earner_count = 0 and s.dependant_count > 0
        and coalesce(m.dearest_car_band, '0') < :car_band
        and coalesce(m.business_count, 0) = 0
        and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
)
select
    f.person_key,
    f.episode,
    'yellow' as level,
    cast(f.covers_until as date) as covers_until,
    cast(f.paid_count as integer) as paid_count,
    cast(f.break_count as integer) as break_count,
    cast(f.strip as string) as strip,
    cast(f.closed_on as date) as closed_on,
    cast(s.dependant_count as integer) as dependant_count,
    cast(s.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from found as f
left join dws_household_situation as s on s.household_key = f.household_key
left join dws_household_aid as a
    on a.household_key = f.household_key and a.cause = 'unemployment'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
