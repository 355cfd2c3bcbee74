-- Who has paid more for care this year than the limit of the lowest tier they stand in today?
with standing as (
    select
        p.person_key,
        coalesce(t.tier, 'general') as tier,
        t.labels,
        case t.tier
            when 'tekun' then :tekun_limit
            when 'dibao' then :dibao_limit
            when 'low_income' then :low_income_limit
            else :general_limit
        end as limit_amount
    from dwd_person as p
    left join dws_assistance_tier as t on t.person_key = p.person_key
),
this_year as (
    select
        person_key, year, self_paid_total, inpatient_total, outpatient_total, inpatient_count, last_settled_on
    from dws_medical_year
    where year = year_of(:as_of)
)
select
    s.person_key,
    cast(y.year as string) || ':' || cast(s.limit_amount as string) as episode,
    case
        when y.self_paid_total > :severe_multiple * s.limit_amount then 'red'
        when s.tier <> 'general' then 'orange'
        else 'yellow'
    end as level,
    cast(y.year as integer) as year,
    cast(y.self_paid_total as decimal(16,2)) as self_paid_total,
    cast(s.limit_amount as decimal(16,2)) as limit_amount,
    cast(s.tier as string) as tier,
    cast(s.labels as string) as labels,
    cast(y.inpatient_total as decimal(16,2)) as inpatient_total,
    cast(y.outpatient_total as decimal(16,2)) as outpatient_total,
    cast(y.inpatient_count as integer) as inpatient_count,
    cast(y.last_settled_on as date) as last_settled_on
from standing as s
join this_year as y on y.person_key = s.person_key
where y.self_paid_total > s.limit_amount
