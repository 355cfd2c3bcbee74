-- What each extract class covers and until when, from the delivery ledger.
with delivered as (
  select extract_class, period_end, delivery_id, business_date,
    row_number() over (
      partition by extract_class order by business_date desc nulls last, delivery_id desc nulls last
    ) as delivery_rank
  from ops_delivery
  where status = 'ingested' and business_date <= :as_of
),
covered as (
  select extract_class, max(period_end) as covers_until from delivered group by extract_class
)
select class.extract_class, class.title, class.department, covered.covers_until,
  delivered.delivery_id as last_delivery_id, delivered.business_date as delivered_on,
  coalesce(class.row_count, 0) as row_count
from extract_class as class
left join covered on covered.extract_class = class.extract_class
left join delivered on delivered.extract_class = class.extract_class and delivered.delivery_rank = 1
