-- Whose care suddenly costs much, by one large bill or else a quarter far above their own past, unless the household
-- visibly carries it?
with standing as (
    select
        p.person_key, p.household_key,
        coalesce(t.tier, 'general') as tier,
        limit_of_tier(t.tier, :tekun_limit, :dibao_limit, :low_income_limit, :general_limit) as limit_amount
    from dwd_person as p
    left join dws_assistance_tier as t on t.person_key = p.person_key
    where p.status <> 'deceased'
),
cost as (
    select
        person_key, cost_id, care_kind, settled_on, self_paid_amount, hospital_level, disease_chapter,
        settled_on >= days_before(:as_of, :window_days) as is_recent
    from dwd_medical_cost
    where settled_on between months_before(days_before(:as_of, :window_days), :history_months) and :as_of
),
bill as (
    select
        s.person_key, s.household_key, s.tier, s.limit_amount, c.cost_id, c.care_kind, c.settled_on, c.self_paid_amount,
        c.hospital_level, c.disease_chapter
    from standing as s
    join cost as c on c.person_key = s.person_key
    where c.is_recent
        and c.care_kind in ('inpatient', 'chronic')
        and c.self_paid_amount >= :bill_ratio * s.limit_amount
        and c.self_paid_amount >= :least_bill
),
total as (
    select
        person_key,
        max(case when is_recent then settled_on end) as settled_on,
        sum(case when is_recent then self_paid_amount else 0 end) as recent_total,
        sum(case when is_recent then 0 else self_paid_amount end) as earlier_total,
        least(:history_months, months_between_starts(:records_begin_on, days_before(:as_of, :window_days)))
            as earlier_months
    from cost
    group by person_key
),
found as (
    select
        person_key, household_key, 'bill:' || cost_id as episode,
        case when self_paid_amount >= limit_amount then 'red' else 'orange' end as level,
        settled_on, self_paid_amount as amount, tier, limit_amount, care_kind, hospital_level, disease_chapter,
        null as earlier_total, null as earlier_months
    from bill
    union all
    select
        t.person_key, s.household_key, 'quarter:' || quarter_text(t.settled_on) as episode, 'yellow' as level,
        t.settled_on, t.recent_total as amount, s.tier, s.limit_amount, null as care_kind, null as hospital_level,
        null as disease_chapter, t.earlier_total, t.earlier_months
    from total as t
    join standing as s on s.person_key = t.person_key
    where t.recent_total >= :least_rise
        and t.earlier_months >= :least_history_months
        -- recent >= multiple x (earlier x 3 / months), with no division
        and t.recent_total * t.earlier_months >= :rise_multiple * 3 * t.earlier_total
        and not exists (select 1 from bill as b where b.person_key = t.person_key)
)
select
    f.person_key,
    f.episode,
    f.level,
    cast(settled_on as date) as settled_on,
    cast(f.amount as decimal(16,2)) as amount,
    cast(tier as string) as tier,
    cast(limit_amount as decimal(16,2)) as limit_amount,
    cast(care_kind as string) as care_kind,
    cast(hospital_level as string) as hospital_level,
    cast(disease_chapter as string) as disease_chapter,
    cast(earlier_total as decimal(16,2)) as earlier_total,
    cast(earlier_months as integer) as earlier_months,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from found as f
left join dws_household_aid as a
    on a.household_key = f.household_key and a.cause = 'illness'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
left join dws_household_means as m on m.household_key = f.household_key
left join dws_household_medical as h on h.household_key = f.household_key
where coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and coalesce(h.year_total, 0) >= 12 * coalesce(m.known_monthly_income, 0)
        * case when f.tier = 'general' then :burden_ratio else :assisted_burden_ratio end
