-- Businesses and who runs or owns them, from founding to closing.
select person_key, uscc as business_id,
  case role when '1' then 'operator' when '2' then 'legal_representative' else 'shareholder' end as role,
  case entity_kind
    when '1' then 'self_employed' when '2' then 'company' when '3' then 'cooperative' else 'sole_proprietor'
  end as kind,
  capital as capital_amount, founded_on, closed_on, entity_status = '1' as is_active, known_on, delivery_id, source_line
from ods_market_entity
