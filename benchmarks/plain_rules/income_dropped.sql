-- Whose insured income has been at most half their own median for the latest months, while still paid?
with latest as (
    select p.person_key, s.covers_until, months_before(s.covers_until, :low_months - 1) as low_from
    from dwd_person as p
    join dwd_contribution_status as s on s.person_key = p.person_key
),
paid as (
    select l.person_key, l.covers_until, l.low_from, m.month, max(m.base_amount) as base_amount
    from latest as l
    join dwd_contribution_month as m on m.person_key = l.person_key
    where m.is_paid
        and m.base_amount is not null
        and m.month between months_before(l.low_from, :history_months) and l.covers_until
    group by l.person_key, l.covers_until, l.low_from, m.month
),
ranked as (
    select
        person_key, base_amount,
        row_number() over (partition by person_key order by base_amount nulls last) as place,
        count(*) over (partition by person_key) as history_count
    from paid
    where month < low_from
),
-- The one or two middle values, whose mean is the median.
middle as (
    select person_key, history_count, sum(base_amount) as middle_sum, count(*) as middle_count
    from ranked
    where 2 * place between history_count and history_count + 2
    group by person_key, history_count
    having sum(base_amount) > 0
),
last_high as (
    select p.person_key, max(p.month) as month
    from paid as p
    join middle as m on m.person_key = p.person_key
    where p.base_amount * m.middle_count > :drop_ratio * m.middle_sum
    group by p.person_key
),
low_run as (
    select
        p.person_key, p.covers_until,
        min(p.month) as first_low_month,
        count(case when p.month >= p.low_from then 1 end) as latest_low_count,
        max(case when p.month = p.covers_until then p.base_amount end) as latest_base
    from paid as p
    join last_high as h on h.person_key = p.person_key
    where p.month > h.month
    group by p.person_key, p.covers_until
)
select
    r.person_key,
    'drop:' || month_text(r.first_low_month) as episode,
    case when r.latest_base * m.middle_count <= :severe_ratio * m.middle_sum then 'orange' else 'yellow' end as level,
    cast(r.first_low_month as date) as first_low_month,
    cast(r.covers_until as date) as covers_until,
    cast(r.latest_base as decimal(16,2)) as latest_base,
    cast(m.middle_sum * case m.middle_count when 2 then 0.5 else 1.0 end as decimal(16,2)) as median_before,
    cast(m.history_count as integer) as history_count
from low_run as r
join middle as m on m.person_key = r.person_key
where r.latest_low_count = :low_months
    and m.history_count >= :least_history_months
    -- Bases are set anew in July: a fall that begins then says what was earned last year.
    and month_of(r.first_low_month) <> :rebasing_month
