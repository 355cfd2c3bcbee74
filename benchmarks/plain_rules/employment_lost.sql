-- Who stopped being insured through work with no other earner at home, or registered as unemployed in a poor one?
with insured as (
    select
        p.person_key, p.household_key, s.employer_name, s.covers_until,
        months_before(s.covers_until, :silent_months - 1) as silent_from
    from dwd_person as p
    join dwd_contribution_status as s on s.person_key = p.person_key
    where s.retired_code = '0' and full_years(p.born_on, :as_of) between :youngest and :oldest
),
record as (
    select
        i.person_key, i.household_key, i.employer_name, i.covers_until, i.silent_from,
        count(distinct case when m.month >= i.silent_from and not m.is_paid then m.month end) as unpaid_count,
        count(distinct case when m.month < i.silent_from and m.is_paid then m.month end) as paid_count,
        max(case when m.is_paid then m.month end) as last_paid_month
    from insured as i
    join dwd_contribution_month as m on m.person_key = i.person_key
    where m.month between months_before(i.silent_from, :history_months) and i.covers_until
    group by i.person_key, i.household_key, i.employer_name, i.covers_until, i.silent_from
),
-- Who fell silent paid no more since: a later month is another member's. Compared member by member, with an inequality
-- between months, the engine would pair every month of the city with every silence before it looks at households.
paid_at_home as (
    select p.household_key, max(m.month) as month
    from dwd_person as p
    join dwd_contribution_month as m on m.person_key = p.person_key
    where m.is_paid and p.household_key is not null
    group by p.household_key
),
poor_household as (
    select distinct p.household_key
    from dwd_person as p
    join dws_assistance_tier as t on t.person_key = p.person_key
    where p.household_key is not null
),
found as (
    select
        r.person_key, 'lost:' || month_text(r.last_paid_month) as episode,
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
        p.person_key, 'register:' || e.event_id as episode, true as is_poor_household,
        null as last_paid_month, null as covers_until, null as paid_count, e.employer_name,
        e.event_on as registered_on, e.reason as unemployment_reason
    from dwd_employment_event as e
    join dwd_person as p on p.person_key = e.person_key
    join poor_household as h on h.household_key = p.household_key
    where e.kind = 'unemployed' and e.event_on between days_before(:as_of, :register_days) and :as_of
)
select
    person_key,
    episode,
    case when is_poor_household then 'orange' else 'yellow' end as level,
    cast(is_poor_household as boolean) as is_poor_household,
    cast(last_paid_month as date) as last_paid_month,
    cast(covers_until as date) as covers_until,
    cast(paid_count as integer) as paid_count,
    cast(employer_name as string) as employer_name,
    cast(registered_on as date) as registered_on,
    cast(unemployment_reason as string) as unemployment_reason
from found
