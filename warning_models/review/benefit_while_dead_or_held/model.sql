-- To whom was a benefit paid for months after death or in custody? A finding for people to check, never a visit.
with gone as (
    select
        person_key, 'died' as cause, died_on as since_on, cast(null as date) as until_on, sources, source_count
    from dwd_death
    where died_on is not null and source_count > 0
    union all
    select
        person_key, 'held' as cause, started_on as since_on, ended_on as until_on, 'custody' as sources,
        1 as source_count
    from dwd_custody
    where kind in ('serving_sentence', 'compulsory_rehabilitation')
),
drawn as (
    select person_key, kind || '_pension' as benefit, month, amount
    from dwd_pension_payment
    where status = 'paid'
    union all
    select person_key, item as benefit, month, amount
    from dwd_subsidy
    where status = 'paid'
    union all
    select person_key, assistance as benefit, month_start(:as_of) as month, cast(null as decimal(16,2)) as amount
    from dwd_assistance_spell
    where assistance in ('dibao', 'tekun') and source_class in ('dibao', 'tekun')
        and valid_from <= :as_of and coalesce(valid_to, :as_of) >= :as_of
),
paid as (
    select person_key, benefit, max(month) as month, max(amount) as amount
    from drawn
    group by person_key, benefit
)
select
    p.person_key,
    g.cause || ':' || b.benefit || ':' || day_text(g.since_on) as episode,
    case when g.source_count >= 2 then 'orange' else 'yellow' end as level,
    cast(b.benefit as string) as benefit,
    cast(g.since_on as date) as since_on,
    cast(b.month as date) as paid_month,
    cast(months_between_starts(g.since_on, b.month) - :grace_months as integer) as months_over,
    cast(b.amount as decimal(16,2)) as monthly_amount,
    cast(g.sources as string) as sources,
    cast(g.source_count as integer) as source_count
from gone as g
join paid as b on b.person_key = g.person_key
join dwd_person as p on p.person_key = g.person_key
where months_between_starts(g.since_on, b.month) > :grace_months
    and (g.until_on is null or b.month <= month_start(g.until_on))
