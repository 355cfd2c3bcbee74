-- Which household without any assistance spent most of its known income of a year on care?
with burden as (
    select
        m.household_key, m.year_total, m.patient_count, m.last_settled_on,
        s.member_count, s.adult_count, s.known_income_count, s.dependant_count, s.earner_count, s.contact_key,
        12 * s.known_monthly_income as known_income
    from dws_household_medical as m
    join dws_household_situation as s on s.household_key = m.household_key
    where m.year_total >= :least_total
        and s.known_income_count > 0 and s.known_income_count >= :least_coverage * s.adult_count
        and not exists (
            select 1 from dws_household_assistance as h where h.household_key = m.household_key
        )
)
select
    p.person_key,
    'burden:' || cast(year_of(b.last_settled_on) as string) as episode,
    case when b.year_total >= :severe_ratio * b.known_income then 'orange' else 'yellow' end as level,
    cast(b.year_total as decimal(16,2)) as medical_total,
    cast(b.patient_count as integer) as patient_count,
    cast(b.known_income as decimal(16,2)) as known_income,
    cast(b.member_count as integer) as member_count,
    cast(b.adult_count as integer) as adult_count,
    cast(b.known_income_count as integer) as known_income_count,
    cast(b.dependant_count as integer) as dependant_count,
    cast(b.earner_count as integer) as earner_count,
    cast(b.last_settled_on as date) as last_settled_on,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from burden as b
join dwd_person as p on p.person_key = b.contact_key
left join dws_household_aid as a
    on a.household_key = b.household_key and a.cause = 'illness'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
where p.status <> 'deceased'
    and b.year_total >= :burden_ratio * b.known_income
    and b.known_income < :disposable_income * b.member_count
