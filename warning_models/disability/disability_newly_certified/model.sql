-- Who was certified as disabled for the first time, or much more gravely than before, in a household with no visible
-- means to cope? Lighter disability only where the household is assisted already: it opens the living subsidy.
with certificate as (
    select
        p.person_key, p.household_key, c.category, c.level as disability_level, c.first_certified_on, c.certified_on,
        c.previous_category, c.previous_level,
        c.category in ('5', '6') and c.level <= :mental_level as is_mental,
        c.previous_category in ('5', '6') and c.previous_level <= :mental_level as was_mental
    from dwd_person as p
    join dwd_disability_certificate as c on c.person_key = p.person_key
    where c.status = 'valid' and p.status <> 'deceased'
),
found as (
    select
        person_key, household_key, 'first:' || day_text(first_certified_on) as episode, is_mental, category, disability_level,
        first_certified_on, certified_on, previous_category, previous_level
    from certificate
    where first_certified_on between days_before(:as_of, :window_days) and :as_of
    union all
    select
        person_key, household_key, 'worse:' || cast(disability_level as string) || ':' || day_text(certified_on) as episode,
        is_mental, category, disability_level, first_certified_on, certified_on, previous_category, previous_level
    from certificate
    where certified_on between days_before(:as_of, :window_days) and :as_of
        and (
            (disability_level <= :severe_level and previous_level > disability_level)
            or (is_mental and not was_mental)
        )
)
select
    f.person_key,
    f.episode,
    case when disability_level <= :severe_level then 'red' when is_mental then 'orange' else 'yellow' end as level,
    cast(category as string) as category,
    cast(disability_level as integer) as disability_level,
    cast(first_certified_on as date) as first_certified_on,
    cast(certified_on as date) as certified_on,
    cast(previous_category as string) as previous_category,
    cast(previous_level as integer) as previous_level
from found as f
left join dws_household_means as m on m.household_key = f.household_key
where coalesce(m.dearest_car_band, '0') < :car_band
    and coalesce(m.business_count, 0) = 0
    and (m.household_key is null or m.known_monthly_income <= :income_cap * m.member_count)
    and (
        f.disability_level <= :severe_level or f.is_mental
        or exists (select 1 from dws_household_assistance as a where a.household_key = f.household_key)
    )
