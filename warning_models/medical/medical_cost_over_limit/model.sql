-- Who has paid more for care than the limit of the lowest tier they stand in today: in this calendar year, or in the
-- last 365 days, still going on, of which no calendar year shows as much, unless the household visibly carries it?
with standing as (
    select
        p.person_key, p.household_key, t.labels,
        coalesce(t.tier, 'general') as tier,
        limit_of_tier(t.tier, :tekun_limit, :dibao_limit, :low_income_limit, :general_limit) as limit_amount
    from dwd_person as p
    left join dws_assistance_tier as t on t.person_key = p.person_key
    where p.status <> 'deceased'
),
yearly as (
    select
        person_key,
        max(case when year = year_of(:as_of) then self_paid_total end) as this_year,
        max(case when year < year_of(:as_of) then self_paid_total end) as last_year,
        max(case when year = year_of(:as_of) then inpatient_total end) as inpatient_total,
        max(case when year = year_of(:as_of) then outpatient_total end) as outpatient_total,
        max(case when year = year_of(:as_of) then inpatient_count end) as inpatient_count,
        max(last_settled_on) as last_settled_on
    from dws_medical_year
    where year between year_of(:as_of) - 1 and year_of(:as_of)
    group by person_key
),
spent as (
    select
        s.person_key, s.household_key, s.tier, s.labels, s.limit_amount, y.last_year, y.last_settled_on,
        coalesce(y.this_year, 0) as this_year,
        coalesce(w.year_total, 0) as rolling_total,
        coalesce(w.quarter_total, 0) as recent_total,
        coalesce(y.inpatient_total, 0) as inpatient_total,
        coalesce(y.outpatient_total, 0) as outpatient_total,
        coalesce(y.inpatient_count, 0) as inpatient_count
    from standing as s
    join yearly as y on y.person_key = s.person_key
    left join dws_medical_window as w on w.person_key = s.person_key
)
select
    s.person_key,
    -- A crossing is named by the calendar year that shows it, else by this one: it has one name however it is seen.
    cast(case
        when s.this_year <= s.limit_amount and s.last_year > s.limit_amount then year_of(:as_of) - 1
        else year_of(:as_of)
    end as string) || ':' || cast(s.limit_amount as string) as episode,
    case
        when greatest(s.this_year, s.rolling_total) > :severe_multiple * s.limit_amount then 'red'
        when s.tier <> 'general' then 'orange'
        else 'yellow'
    end as level,
    cast(year_of(:as_of) as integer) as year,
    cast(s.this_year as decimal(16,2)) as self_paid_total,
    cast(s.limit_amount as decimal(16,2)) as limit_amount,
    cast(s.tier as string) as tier,
    cast(s.labels as string) as labels,
    cast(s.inpatient_total as decimal(16,2)) as inpatient_total,
    cast(s.outpatient_total as decimal(16,2)) as outpatient_total,
    cast(s.inpatient_count as integer) as inpatient_count,
    cast(s.last_settled_on as date) as last_settled_on,
    cast(s.rolling_total as decimal(16,2)) as rolling_total,
    cast(s.recent_total as decimal(16,2)) as recent_total,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from spent as s
left join dws_household_aid as a
    on a.household_key = s.household_key and a.cause = 'illness'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
left join dws_household_means as m on m.household_key = s.household_key
left join dws_household_medical as h on h.household_key = s.household_key
where (
        s.this_year > s.limit_amount
        or (s.rolling_total > s.limit_amount and s.recent_total >= :still_paying_ratio * s.limit_amount)
    )
    and coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and coalesce(h.year_total, 0) >= 12 * coalesce(m.known_monthly_income, 0)
        * case when s.tier = 'general' then :burden_ratio else :assisted_burden_ratio end
