-- Which child has two parents on record of whom neither can raise it?
with unable as (
    select person_key, joined_text(array_agg(distinct reason)) as reasons
    from (
        select person_key, 'died' as reason from dwd_death where source_count >= 2
        union all
        select person_key, 'severely_disabled' as reason
        from dwd_disability_certificate
        where status = 'valid'
            and (level <= :severe_level or (category in ('5', '6') and level <= :mental_level))
        union all
        select person_key, 'seriously_ill' as reason
        from dwd_serious_disease
        where disease <> 'other' and registered_on >= months_before(:as_of, 12 * :illness_years)
        union all
        select person_key, 'held' as reason
        from dwd_custody
        where started_on <= :as_of and coalesce(ended_on, :as_of) >= :as_of
            and days_between(started_on, coalesce(ended_on, expected_end_on, :as_of)) >= :least_days_held
    ) as finding
    group by person_key
),
struck as (
    select m.household_key
    from unable as u
    join dwd_household_membership as m on m.person_key = u.person_key
    group by m.household_key
    having count(distinct u.person_key) >= 2
),
child as (
    select p.person_key, p.household_key, p.relation_code, p.born_on
    from dwd_person as p
    join struck as k on k.household_key = p.household_key
    where p.status <> 'deceased' and p.adult_on > :as_of and p.relation_code in ('20', '30', '40')
        and not exists (
            select 1 from dwd_person_label as l
            where l.person_key = p.person_key and l.label in ('orphan', 'child_without_care')
                and l.valid_from <= :as_of and coalesce(l.valid_to, :as_of) >= :as_of
        )
),
-- Of a child of the head the parents are the head and the spouse; of a grandchild the children and their spouses.
parent as (
    select distinct c.person_key as child_key, m.person_key as parent_key, u.reasons
    from child as c
    join dwd_household_membership as m on m.household_key = c.household_key
    left join unable as u on u.person_key = m.person_key
    left join dwd_person as p on p.person_key = m.person_key
    left join dwd_death as d on d.person_key = m.person_key
    where (
            (c.relation_code <> '40' and m.relation_code in ('02', '10', '11', '12'))
            or (c.relation_code = '40' and m.relation_code in ('20', '28', '30', '38'))
        )
        and coalesce(full_years(coalesce(p.born_on, d.born_on), c.born_on), :least_gap) >= :least_gap
),
pair as (
    select child_key, min(reasons) as first_parent, max(reasons) as second_parent
    from parent
    group by child_key
    having count(*) = 2 and count(reasons) = 2
)
select
    c.person_key,
    'care:' || b.first_parent || ':' || b.second_parent as episode,
    'red' as level,
    cast(full_years(c.born_on, :as_of) as integer) as age,
    cast(b.first_parent as string) as first_parent,
    cast(b.second_parent as string) as second_parent,
    cast(s.minor_count as integer) as minor_count,
    cast(s.elderly_count as integer) as elderly_count,
    cast(s.earner_count as integer) as earner_count
from pair as b
join child as c on c.person_key = b.child_key
join dws_household_situation as s on s.household_key = c.household_key
