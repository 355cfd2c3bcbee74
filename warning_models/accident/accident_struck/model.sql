-- Whose household was struck lately by a death or grave injury on the road, or by a disaster that ruined its home,
-- and has no visible means to cope?
with event as (
    select
        m.person_key as victim_key, m.event_id, m.source_class, m.happened_on, m.kind, m.severity, m.loss_amount,
        coalesce(v.household_key, d.household_key) as household_key,
        case when v.status = 'living' then m.person_key end as living_key
    from dwd_misfortune as m
    left join dwd_person as v on v.person_key = m.person_key
    left join dwd_death as d on d.person_key = m.person_key
    where m.severity in ('killed', 'severe')
        and m.happened_on between days_before(:as_of, :window_days) and :as_of
),
struck as (
    select
        e.victim_key, e.event_id, e.source_class, e.happened_on, e.kind, e.severity, e.loss_amount, e.household_key,
        s.dependant_count, s.earner_count,
        case when e.severity = 'severe' and e.living_key is not null then e.living_key else s.contact_key end as told_key
    from event as e
    join dws_household_situation as s on s.household_key = e.household_key
)
select
    p.person_key,
    case k.source_class when 'traffic_casualty' then 'traffic:' else 'disaster:' end || k.event_id as episode,
    case when k.severity = 'killed' or k.earner_count = 0 then 'red' else 'orange' end as level,
    cast(k.kind as string) as event,
    cast(case k.source_class when 'disaster_event' then 'ruined_home' else k.severity end as string) as severity,
    cast(k.happened_on as date) as happened_on,
    cast(p.person_key <> k.victim_key as boolean) as is_about_other,
    cast(k.loss_amount as decimal(16,2)) as loss_amount,
    cast(k.dependant_count as integer) as dependant_count,
    cast(k.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from struck as k
join dwd_person as p on p.person_key = k.told_key
left join dws_household_aid as a
    on a.household_key = k.household_key and a.cause = 'accident'
    and a.aided_on >= days_before(:as_of, :recent_aid_days) and a.aided_on >= k.happened_on
left join dws_household_means as m on m.household_key = k.household_key
where p.status <> 'deceased'
    and not (k.severity = 'killed' and p.person_key = k.victim_key)
    and coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :emergency_income_cap * m.member_count)
