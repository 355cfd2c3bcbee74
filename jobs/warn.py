"""Warn: run the active models for one business date.

Replaces the date's rows of ads.warning, so a second run leaves the same rows. The same inputs give
the same warning ids on either engine: an id is a digest of model, person and episode. An episode
that was warned of on an earlier date is not warned of again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.claims import placed_claims
from jobs.conform import ensure_conformed, state_fingerprint
from jobs.freshness_told import covered_until
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.people.links import former_keys
from jobs.review_findings import find_for_review
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from warehouse.definitions import definition
from warehouse.engines.engine import Engine
from warehouse.tables import rows_before, rows_where
from warning_models.loader import HelpModel, load_models
from warning_models.render import as_json, reason

_ID_CHARACTERS = 20


def active_models() -> list[HelpModel]:
    """The models whose warnings lead to visits: never those whose findings might end a benefit."""
    return [model for model in load_models() if isinstance(model, HelpModel) and model.status == "active"]


def warning_id(model: HelpModel, person_key: str, episode: str) -> str:
    """Names a warning for ever: `<model number>-<20 hex digits>`."""
    digest = hashlib.sha256(f"{model.id}|{person_key}|{episode}".encode()).hexdigest()
    return f"{model.number}-{digest[:_ID_CHARACTERS]}"


def warn(installation: Installation, business_date: date) -> StepResult:
    """Find the date's new warnings, and beside them what is for review; reports the warnings by model."""
    find_for_review(installation, business_date)
    models = active_models()
    state = state_fingerprint(installation, business_date)
    fingerprint = fingerprint_of(state, [(model.id, model.version, model.lock_hash) for model in models])
    return run_step(
        installation, business_date, "warn", fingerprint, lambda: _warn(installation, business_date, models)
    )


def _warn(installation: Installation, business_date: date, models: Sequence[HelpModel]) -> Report:
    ensure_conformed(installation, business_date)
    earlier = _ids_before(installation, business_date)
    with installation.engine() as engine:
        register_layers(engine, installation, "dwd", "dws")
        covered = covered_until(installation, business_date)
        found = {model.id: list(_claims(engine, model, business_date, covered)) for model in models}
    former = former_keys(installation.warehouse)
    new = {
        model.id: [row for row in found[model.id] if not _ids_of_episode(model, row, former) & earlier]
        for model in models
    }
    table = definition("ads.warning")
    rows = sorted((row for rows in new.values() for row in rows), key=lambda row: str(row["warning_id"]))
    installation.warehouse.replace_rows(
        table, pa.Table.from_pylist(rows, schema=table.schema), rows_where(business_date=business_date)
    )
    return {model_id: len(rows) for model_id, rows in new.items()}


def _ids_of_episode(model: HelpModel, row: Mapping[str, Any], former: Mapping[str, Sequence[str]]) -> set[str]:
    """The ids under which the episode may have been warned of: the person may have had another number then."""
    keys = (row["person_key"], *former.get(row["person_key"], ()))
    return {warning_id(model, key, row["episode"]) for key in keys}


def _ids_before(installation: Installation, business_date: date) -> set[str]:
    if not installation.warehouse.exists("ads.warning"):
        return set()
    rows = installation.warehouse.rows("ads.warning", rows_before("business_date", business_date))
    return set(rows["warning_id"].to_pylist())


def _claims(engine: Engine, model: HelpModel, as_of: date, covered: dict[str, date]) -> Iterator[dict[str, Any]]:
    """The model's claims as rows of ads.warning."""
    for row in placed_claims(engine, model, as_of):
        evidence = {name: row[name] for name in model.evidence}
        text = reason(model, row["episode"], evidence)
        yield {
            "warning_id": warning_id(model, row["person_key"], row["episode"]),
            "business_date": as_of,
            "model_id": model.id,
            "model_version": model.version,
            "level": row["level"],
            "person_key": row["person_key"],
            "household_key": row["household_key"],
            "village_code": row["village_code"],
            "grid_code": row["grid_code"],
            "episode": row["episode"],
            "evidence": as_json(model, row),
            "receiving": row["receiving"],
            "reason_zh": text.zh,
            "reason_en": text.en,
            "data_as_of": min((covered[source] for source in model.sources if source in covered), default=as_of),
        }
