"""Drawing the lot: the same households for the same night and installation, whoever draws.

Two strata: households that a model would find if its limits were a little lower, and all others in a village that we
know; in neither one of whom anybody was ever warned or who was drawn before. Each household of a stratum is as
likely as any other: those with the lowest keyed digest of night and household are drawn.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.claims.placing import placed_by_county
from jobs.conform import ensure_conformed
from jobs.controls.plan import STRATA, ControlPlan, Stratum, control_plan
from jobs.evaluation.limits import has_limits, with_limits_times
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from warehouse.definitions import definition
from warehouse.engines.engine import Engine
from warehouse.tables import rows_before, rows_until, rows_where
from warning_models.loader import HelpModel

CONTROL = "ads.control_visit"
STEP = "warn.controls"
_ID_CHARACTERS = 20
_HOUSEHOLDS = """
select household.household_key, household.village_code, household.grid_code,
  min_by(person.person_key, case when person.relation_code = '02' then '0' else '1' end || person.person_key)
    as person_key
from dwd_household as household
join dwd_person as person on person.household_key = household.household_key
where household.village_code is not null and person.status = 'living'
group by household.household_key, household.village_code, household.grid_code
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ControlVisit:
    """A household drawn on a night, a row of `ads.control_visit`; `population` is how large its stratum was."""

    control_id: str
    business_date: date
    stratum: Stratum
    population: int
    household_key: str
    person_key: str
    village_code: str
    grid_code: str | None


def draw_controls(
    installation: Installation, business_date: date, models: Iterable[HelpModel], warned_from: str
) -> StepResult:
    """Draw the night's control visits, once its warnings are made; reports how many by stratum.

    `warned_from` is the fingerprint of what the warnings were made from. A second run leaves the same rows.
    """
    plan = control_plan(installation.settings, business_date)
    active = [model for model in models if model.status == "active"]
    fingerprint = fingerprint_of(warned_from, asdict(plan))
    if not plan.is_on:
        return StepResult(dict.fromkeys(STRATA, 0), 0.0, repeated=False)
    return run_step(
        installation, business_date, STEP, fingerprint, lambda: _draw(installation, business_date, plan, active)
    )


def control_visits(installation: Installation, until: date) -> list[ControlVisit]:
    """All that were drawn until a date."""
    if not installation.warehouse.exists(CONTROL):
        return []
    rows = installation.warehouse.rows(CONTROL, rows_until("business_date", until)).to_pylist()
    return sorted((ControlVisit(**row) for row in rows), key=lambda visit: (visit.business_date, visit.control_id))


def _draw(installation: Installation, business_date: date, plan: ControlPlan, models: list[HelpModel]) -> Report:
    ensure_conformed(installation, business_date)
    known = _known_households(installation, business_date)
    with installation.engine() as engine:
        register_layers(engine, installation, "dwd", "dws")
        households = {row["household_key"]: row for row in engine.query(_HOUSEHOLDS).to_pylist()}
        near = _near_limit(engine, models, plan, business_date) if plan.visits["near_limit"] else set()
    free = households.keys() - known
    strata: dict[Stratum, set[str]] = {"near_limit": free & near, "never_warned": free - near}
    drawn = [
        _visit(households[key], stratum, len(strata[stratum]), business_date, digest)
        for stratum in STRATA
        for key, digest in _lowest(installation, business_date, strata[stratum], plan.visits[stratum])
    ]
    table = definition(CONTROL)
    rows = pa.Table.from_pylist([asdict(visit) for visit in drawn], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_where(business_date=business_date))
    return {stratum: sum(visit.stratum == stratum for visit in drawn) for stratum in STRATA}


def _lowest(installation: Installation, business_date: date, households: set[str], count: int) -> list[tuple[str, str]]:
    """The households with the lowest digests: a simple random sample for whoever does not hold the key."""
    begun = hmac.new(installation.settings.key("person_key"), f"control:{business_date}:".encode(), hashlib.sha256)

    def digest(household: str) -> str:
        own = begun.copy()
        own.update(household.encode())
        return own.hexdigest()

    digests = sorted((digest(household), household) for household in households)
    return [(household, own) for own, household in digests[:count]]


def _visit(row: Row, stratum: Stratum, population: int, business_date: date, digest: str) -> ControlVisit:
    return ControlVisit(
        control_id=f"C-{digest[:_ID_CHARACTERS]}",
        business_date=business_date,
        stratum=stratum,
        population=population,
        household_key=row["household_key"],
        person_key=row["person_key"],
        village_code=row["village_code"],
        grid_code=row["grid_code"],
    )


def _known_households(installation: Installation, business_date: date) -> set[str]:
    """Those of whom somebody was warned until the date, and those drawn on earlier nights."""
    known: set[str] = set()
    for name, where in (
        ("ads.warning", rows_until("business_date", business_date)),
        (CONTROL, rows_before("business_date", business_date)),
    ):
        if installation.warehouse.exists(name):
            known |= set(installation.warehouse.rows(name, where, ["household_key"])["household_key"].to_pylist())
    return known


def _near_limit(engine: Engine, models: Iterable[HelpModel], plan: ControlPlan, as_of: date) -> set[str]:
    """Households that some model finds with its limits lowered to the band."""
    lowered = (with_limits_times(model, plan.band) for model in models if has_limits(model))
    found = (placed_by_county(engine, model, as_of).values() for model in lowered)
    return {row["household_key"] for of_model in found for rows in of_model for row in rows if row["household_key"]}
