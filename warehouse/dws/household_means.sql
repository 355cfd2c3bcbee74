-- What registers tell of the means of each registered household on the date: what is known to come in, its dearest
-- private car, and the businesses that its members run or share in. What no source tells of is not there.
with owned as (
  select person_key, price_band as car_band, 0 as is_business
  from dwd_vehicle
  where kind = 'car' and usage = 'private'
  union all
  select person_key, cast(null as string) as car_band, 1 as is_business
  from dwd_business
  where is_active
),
held as (
  select person.household_key, max(owned.car_band) as dearest_car_band, sum(owned.is_business) as business_count
  from owned
  join dwd_person as person on person.person_key = owned.person_key
  where person.household_key is not null and person.status = 'living'
  group by person.household_key
)
select situation.household_key, situation.member_count, situation.known_monthly_income, held.dearest_car_band,
  cast(coalesce(held.business_count, 0) as integer) as business_count
from dws_household_situation as situation
left join held on held.household_key = situation.household_key
