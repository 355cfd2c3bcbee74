"""What a model's SQL says of whom on a date, with the household and the place of each person."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from warehouse.engines.engine import Engine
from warning_models.loader import WarningModel

CITY = ""
_COUNTY_DIGITS = 6

PLACED = """
select claim.*, person.household_key, household.village_code, household.grid_code,
  assistance.labels as receiving
from {claim} as claim
left join dwd_person as person on person.person_key = claim.person_key
left join dwd_household as household on household.household_key = person.household_key
left join dws_household_assistance as assistance on assistance.household_key = person.household_key
"""

Row = dict[str, Any]


def placed_by_county(engine: Engine, model: WarningModel, as_of: date) -> dict[str, list[Row]]:
    """The rows of model.sql beside household, place and assistance.

    Those of counties with parameters of their own are found with these and stand under the county; all others,
    and whoever's county nobody knows, stand under CITY.
    """
    own = own_counties(model)
    everywhere = _placed(engine, model, as_of, None)
    by_county = {CITY: [row for row in everywhere if county_of(row) not in own]}
    for county in own:
        by_county[county] = [row for row in _placed(engine, model, as_of, county) if county_of(row) == county]
    return by_county


def own_counties(model: WarningModel) -> list[str]:
    """The counties with parameters of their own."""
    return sorted({county for parameter in model.parameters.values() for county in parameter.counties})


def county_among(own: Collection[str], row: Mapping[str, Any]) -> str:
    """Under which county the row stands: its own where that has parameters of its own."""
    county = county_of(row)
    return county if county in own else CITY


def county_of(row: Mapping[str, Any]) -> str:
    """Six digits; empty where nobody knows where the person lives."""
    return (row["village_code"] or "")[:_COUNTY_DIGITS]


def is_on_hold(model_id: str, county: str, on_hold: Collection[tuple[str, str]]) -> bool:
    """Whether the model may say nothing in the county, or nowhere."""
    return (model_id, CITY) in on_hold or (model_id, county) in on_hold


def _placed(engine: Engine, model: WarningModel, as_of: date, county: str | None) -> list[Row]:
    claim = f"claim_{model.id}"
    engine.create_view(claim, model.sql, model.parameters_on(as_of, county))
    rows: list[Row] = engine.query(PLACED.format(claim=claim)).to_pylist()
    return rows
