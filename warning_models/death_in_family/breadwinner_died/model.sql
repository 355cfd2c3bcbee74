-- Which household without visible means lost a member of working age, and has people left to look after? Of farm and
-- odd work no source tells: who left no trace of work may have earned all the same.
with loss as (
    select
        person_key as dead_key, household_key, died_on, sources,
        coalesce(relation_code, '97') as relation,
        full_years(born_on, died_on) as age
    from dwd_death
    where died_on between days_before(:as_of, :window_days) and :as_of
        and full_years(born_on, died_on) between :youngest and :oldest
        and (source_count >= 2 or first_known_on <= days_before(:as_of, :confirm_days))
),
paid as (
    select l.dead_key, max(m.month) as last_paid_month
    from loss as l
    join dwd_contribution_month as m on m.person_key = l.dead_key
    where m.is_paid and m.month >= months_before(month_start(l.died_on), :earning_months)
    group by l.dead_key
),
running as (
    select l.dead_key
    from loss as l
    join dwd_business as b on b.person_key = l.dead_key
    where b.role = 'operator' and (b.is_active or b.closed_on >= days_before(l.died_on, 30))
    union
    select l.dead_key
    from loss as l
    join dwd_vehicle as v on v.person_key = l.dead_key
    where v.usage = 'business' or v.kind in ('lorry', 'tractor')
),
aid as (
    select
        household_key, max(aided_on) as aided_on,
        max_by(amount, day_text(aided_on) || cause) as amount
    from dws_household_aid
    where cause in ('accident', 'other') and aided_on >= days_before(:as_of, :recent_aid_days)
    group by household_key
)
select
    p.person_key,
    'death:' || l.dead_key as episode,
    case
        when m.dead_key is null and r.dead_key is null then 'yellow'
        when s.earner_count = 0 then 'red'
        else 'orange'
    end as level,
    cast(l.relation as string) as relation,
    cast(l.age as integer) as age,
    cast(l.died_on as date) as died_on,
    cast(l.sources as string) as sources,
    cast(m.last_paid_month as date) as last_paid_month,
    cast(r.dead_key is not null as boolean) as has_business,
    cast(s.minor_count as integer) as minor_count,
    cast(s.elderly_count as integer) as elderly_count,
    cast(s.severely_disabled_count as integer) as severely_disabled_count,
    cast(s.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from loss as l
join dws_household_situation as s on s.household_key = l.household_key
join dwd_person as p on p.person_key = s.contact_key
left join paid as m on m.dead_key = l.dead_key
left join running as r on r.dead_key = l.dead_key
left join aid as a on a.household_key = l.household_key and a.aided_on >= l.died_on
left join dws_household_means as n on n.household_key = l.household_key
where p.status <> 'deceased' and p.person_key <> l.dead_key
    and coalesce(n.dearest_car_band, '0') < :car_band
    and coalesce(n.business_count, 0) = 0
    and (n.household_key is null or n.known_monthly_income <= :income_cap * n.member_count)
    and s.minor_count + s.elderly_count + s.severely_disabled_count > 0
