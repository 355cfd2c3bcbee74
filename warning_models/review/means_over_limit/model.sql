-- Which family on a list of assistance has since gained means? A finding for people to review, never a visit.
with member as (
    select
        m.person_key, m.family_key, m.source_class, m.valid_from, f.member_count,
        min(m.valid_from) over (partition by m.family_key) as family_since
    from dwd_family_membership as m
    join dwd_person as p on p.person_key = m.person_key
    join dws_family as f on f.family_key = m.family_key
    where m.source_class in ('dibao', 'marginal_and_rigid') and p.status = 'living'
        and m.valid_from <= :as_of and coalesce(m.valid_to, :as_of) >= :as_of
),
earned as (
    select
        m.family_key, m.person_key, m.member_count,
        sum(i.wage_amount) over (partition by m.family_key) as amount,
        row_number() over (
            partition by m.family_key order by i.wage_amount desc nulls last, m.person_key nulls last
        ) as place
    from member as m
    join dws_person_income as i on i.person_key = m.person_key
    where i.is_earner
),
item as (
    select
        m.person_key, m.family_key, 'car' as item, 'car:' || v.vehicle_id as episode, v.owned_since as since_on,
        cast(null as decimal(16,2)) as amount
    from member as m
    join dwd_vehicle as v on v.person_key = m.person_key
    where v.kind = 'car' and v.usage = 'private' and v.price_band >= :least_price_band
        and v.owned_since between m.valid_from and :as_of
    union all
    select
        m.person_key, m.family_key, 'home' as item, 'home:' || h.contract_id as episode, h.signed_on as since_on,
        cast(null as decimal(16,2)) as amount
    from member as m
    join dwd_home_purchase as h on h.person_key = m.person_key
    where h.signed_on between m.valid_from and :as_of
    union all
    select
        m.person_key, m.family_key, 'business' as item, 'business:' || b.business_id as episode,
        b.founded_on as since_on, b.capital_amount as amount
    from member as m
    join dwd_business as b on b.person_key = m.person_key
    where b.is_active and b.role in ('operator', 'legal_representative') and b.capital_amount > :capital_cap
    union all
    select
        e.person_key, e.family_key, 'wage' as item, 'wage:' || cast(year_of(:as_of) as string) as episode,
        cast(null as date) as since_on, e.amount
    from earned as e
    where e.place = 1 and e.amount > :wage_multiple * :standard * e.member_count
),
counted as (
    select family_key, count(distinct item) as source_count
    from item
    group by family_key
)
select distinct
    i.person_key,
    i.episode,
    case when c.source_count >= 2 then 'orange' else 'yellow' end as level,
    cast(i.item as string) as item,
    cast(i.since_on as date) as since_on,
    cast(i.amount as decimal(16,2)) as amount,
    cast(m.member_count as integer) as member_count,
    cast(m.family_since as date) as family_since,
    cast(m.source_class as string) as list_name,
    cast(c.source_count as integer) as source_count
from item as i
join counted as c on c.family_key = i.family_key
join member as m on m.family_key = i.family_key and m.person_key = i.person_key
