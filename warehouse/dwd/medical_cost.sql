-- Costs that count as self-paid: valid, not reversed, neither pharmacy (41) nor maternity (51, 52).
-- Self-paid = personal burden less what lies outside coverage, never under zero. Month totals count by their month.
with settlement as (
  select person_key, setl_id as cost_id, 'inpatient_settlement' as source_class, 'inpatient' as care_kind,
    setl_date as settled_on, medfee_sumamt, psn_part_amt, fulamt_ownpay_amt, overlmt_selfpay,
    hosp_lv, dise_chapter, known_on, delivery_id, source_line
  from ods_inpatient_settlement
  where vali_flag = '1' and refd_setl_flag = '0' and med_type not in ('41', '51', '52')
  union all
  select person_key, setl_id as cost_id, 'chronic_outpatient_settlement' as source_class, 'chronic' as care_kind,
    setl_date as settled_on, medfee_sumamt, psn_part_amt, fulamt_ownpay_amt, overlmt_selfpay,
    hosp_lv, dise_chapter, known_on, delivery_id, source_line
  from ods_chronic_outpatient_settlement
  where vali_flag = '1' and refd_setl_flag = '0' and med_type not in ('41', '51', '52')
  union all
  select person_key, month_text(ym) as cost_id, 'general_outpatient_month' as source_class,
    'outpatient' as care_kind,
    case when month_end(ym) > known_on then known_on else month_end(ym) end as settled_on,
    medfee_sumamt, psn_part_amt, fulamt_ownpay_amt, overlmt_selfpay,
    cast(null as varchar(1)) as hosp_lv, cast(null as varchar(1)) as dise_chapter, known_on, delivery_id, source_line
  from ods_general_outpatient_month
)
select person_key, cost_id, source_class, care_kind, settled_on,
  days_before(settled_on, -89) as quarter_until, days_before(settled_on, -364) as year_until, medfee_sumamt as total_amount,
  case
    when psn_part_amt > fulamt_ownpay_amt + overlmt_selfpay then psn_part_amt - fulamt_ownpay_amt - overlmt_selfpay
    else 0
  end as self_paid_amount,
  hosp_lv as hospital_level, dise_chapter as disease_chapter, known_on, delivery_id, source_line
from settlement
