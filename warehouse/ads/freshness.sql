-- What each extract class covers and until when, from the delivery ledger. A class is late where what it
-- covers ended longer ago than its contract promises, and never connected where nothing ever came in.
with delivered as (
  select extract_class, delivery_id, business_date, is_late,
    row_number() over (
      partition by extract_class order by business_date desc nulls last, delivery_id desc nulls last
    ) as delivery_rank
  from ops_delivery
  where status = 'ingested' and business_date <= :as_of
)
select class.extract_class, class.title, class.department, class.covers_until,
  delivered.delivery_id as last_delivery_id, delivered.business_date as delivered_on,
  coalesce(class.row_count, 0) as row_count,
  case
    when class.covers_until is null then 'never_connected'
    when class.covers_until < days_before(:as_of, class.latency_days) then 'late'
    else 'connected'
  end as status,
  delivered.is_late as last_delivery_is_late
from extract_class as class
left join delivered on delivered.extract_class = class.extract_class and delivered.delivery_rank = 1
