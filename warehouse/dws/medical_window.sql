-- Self-paid cost of the last 365 and the last 90 days, the date included, by person; both go on over the new year.
select person_key, sum(self_paid_amount) as year_total,
  sum(case when quarter_until >= :as_of then self_paid_amount else 0 end) as quarter_total,
  max(settled_on) as last_settled_on
from dwd_medical_cost
where settled_on <= :as_of and year_until >= :as_of
group by person_key
