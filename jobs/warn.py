"""Warn: run the active and shadow models for one business date.

Replaces the date's rows of ads.claim, ads.warning and ads.model_run, so a second run leaves the same rows. The same
inputs give the same ids on either engine: a claim's id is a digest of model, person and episode, and a warning bears
that of the claim that leads it. An episode that was claimed on an earlier date is not claimed again. Where the date was
warned before and only some people's rows changed since, only they are asked of again; what comes out is the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

import structlog

from jobs.claims.carried import claims_since
from jobs.claims.claim import Known, Night, claim_digits
from jobs.claims.concerned import Concerned, EverybodyConcernedError, generations
from jobs.claims.finding import claims_on
from jobs.claims.given_ids import given_ids
from jobs.claims.inputs import show_inputs
from jobs.claims.keeping import CLAIM, keep_night, said_on, what_it_rests_on
from jobs.conform import ensure_conformed, state_fingerprint
from jobs.controls.draw import draw_controls
from jobs.dispositions import told_ids
from jobs.freshness_told import covered_until
from jobs.installation import Installation
from jobs.people.links import former_keys
from jobs.ranking.in_force import ranked, trained_as_of
from jobs.review_findings import find_for_review
from jobs.source_holds import SourceHold, on_hold, record_holds, released_holds, standing_holds
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from warehouse.engines.engine import Engine
from warehouse.tables import rows_before
from warning_models.loader import HelpModel, WarningModel, load_models

log = structlog.get_logger(__name__)


def models_of_the_night() -> list[HelpModel]:
    """The models that run each night: the active ones, and those in shadow, whose claims are only counted.

    Never those whose findings might end a benefit.
    """
    return [model for model in night_models() if isinstance(model, HelpModel)]


def warn(installation: Installation, business_date: date) -> StepResult:
    """Find the date's new claims and warnings, and beside them what is for review and who is visited as a control.

    Reports claims and warnings by model, a warning by the model that leads it.
    """
    record_holds(installation, business_date, night_models())
    find_for_review(installation, business_date)
    result, fingerprint = _find_claims(installation, business_date)
    draw_controls(installation, business_date, models_of_the_night(), fingerprint)
    return result


def warn_of_what_landed(installation: Installation, business_date: date) -> StepResult:
    """Claims and warnings alone, as soon as something has landed: reviews and controls are for the night."""
    record_holds(installation, business_date, night_models())
    return _find_claims(installation, business_date)[0]


def _find_claims(installation: Installation, business_date: date) -> tuple[StepResult, str]:
    models = models_of_the_night()
    fingerprint = fingerprint_of(
        state_fingerprint(installation, business_date),
        [(model.id, model.version, model.status, model.lock_hash) for model in models],
        sorted(on_hold(standing_holds(installation, business_date))),
        trained_as_of(installation, business_date),
    )
    result = run_step(
        installation, business_date, "warn", fingerprint, lambda: _warn(installation, business_date, models)
    )
    return result, fingerprint


def night_models() -> list[WarningModel]:
    """All models that run each night, those included whose findings go to review."""
    return [model for model in load_models() if model.runs_at_night]


def known_on(installation: Installation, business_date: date) -> Known:
    """What the night of a date knows beside the layers, from what earlier nights left."""
    claimed, shadowed = _claimed_before(installation, business_date)
    return Known(
        claimed=claimed,
        shadowed=shadowed,
        former=former_keys(installation.warehouse),
        covered=covered_until(installation, business_date),
        on_hold=on_hold(standing_holds(installation, business_date)),
        given_ids=given_ids(installation, CLAIM, "claim_id", claim_digits),
    )


def _claimed_before(
    installation: Installation, business_date: date
) -> tuple[dict[str, Decimal | None], dict[str, Decimal | None]]:
    claimed: dict[str, Decimal | None] = {}
    shadowed: dict[str, Decimal | None] = {}
    if installation.warehouse.exists(CLAIM):
        before = rows_before("business_date", business_date)
        rows = installation.warehouse.rows(CLAIM, before, ["claim_id", "leading_figure", "warning_id"])
        for row in rows.to_pylist():
            (claimed if row["warning_id"] else shadowed)[row["claim_id"]] = row["leading_figure"]
    return claimed, shadowed


def _warn(installation: Installation, business_date: date, models: Sequence[HelpModel]) -> Report:
    ensure_conformed(installation, business_date)
    known = known_on(installation, business_date)
    others = _beside_the_layers(models, known)
    layers = generations(installation.warehouse)
    with installation.engine() as engine:
        night = _what_changed_says(engine, installation, business_date, models, known, others)
        if night is None:
            show_inputs(engine, installation.warehouse, models)
            night = claims_on(engine, models, business_date, known)
    night = replace(night, warnings=ranked(installation, business_date, night.warnings, night.claims))
    told = told_ids(installation, business_date)
    rests_on = what_it_rests_on(business_date, others, layers)
    keep_night(installation.warehouse, night, business_date, told, rests_on)
    led = Counter(warning.model_id for warning in night.warnings)
    claimed = Counter(claim.model_id for claim in night.claims)
    return {
        "warnings": {model.id: led[model.id] for model in models if model.status == "active"},
        "claims": {model.id: claimed[model.id] for model in models if model.status == "active"},
        "shadow": {model.id: claimed[model.id] for model in models if model.status == "shadow"},
        "holds": [_told(hold) for hold in standing_holds(installation, business_date)],
        "released": [_told(hold) for hold in released_holds(installation, business_date)],
    }


def _told(hold: SourceHold) -> dict[str, Any]:
    return {name: str(value) for name, value in asdict(hold).items() if value is not None}


def _what_changed_says(
    engine: Engine,
    installation: Installation,
    business_date: date,
    models: Sequence[HelpModel],
    known: Known,
    others: str,
) -> Night | None:
    """The night from what was said on the date before and what changed since; None where all must be asked."""
    before = said_on(installation.warehouse, business_date, others)
    if before is None:
        return None
    said, held = before
    try:
        concerned = Concerned(engine, installation.warehouse, held, models)
    except EverybodyConcernedError as reason:
        log.info("every model is asked of everybody", reason=str(reason))
        return None
    log.info("models are asked of who is concerned", people=len(concerned.people))
    return claims_since(engine, models, business_date, known, said, concerned)


def _beside_the_layers(models: Sequence[HelpModel], known: Known) -> str:
    """What a night's claims depend on beside the layers and how far each class reaches."""
    return fingerprint_of(
        [(model.id, model.version, model.status, model.lock_hash) for model in models],
        sorted(known.on_hold),
        sorted(known.claimed.items()),
        sorted(known.shadowed.items()),
    )
