-- Which household has a member held for long who is a parent of its minors, or whom its old and disabled need,
-- and no visible means?
with held as (
    select
        p.person_key as held_key, p.household_key, c.custody_id,
        coalesce(p.relation_code, '97') as relation
    from dwd_custody as c
    join dwd_person as p on p.person_key = c.person_key
    where p.household_key is not null and p.status <> 'deceased'
        and c.started_on <= :as_of and coalesce(c.ended_on, :as_of) >= :as_of
        and days_between(c.started_on, coalesce(c.expected_end_on, :as_of)) >= :least_days_held
),
severe as (
    select distinct person_key from dwd_disability_certificate where status = 'valid' and level <= :severe_level
),
-- Who is at home with the absent, and whether as their child: a child of the head and spouse, a grandchild of their children.
left_behind as (
    select
        h.held_key, h.household_key, h.custody_id, h.relation,
        sum(case
            when p.adult_on <= :as_of then 0
            when p.relation_code in ('20', '30') and h.relation in ('02', '10', '11', '12') then 1
            when p.relation_code = '40' and h.relation in ('20', '28', '30', '38') then 1
            else 0
        end) as child_count,
        sum(case when full_years(p.born_on, :as_of) >= :old_age then 1 else 0 end) as old_count,
        sum(case when s.person_key is not null then 1 else 0 end) as severe_count,
        sum(case when p.adult_on > :as_of then 0 else 1 end) as other_adult_count
    from held as h
    join dwd_person as p on p.household_key = h.household_key and p.person_key <> h.held_key
    left join severe as s on s.person_key = p.person_key
    where p.status = 'living'
        and not exists (select 1 from held as o where o.held_key = p.person_key)
    group by h.held_key, h.household_key, h.custody_id, h.relation
),
aid as (
    select household_key, max(aided_on) as aided_on, max_by(amount, day_text(aided_on) || cause) as amount
    from dws_household_aid
    where cause = 'other' and aided_on >= days_before(:as_of, :recent_aid_days)
    group by household_key
)
select
    p.person_key,
    'custody:' || l.custody_id as episode,
    case
        when l.child_count > 0 and l.other_adult_count = 0 then 'red'
        when l.child_count > 0 then 'orange'
        else 'yellow'
    end as level,
    cast(l.relation as string) as relation,
    cast(l.child_count as integer) as child_count,
    cast(l.old_count as integer) as old_count,
    cast(l.severe_count as integer) as severe_count,
    cast(l.other_adult_count as integer) as other_adult_count,
    cast(s.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from left_behind as l
join dws_household_situation as s on s.household_key = l.household_key
join dwd_person as p on p.person_key = s.contact_key
left join aid as a on a.household_key = l.household_key
left join dws_household_means as m on m.household_key = l.household_key
where p.status <> 'deceased' and p.person_key <> l.held_key
    and (l.child_count > 0 or (l.old_count + l.severe_count > 0 and s.earner_count = 0))
    and coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
