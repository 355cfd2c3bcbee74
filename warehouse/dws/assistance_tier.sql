-- Everybody with an assistance identity valid on the date: the tier with the lowest limit, and all labels.
with valid_spell as (
  select person_key, assistance,
    case assistance when 'tekun' then 1 when 'dibao' then 2 else 3 end as tier_rank
  from dwd_assistance_spell
  where valid_from <= :as_of and coalesce(valid_to, :as_of) >= :as_of
)
select person_key,
  case min(tier_rank) when 1 then 'tekun' when 2 then 'dibao' else 'low_income' end as tier,
  joined_text(array_agg(distinct assistance)) as labels
from valid_spell
group by person_key
