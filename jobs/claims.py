"""What a model claims of whom on a date, with the household and the place of each person."""

from datetime import date
from typing import Any

from warehouse.engines.engine import Engine
from warning_models.loader import WarningModel

_COUNTY_DIGITS = 6

_PLACED_CLAIM = """
select claim.*, person.household_key, household.village_code, household.grid_code,
  assistance.labels as receiving
from {claim} as claim
left join dwd_person as person on person.person_key = claim.person_key
left join dwd_household as household on household.household_key = person.household_key
left join dws_household_assistance as assistance on assistance.household_key = person.household_key
"""


def placed_claims(engine: Engine, model: WarningModel, as_of: date) -> list[dict[str, Any]]:
    """The rows of model.sql beside household, place and assistance; county by county where parameters differ."""
    counties = sorted({county for parameter in model.parameters.values() for county in parameter.counties})
    claim = f"claim_{model.id}"
    engine.create_view(claim, model.sql, model.parameters_on(as_of))
    rows = engine.query(_PLACED_CLAIM.format(claim=claim)).to_pylist()
    kept = [row for row in rows if (row["village_code"] or "")[:_COUNTY_DIGITS] not in counties]
    for county in counties:
        engine.create_view(claim, model.sql, model.parameters_on(as_of, county))
        rows = engine.query(_PLACED_CLAIM.format(claim=claim)).to_pylist()
        kept += [row for row in rows if (row["village_code"] or "")[:_COUNTY_DIGITS] == county]
    return kept
