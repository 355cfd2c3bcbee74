-- Self-paid cost of the last 365 days, taken together in each registered household.
select person.household_key, sum(medical.year_total) as year_total,
  cast(count(*) as integer) as patient_count, max(medical.last_settled_on) as last_settled_on
from dws_medical_window as medical
join dwd_person as person on person.person_key = medical.person_key
where person.household_key is not null and medical.year_total > 0
group by person.household_key
