-- Self-paid cost by person and calendar year of settlement.
select person_key, year_of(settled_on) as year,
  sum(self_paid_amount) as self_paid_total,
  sum(case when care_kind = 'inpatient' then self_paid_amount else 0 end) as inpatient_total,
  sum(case when care_kind <> 'inpatient' then self_paid_amount else 0 end) as outpatient_total,
  cast(sum(case when care_kind = 'inpatient' then 1 else 0 end) as integer) as inpatient_count,
  max(settled_on) as last_settled_on
from dwd_medical_cost
where settled_on <= :as_of
group by person_key, year_of(settled_on)
