-- What is known to come in each month, by person. Whoever no source tells of has no row: that is no income of nothing.
-- A wage of nothing is only what the last three covered months, each told as unpaid, say. The basic pension of residents
-- alone does not make an income known: who draws it lives on something else too.
with wage as (
  select status.person_key, max(case when month.is_paid then month.month end) as paid_month,
    max_by(month.base_amount, case when month.is_paid then month.month end) as base_amount,
    count(distinct month.month) as told_count
  from dwd_contribution_status as status
  join dwd_contribution_month as month on month.person_key = status.person_key
  where status.retired_code = '0' and month.month between months_before(status.covers_until, 2) and status.covers_until
  group by status.person_key
),
source as (
  select person_key, case when paid_month is not null then base_amount else 0 end as wage_amount,
    0 as pension_amount, 0 as basic_pension_amount, 0 as benefit_amount,
    case when paid_month is not null then 1 else 0 end as earns, 1 as is_known
  from wage
  where paid_month is not null or told_count = 3
  union all
  select person_key, 0 as wage_amount, case when kind = 'resident' then 0 else amount end as pension_amount,
    case when kind = 'resident' then amount else 0 end as basic_pension_amount, 0 as benefit_amount, 0 as earns,
    case when kind = 'resident' then 0 else 1 end as is_known
  from dwd_pension_payment
  where status = 'paid'
  union all
  select person_key, 0 as wage_amount, 0 as pension_amount, 0 as basic_pension_amount, amount as benefit_amount,
    0 as earns, 1 as is_known
  from dwd_work_benefit
  where kind in ('unemployment', 'injury_allowance') and stop_reason is null
    and (approved_months is null or used_months is null or used_months < approved_months)
)
select person_key, sum(wage_amount) as wage_amount, sum(pension_amount) as pension_amount,
  sum(basic_pension_amount) as basic_pension_amount, sum(benefit_amount) as benefit_amount,
  max(earns) = 1 as is_earner, max(is_known) = 1 as is_known
from source
group by person_key
