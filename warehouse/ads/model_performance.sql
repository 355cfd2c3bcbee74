-- What became of the warnings in which each model version claims something, be it as the one that leads or beside
-- others; yield counts visits that found somebody to help or refer.
with told as (
  select distinct model_id, model_version, warning_id
  from ads_claim
  where warning_id is not null
),
fate as (
  select warning_id, kind,
    row_number() over (partition by warning_id order by business_date desc nulls last) as fate_rank
  from ads_disposition
),
outcome as (
  select warning_id, outcome from ods_case_outcome
)
select told.model_id, told.model_version,
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
from told
left join fate on fate.warning_id = told.warning_id and fate.fate_rank = 1
left join outcome on outcome.warning_id = told.warning_id
group by told.model_id, told.model_version
