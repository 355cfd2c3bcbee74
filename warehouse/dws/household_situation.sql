-- Who earns and who depends in each registered household on the date, what income is known, and whom to speak to.
-- Members who are dead by two sources or moved away do not count. Whoever is held or reported dead by one source counts,
-- but neither earns nor answers.
with severe as (
  select distinct person_key from dwd_disability_certificate where status = 'valid' and level <= 2
),
student as (
  select person_key from dwd_enrolment where status = 'enrolled'
),
held as (
  select distinct person_key from dwd_custody where started_on <= :as_of and coalesce(ended_on, :as_of) >= :as_of
),
member as (
  select person.household_key, person.person_key,
    case when held.person_key is not null or person.status <> 'living' then 1 else 0 end as is_absent,
    case when person.adult_on > :as_of then 1 else 0 end as is_minor,
    case when person.sixty_on <= :as_of then 1 else 0 end as is_elderly,
    case when severe.person_key is not null then 1 else 0 end as is_severe,
    case when student.person_key is not null then 1 else 0 end as is_student,
    case when income.is_earner and held.person_key is null and person.status = 'living' then 1 else 0 end as is_earner,
    case when income.is_known then 1 else 0 end as is_known,
    coalesce(
      income.wage_amount + income.pension_amount + income.basic_pension_amount + income.benefit_amount, 0
    ) as amount,
    case when person.relation_code = '02' then '0' when person.relation_code in ('10', '11', '12') then '1' else '2' end
      || coalesce(day_text(person.born_on), '9999') || person.person_key as seniority
  from dwd_person as person
  left join severe on severe.person_key = person.person_key
  left join student on student.person_key = person.person_key
  left join held on held.person_key = person.person_key
  left join dws_person_income as income on income.person_key = person.person_key
  where person.household_key is not null and person.status in ('living', 'reported_deceased')
)
select household_key, cast(count(*) as integer) as member_count, cast(sum(1 - is_minor) as integer) as adult_count,
  cast(sum(is_minor) as integer) as minor_count, cast(sum(is_elderly) as integer) as elderly_count,
  cast(sum(is_severe) as integer) as severely_disabled_count, cast(sum(is_student) as integer) as student_count,
  cast(sum(greatest(is_minor, is_elderly, is_severe, is_student)) as integer) as dependant_count,
  cast(sum(is_earner) as integer) as earner_count,
  cast(sum((1 - is_minor) * is_known) as integer) as known_income_count, sum(amount) as known_monthly_income,
  min_by(person_key, cast(is_absent as string) || cast(is_minor as string) || seniority) as contact_key
from member
group by household_key
