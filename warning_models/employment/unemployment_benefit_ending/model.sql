-- Whose unemployment benefit runs out within a month with no new work in sight, in a household that can hardly bear it?
with ending as (
    select b.person_key, b.benefit_id, b.from_month, b.approved_months, b.used_months, b.amount
    from dwd_work_benefit as b
    where b.kind = 'unemployment' and b.stop_reason is null
        and b.approved_months - b.used_months between 0 and :months_left
        -- What was told long ago of a benefit that must be over by now is no news.
        and months_between_starts(b.from_month, :as_of) <= b.approved_months + :months_left
        and not exists (
            select 1 from dwd_employment_event as e
            where e.person_key = b.person_key and e.kind = 'employed' and e.event_on >= b.from_month
                and e.event_on <= :as_of
        )
        and not exists (
            select 1 from dwd_contribution_month as m
            where m.person_key = b.person_key and m.is_paid and m.month > b.from_month
        )
)
select
    p.person_key,
    'ending:' || e.benefit_id as episode,
    case when s.earner_count = 0 then 'orange' else 'yellow' end as level,
    cast(e.from_month as date) as from_month,
    cast(e.approved_months as integer) as approved_months,
    cast(e.used_months as integer) as used_months,
    cast(e.amount as decimal(16,2)) as benefit_amount,
    cast(full_years(p.born_on, :as_of) as integer) as age,
    cast(s.dependant_count as integer) as dependant_count,
    cast(s.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from ending as e
join dwd_person as p on p.person_key = e.person_key
join dws_household_situation as s on s.household_key = p.household_key
left join dws_household_means as m on m.household_key = p.household_key
left join dws_household_aid as a
    on a.household_key = p.household_key and a.cause = 'unemployment'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
where p.status <> 'deceased' and p.status <> 'moved_out'
    and (full_years(p.born_on, :as_of) >= :older or s.dependant_count > 0)
    and coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
