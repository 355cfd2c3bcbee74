"""Findings that might end or reduce a benefit, kept apart from warnings.

Warnings may only open help. What a review model finds goes to `ads.review_finding`, under ids of its own,
for a person to decide on after notice; `jobs.review_sending` hands it to them by a route that opens no order.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

import pyarrow as pa

from jobs.claims.claim import Known, claim_digits
from jobs.claims.finding import reaching_until
from jobs.claims.given_ids import given_ids
from jobs.claims.inputs import show_inputs
from jobs.claims.placing import county_of, is_on_hold, placed_by_county
from jobs.conform import ensure_conformed, state_fingerprint
from jobs.freshness_told import covered_until
from jobs.installation import Installation
from jobs.people.links import former_keys
from jobs.source_holds import on_hold, standing_holds
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from warehouse.definitions import definition
from warehouse.engines.engine import Engine
from warehouse.tables import rows_before, rows_where
from warning_models import as_ran
from warning_models.loader import ReviewModel, load_models
from warning_models.render import as_json, reason

TABLE, RUN = "ads.review_finding", "ads.review_run"
STEP = "warn.review"


def review_models() -> list[ReviewModel]:
    """The active models whose findings a person reviews."""
    return [model for model in load_models() if isinstance(model, ReviewModel) and model.status == "active"]


def finding_id(model: ReviewModel, person_key: str, episode: str) -> str:
    """Names a finding for ever: `R-<model number>-<20 hex digits>`; no warning has such an id."""
    return f"R-{model.number}-{_digits(model.id, person_key, episode)}"


def _digits(model_id: str, person_key: str, episode: str) -> str:
    return claim_digits(f"review|{model_id}", person_key, episode)


def find_for_review(installation: Installation, business_date: date) -> StepResult:
    """Find what is new for review on the date; reports how many by model. A second run leaves the same rows."""
    models = review_models()
    state = state_fingerprint(installation, business_date)
    held = sorted(on_hold(standing_holds(installation, business_date)))
    fingerprint = fingerprint_of(state, [(model.id, model.version, model.lock_hash) for model in models], held)
    return run_step(installation, business_date, STEP, fingerprint, lambda: _find(installation, business_date, models))


def _find(installation: Installation, business_date: date, models: Sequence[ReviewModel]) -> Report:
    ensure_conformed(installation, business_date)
    known = Known(
        former=former_keys(installation.warehouse),
        covered=covered_until(installation, business_date),
        on_hold=on_hold(standing_holds(installation, business_date)),
    )
    with installation.engine() as engine:
        show_inputs(engine, installation.warehouse, models)
        found = new_findings(engine, installation, models, business_date, known)
    counts = Counter(row["model_id"] for row in found)
    runs = [_run(model, business_date, counts[model.id]) for model in models]
    for name, rows in ((TABLE, found), (RUN, runs)):
        table = definition(name)
        kept = pa.Table.from_pylist(rows, schema=table.schema)
        installation.warehouse.replace_rows(table, kept, rows_where(business_date=business_date))
    return {model.id: counts[model.id] for model in models}


def new_findings(
    engine: Engine, installation: Installation, models: Sequence[ReviewModel], as_of: date, known: Known
) -> list[dict[str, Any]]:
    """A night's rows of `ads.review_finding`, by id: not what earlier nights found, nor where a model is on hold."""
    earlier = _ids_before(installation, as_of)
    known = replace(known, given_ids=given_ids(installation, TABLE, "finding_id", _digits))
    found = [
        row
        for model in models
        for row in findings_on(engine, model, as_of, known, earlier)
        if not is_on_hold(model.id, county_of(row), known.on_hold)
    ]
    return sorted(found, key=lambda row: str(row["finding_id"]))


def _run(model: ReviewModel, business_date: date, finding_count: int) -> dict[str, Any]:
    return {
        "business_date": business_date,
        "model_id": model.id,
        "model_version": model.version,
        "sql": model.sql,
        "model": as_ran.as_text(model),
        "finding_count": finding_count,
    }


def findings_on(
    engine: Engine, model: ReviewModel, as_of: date, known: Known, earlier: Collection[str] = frozenset()
) -> Iterator[dict[str, Any]]:
    """The rows of `ads.review_finding` that a model gives as of a date, less the `earlier` ids."""
    for row in chain.from_iterable(placed_by_county(engine, model, as_of).values()):
        keys = (row["person_key"], *known.former.get(row["person_key"], ()))
        own, *former = (_known_id(known, model, key, row["episode"]) for key in keys)
        if any(found in earlier for found in (own, *former)):
            continue
        text = reason(model, row["episode"], {name: row[name] for name in model.evidence})
        yield {
            "finding_id": own,
            "business_date": as_of,
            "model_id": model.id,
            "model_version": model.version,
            "level": row["level"],
            "person_key": row["person_key"],
            "household_key": row["household_key"],
            "village_code": row["village_code"],
            "episode": row["episode"],
            "source_count": row["source_count"],
            "evidence": as_json(model, row),
            "reason_zh": text.zh,
            "reason_en": text.en,
            "data_as_of": reaching_until(model, as_of, known),
        }


def _known_id(known: Known, model: ReviewModel, person_key: str, episode: str) -> str:
    made = finding_id(model, person_key, episode)
    return known.given_ids.get(made, made)


def _ids_before(installation: Installation, business_date: date) -> set[str]:
    if not installation.warehouse.exists(TABLE):
        return set()
    before = rows_before("business_date", business_date)
    return set(installation.warehouse.rows(TABLE, before, ["finding_id"])["finding_id"].to_pylist())
