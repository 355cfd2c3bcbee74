-- Who stopped being insured through work with no other earner at home, or registered as unemployed in a poor one, and
-- has no visible means to live on?
with jobless as (
    select p.person_key, p.household_key, p.born_on
    from dwd_person as p
    where p.status <> 'deceased' and p.status <> 'moved_out'
        and not exists (select 1 from dwd_enrolment as e where e.person_key = p.person_key and e.status = 'enrolled')
        and not exists (
            select 1 from dwd_custody as c where c.person_key = p.person_key and coalesce(c.ended_on, :as_of) >= :as_of
        )
),
insured as (
    select
        p.person_key, p.household_key, s.employer_name, s.covers_until,
        months_before(s.covers_until, :silent_months - 1) as silent_from
    from jobless as p
    join dwd_contribution_status as s on s.person_key = p.person_key
    where s.retired_code = '0' and full_years(p.born_on, :as_of) between :youngest and :oldest
),
-- Few fall silent: only their months, not a city's, are told apart below.
silent as (
    select distinct i.person_key, i.household_key, i.employer_name, i.covers_until, i.silent_from
    from insured as i
    join dwd_contribution_month as m on m.person_key = i.person_key
    where not m.is_paid and m.month between i.silent_from and i.covers_until
),
record as (
    select
        i.person_key, i.household_key, i.employer_name, i.covers_until, i.silent_from,
        count(distinct case when m.month >= i.silent_from and not m.is_paid then m.month end) as unpaid_count,
        count(distinct case when m.month < i.silent_from and m.is_paid then m.month end) as paid_count,
        max(case when m.is_paid then m.month end) as last_paid_month
    from silent as i
    join dwd_contribution_month as m on m.person_key = i.person_key
    where m.month between months_before(i.silent_from, :history_months) and i.covers_until
    group by i.person_key, i.household_key, i.employer_name, i.covers_until, i.silent_from
),
-- Who fell silent paid no more since: a later month is another member's. Compared member by member, with an inequality
-- between months, DuckDB would pair every month of the city with every silence before it looks at households.
paid_at_home as (
    select h.household_key, max(m.month) as month
    from (select distinct household_key from silent) as h
    join dwd_person as p on p.household_key = h.household_key
    join dwd_contribution_month as m on m.person_key = p.person_key
    where m.is_paid
    group by h.household_key
),
poor_household as (
    select distinct p.household_key
    from dwd_person as p
    join dws_assistance_tier as t on t.person_key = p.person_key
    where p.household_key is not null
),
found as (
    select
        r.person_key, r.household_key, 'lost:' || month_text(r.last_paid_month) as episode,
        h.household_key is not null as is_poor_household,
        r.last_paid_month, r.covers_until, r.paid_count, r.employer_name,
        null as registered_on, null as unemployment_reason
    from record as r
    left join poor_household as h on h.household_key = r.household_key
    left join paid_at_home as w on w.household_key = r.household_key
    where r.unpaid_count = :silent_months
        and r.last_paid_month < r.silent_from
        and r.paid_count >= :least_paid_months
        and (w.month is null or w.month < r.silent_from)
    union all
    select
        p.person_key, p.household_key, 'register:' || e.event_id as episode, true as is_poor_household,
        null as last_paid_month, null as covers_until, null as paid_count, e.employer_name,
        e.event_on as registered_on, e.reason as unemployment_reason
    from dwd_employment_event as e
    join jobless as p on p.person_key = e.person_key
    join poor_household as h on h.household_key = p.household_key
    where e.kind = 'unemployed' and e.event_on between days_before(:as_of, :register_days) and :as_of
)
select
    f.person_key,
    f.episode,
    case when is_poor_household then 'orange' else 'yellow' end as level,
    cast(is_poor_household as boolean) as is_poor_household,
    cast(last_paid_month as date) as last_paid_month,
    cast(covers_until as date) as covers_until,
    cast(paid_count as integer) as paid_count,
    cast(employer_name as string) as employer_name,
    cast(registered_on as date) as registered_on,
    cast(unemployment_reason as string) as unemployment_reason,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from found as f
left join dws_household_aid as a
    on a.household_key = f.household_key and a.cause = 'unemployment'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
left join dws_household_means as m on m.household_key = f.household_key
where coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
