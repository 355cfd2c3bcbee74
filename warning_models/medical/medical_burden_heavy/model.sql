-- Which household's care of 365 days costs so much that what is known of its means does not carry it?
with tried as (
    select
        m.household_key, m.year_total, m.patient_count, m.last_settled_on,
        s.member_count, s.adult_count, s.known_income_count, s.dependant_count, s.earner_count, s.contact_key, h.labels,
        12 * s.known_monthly_income as known_income,
        case when h.labels is null then :least_total else :assisted_least_total end as least_total,
        case when h.labels is null then :burden_ratio else :assisted_burden_ratio end as burden_ratio
    from dws_household_medical as m
    join dws_household_situation as s on s.household_key = m.household_key
    left join dws_household_assistance as h on h.household_key = m.household_key
)
select
    p.person_key,
    'burden:' || cast(year_of(b.last_settled_on) as string) as episode,
    -- What is not known makes nothing graver.
    case
        when b.labels is not null then 'orange'
        when b.known_income_count > 0 and b.year_total >= :severe_ratio * b.known_income then 'orange'
        else 'yellow'
    end as level,
    cast(b.year_total as decimal(16,2)) as medical_total,
    cast(b.patient_count as integer) as patient_count,
    cast(b.known_income as decimal(16,2)) as known_income,
    cast(b.member_count as integer) as member_count,
    cast(b.adult_count as integer) as adult_count,
    cast(b.known_income_count as integer) as known_income_count,
    cast(b.dependant_count as integer) as dependant_count,
    cast(b.earner_count as integer) as earner_count,
    cast(b.labels as string) as labels,
    cast(b.last_settled_on as date) as last_settled_on,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from tried as b
join dwd_person as p on p.person_key = b.contact_key
left join dws_household_means as m on m.household_key = b.household_key
left join dws_household_aid as a
    on a.household_key = b.household_key and a.cause = 'illness'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
where p.status <> 'deceased'
    and b.year_total >= b.least_total
    and b.year_total >= b.burden_ratio * b.known_income
    and b.known_income < :disposable_income * b.member_count
    and coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
