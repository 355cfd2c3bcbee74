-- Which pupil left compulsory school, and which student of a poor household began a higher one without any aid?
with student as (
    select
        p.person_key, p.household_key, e.stage, e.grade, e.term, e.entered_on, e.status
    from dwd_enrolment as e
    join dwd_person as p on p.person_key = e.person_key
    where p.status <> 'deceased' and p.status <> 'moved_out'
),
found as (
    select
        person_key, household_key, 'dropped:' || term as episode, 'red' as level, stage, grade, term, entered_on
    from student
    where stage in ('primary', 'junior') and status = 'dropped_out'
    union all
    select
        s.person_key, s.household_key, 'entered:' || s.stage || ':' || day_text(s.entered_on) as episode,
        'yellow' as level, s.stage, s.grade, s.term, s.entered_on
    from student as s
    join dws_household_assistance as h on h.household_key = s.household_key
    where s.stage in ('senior', 'vocational', 'college') and s.grade = 1 and s.status = 'enrolled'
        and s.entered_on between days_before(:as_of, :entered_days) and days_before(:as_of, :grace_days)
        and not exists (
            select 1 from dwd_aid as a
            where a.person_key = s.person_key and a.cause = 'education' and a.aided_on >= days_before(s.entered_on, 30)
        )
)
select
    f.person_key,
    f.episode,
    f.level,
    cast(f.stage as string) as stage,
    cast(f.grade as integer) as grade,
    cast(f.term as string) as term,
    cast(f.entered_on as date) as entered_on,
    cast(h.labels as string) as labels,
    cast(s.student_count as integer) as student_count,
    cast(s.earner_count as integer) as earner_count,
    cast(a.aided_on as date) as aided_on,
    cast(a.amount as decimal(16,2)) as aided_amount
from found as f
left join dws_household_assistance as h on h.household_key = f.household_key
left join dws_household_situation as s on s.household_key = f.household_key
left join dws_household_aid as a
    on a.household_key = f.household_key and a.cause = 'education'
    and a.aided_on >= days_before(:as_of, :recent_aid_days)
