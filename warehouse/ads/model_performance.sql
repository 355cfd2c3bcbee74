-- What became of each model version's warnings; yield counts visits that found somebody to help or refer.
with fate as (
  select warning.model_id, warning.model_version, warning.warning_id, disposition.kind,
    row_number() over (
      partition by warning.warning_id order by disposition.business_date desc nulls last
    ) as fate_rank
  from ads_warning as warning
  left join ads_disposition as disposition on disposition.warning_id = warning.warning_id
),
outcome as (
  select warning_id, outcome from ods_case_outcome
)
select fate.model_id, fate.model_version,
  count(*) as warned,
  count(*) filter (where fate.kind = 'opened') as opened,
  count(*) filter (where fate.kind = 'joined') as joined,
  count(*) filter (where fate.kind = 'withheld') as withheld,
  count(outcome.outcome) as closed,
  count(*) filter (where outcome.outcome = 'helped') as helped,
  count(*) filter (where outcome.outcome = 'referred') as referred,
  count(*) filter (where outcome.outcome = 'data_error') as data_error,
  case when count(outcome.outcome) > 0 then
    cast(count(*) filter (where outcome.outcome in ('helped', 'referred')) as double) / count(outcome.outcome)
  end as yield_ratio
from fate
left join outcome on outcome.warning_id = fate.warning_id
where fate.fate_rank = 1
group by fate.model_id, fate.model_version
