-- Who meets the rules of a policy, as far as the data can tell, and does not receive it?
with standing as (
    select
        p.person_key, p.household_key, p.relation_code, p.born_on, p.sixty_on,
        birthday(p.born_on, :old_age) as old_on,
        c.category, c.level,
        -- Who was certified as severe only lately may still be on the way to the subsidy.
        case when c.previous_level > :severe_level then c.certified_on else c.first_certified_on end as certified_on,
        coalesce(a.is_tekun, 0) as is_tekun, coalesce(a.is_dibao, 0) as is_dibao,
        coalesce(a.is_marginal, 0) as is_marginal, a.marginal_from
    from dwd_person as p
    left join dwd_disability_certificate as c on c.person_key = p.person_key and c.status = 'valid'
    left join (
        select
            person_key,
            max(case when assistance = 'tekun' then 1 else 0 end) as is_tekun,
            max(case when assistance = 'dibao' then 1 else 0 end) as is_dibao,
            max(case when assistance = 'marginal' then 1 else 0 end) as is_marginal,
            max(case when assistance = 'marginal' then valid_from end) as marginal_from
        from dwd_assistance_spell
        where valid_from <= :as_of and coalesce(valid_to, :as_of) >= :as_of
        group by person_key
    ) as a on a.person_key = p.person_key
    where p.status = 'living'
),
paid as (
    select distinct person_key, item from dwd_subsidy
),
-- Where nothing at all is told of a subsidy, nobody can be said to lack it.
told as (
    select distinct item from dwd_subsidy
),
ability as (
    select
        s.person_key, s.household_key, s.relation_code,
        case
            when s.sixty_on <= :as_of or full_years(s.born_on, :as_of) < :working_age then 0
            when s.category in ('5', '6') and s.level <= :mental_level then 0
            when s.category = '4' and s.level <= :physical_level then 0
            when s.category = '1' and s.level <= :visual_level then 0
            else 1
        end as can_work,
        case when i.is_earner or i.pension_amount >= :pension_cap then 1 else 0 end as has_income
    from standing as s
    left join dws_person_income as i on i.person_key = s.person_key
),
member as (
    select m.family_key, m.person_key, m.role, s.household_key
    from dwd_family_membership as m
    join standing as s on s.person_key = m.person_key
    where m.source_class = 'dibao' and s.is_tekun = 0
        and m.valid_from <= :as_of and coalesce(m.valid_to, :as_of) >= :as_of
),
family as (
    select
        f.family_key,
        min_by(a.person_key, m.role || a.person_key) as person_key,
        sum(case when m.person_key is not null then a.can_work + a.has_income else 0 end) as means,
        -- Children of the head at home are those who would have to support the old.
        max(case when m.person_key is not null and a.relation_code in ('20', '30') then 1 else 0 end) as has_child,
        sum(case when m.person_key is null then a.can_work else 0 end) as able_outside
    from (select distinct family_key, household_key from member) as f
    join ability as a on a.household_key = f.household_key
    left join member as m on m.person_key = a.person_key and m.family_key = f.family_key
    group by f.family_key
),
found as (
    select
        s.person_key, 'nursing:' || day_text(s.certified_on) as episode, 'nursing' as policy, s.category, s.level,
        s.certified_on as since_on, null as clause_income, null as clause_supporter
    from standing as s
    join told as t on t.item = 'nursing'
    where s.level <= :severe_level and s.is_tekun = 0
        and s.certified_on <= days_before(:as_of, :grace_days)
        and not exists (select 1 from paid as d where d.person_key = s.person_key and d.item = 'nursing')
    union all
    select
        s.person_key, 'old_age:' || day_text(s.old_on) as episode, 'old_age' as policy, null as category,
        null as level, s.old_on as since_on, null as clause_income, null as clause_supporter
    from standing as s
    join told as t on t.item = 'old_age'
    where s.old_on <= days_before(:as_of, :grace_days)
        and not exists (select 1 from paid as d where d.person_key = s.person_key and d.item = 'old_age')
    union all
    select
        s.person_key, 'single:' || day_text(s.marginal_from) as episode, 'single' as policy, s.category, s.level,
        greatest(s.marginal_from, s.certified_on) as since_on, 'met' as clause_income, null as clause_supporter
    from standing as s
    where s.is_marginal = 1 and s.is_dibao = 0 and s.is_tekun = 0
        and (s.level <= :severe_level or (s.category in ('5', '6') and s.level <= :mental_level))
    union all
    select
        f.person_key, 'tekun:' || f.family_key as episode, 'tekun' as policy, null as category, null as level,
        null as since_on, 'unknown' as clause_income, 'met' as clause_supporter
    from family as f
    where f.means = 0 and f.has_child = 1 and f.able_outside = 0
)
select
    person_key,
    episode,
    case when policy in ('single', 'tekun') then 'orange' else 'yellow' end as level,
    cast(policy as string) as policy,
    cast(category as string) as category,
    cast(level as integer) as disability_level,
    cast(since_on as date) as since_on,
    cast('met' as string) as clause_condition,
    cast('met' as string) as clause_identity,
    cast(clause_income as string) as clause_income,
    cast(clause_supporter as string) as clause_supporter,
    cast('met' as string) as clause_unpaid
from found
