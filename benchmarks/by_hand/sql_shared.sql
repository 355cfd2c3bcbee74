-- The sixteen questions as somebody would write them in an afternoon, straight for DuckDB: who is hit, by what, how
-- urgent. No versions, no evidence, no dated parameters: what the models' parameters are today stands in settings.py.

-- shared
create temp table person as
select person_key, household_key, status, born_on, adult_on, sixty_on, relation_code from dwd_person;
create temp table severe as
select distinct person_key from dwd_disability_certificate where status = 'valid' and level <= $severe_level;
create temp table months as
select person_key, month, is_paid, base_amount from dwd_contribution_month where month >= date '$as_of' - interval 3 year;
create temp table situation as
select household_key, adult_count, minor_count, elderly_count, severely_disabled_count, dependant_count, earner_count,
  member_count, known_income_count, known_monthly_income, contact_key
from dws_household_situation;
-- Who visibly gets by, whoever is struck, and what a year brings in and care takes.
create temp table means as
select household_key, 12 * known_monthly_income as income, coalesce(year_total, 0) as spent, owns,
  owns or known_monthly_income > $income_cap * member_count as gets_by,
  owns or known_monthly_income > $emergency_income_cap * member_count as copes
from (
  select *, coalesce(dearest_car_band >= '$least_price_band', false) or business_count > 0 as owns
  from dws_household_means
) left join dws_household_medical using (household_key);
-- Whose household does not visibly carry their care.
create temp table patient as
select person_key, tier, cap
from (
  select p.person_key, coalesce(t.tier, 'general') as tier, if(t.tier is null, $burden, $assisted_burden) as burden,
    case t.tier when 'tekun' then $tekun when 'dibao' then $dibao when 'low_income' then $low_income
      else $general end as cap, m.owns, m.spent, m.income
  from person as p left join dws_assistance_tier as t using (person_key) left join means as m using (household_key)
  where p.status <> 'deceased'
)
where (owns or spent < burden * income) is not true;
