-- Whose insured income has been at most half their own median for the latest months, while still paid, or whose pension
-- stopped while they live and nothing else is known to come in at home; in a household without visible means?
with insured as (
    select p.person_key, p.household_key, s.covers_until, months_before(s.covers_until, :low_months - 1) as low_from
    from dwd_person as p
    join dwd_contribution_status as s on s.person_key = p.person_key
    where p.status <> 'deceased'
),
-- Nobody is far below their median who is not as far below their best month: few, so only theirs are ranked below.
latest as (
    select i.person_key, i.household_key, i.covers_until, i.low_from
    from insured as i
    join dwd_contribution_month as m on m.person_key = i.person_key
    where m.is_paid and m.month between months_before(i.low_from, :history_months) and i.covers_until
    group by i.person_key, i.household_key, i.covers_until, i.low_from
    having max(case when m.month >= i.low_from then m.base_amount end)
        <= :drop_ratio * max(case when m.month < i.low_from then m.base_amount end)
),
paid as (
    select l.person_key, l.covers_until, l.low_from, m.month, max(m.base_amount) as base_amount
    from latest as l
    join dwd_contribution_month as m on m.person_key = l.person_key
    where m.is_paid
        and m.base_amount is not null
        and m.month between months_before(l.low_from, :history_months) and l.covers_until
    group by l.person_key, l.covers_until, l.low_from, m.month
),
ranked as (
    select
        person_key, base_amount,
        row_number() over (partition by person_key order by base_amount nulls last) as place,
        count(*) over (partition by person_key) as history_count
    from paid
    where month < low_from
),
-- The one or two middle values, whose mean is the median.
middle as (
    select person_key, history_count, sum(base_amount) as middle_sum, count(*) as middle_count
    from ranked
    where 2 * place between history_count and history_count + 2
    group by person_key, history_count
    having sum(base_amount) > 0
),
last_high as (
    select p.person_key, max(p.month) as month
    from paid as p
    join middle as m on m.person_key = p.person_key
    where p.base_amount * m.middle_count > :drop_ratio * m.middle_sum
    group by p.person_key
),
low_run as (
    select
        p.person_key, p.covers_until,
        min(p.month) as first_low_month,
        count(case when p.month >= p.low_from then 1 end) as latest_low_count,
        max(case when p.month = p.covers_until then p.base_amount end) as latest_base
    from paid as p
    join last_high as h on h.person_key = p.person_key
    where p.month > h.month
    group by p.person_key, p.covers_until
),
dropped as (
    select
        r.person_key, l.household_key, r.first_low_month, r.covers_until, r.latest_base, m.history_count,
        m.middle_sum * case m.middle_count when 2 then 0.5 else 1.0 end as median_before,
        r.latest_base * m.middle_count <= :severe_ratio * m.middle_sum as is_severe
    from low_run as r
    join middle as m on m.person_key = r.person_key
    join latest as l on l.person_key = r.person_key
    where r.latest_low_count = :low_months
        and m.history_count >= :least_history_months
        -- Bases are set anew in July: a fall that begins then says what was earned last year.
        and month_of(r.first_low_month) <> :rebasing_month
),
stopped as (
    select
        p.person_key, p.household_key, n.kind, n.month, n.amount, coalesce(n.stop_reason, 'other') as stop_reason
    from dwd_pension_payment as n
    join dwd_person as p on p.person_key = n.person_key
    join dws_household_situation as s on s.household_key = p.household_key
    where n.status in ('suspended', 'ended') and coalesce(n.stop_reason, 'other') in ('not_certified', 'other')
        and n.month >= months_before(month_start(:as_of), :stopped_months)
        and p.status = 'living' and s.earner_count = 0 and s.known_monthly_income = 0
),
found as (
    select
        person_key, household_key, 'drop:' || month_text(first_low_month) as episode, is_severe, first_low_month,
        covers_until, latest_base, median_before, history_count, null as pension_kind, null as pension_month,
        null as pension_amount, null as stop_reason
    from dropped
    union all
    select
        person_key, household_key, 'stopped:' || kind as episode, true as is_severe, null as first_low_month,
        null as covers_until, null as latest_base, null as median_before, null as history_count,
        kind as pension_kind, month as pension_month, amount as pension_amount, stop_reason
    from stopped
)
select
    f.person_key,
    f.episode,
    case when f.is_severe then 'orange' else 'yellow' end as level,
    cast(f.first_low_month as date) as first_low_month,
    cast(f.covers_until as date) as covers_until,
    cast(f.latest_base as decimal(16,2)) as latest_base,
    cast(f.median_before as decimal(16,2)) as median_before,
    cast(f.history_count as integer) as history_count,
    cast(f.pension_kind as string) as pension_kind,
    cast(f.pension_month as date) as pension_month,
    cast(f.pension_amount as decimal(16,2)) as pension_amount,
    cast(f.stop_reason as string) as stop_reason,
    cast(s.dependant_count as integer) as dependant_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from found as f
left join dws_household_situation as s on s.household_key = f.household_key
left join dws_household_aid as a
    on a.household_key = f.household_key and a.cause = 'unemployment'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
left join dws_household_means as m on m.household_key = f.household_key
where coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
