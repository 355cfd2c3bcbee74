"""The whole evaluation: what visits found, and in a demo what really happened."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jobs.as_of import engine_showing
from jobs.claims.keeping import CLAIM
from jobs.evaluation.judged import Judged, judged_until, rows_of
from jobs.evaluation.limits import draw_curve, has_limits, limit_curve
from jobs.evaluation.measures import FEW, measures, measures_by_group
from jobs.evaluation.missed import missed
from jobs.evaluation.truth import MODELS_OF_KIND, Hardship, held_to_truth, true_hardships
from jobs.installation import Installation
from jobs.warn import models_of_the_night
from warehouse.engines.engine import Engine
from warning_models.loader import HelpModel


def evaluate(installation: Installation, until: date, curves: bool = True) -> dict[str, Any]:
    """What is known until a date, as plain values; `curves` are drawn under reports/models.

    The keys are stable: business_date, few, all, by_model, by_tier, by_county, by_age_band, by_sex, by_area, missed[],
    shadow[], truth (None outside a demo), curves[].
    """
    judged = judged_until(installation, until)
    hardships = true_hardships(installation, until)
    return {
        "business_date": until.isoformat(),
        "few": FEW,
        "all": measures(judged),
        **{f"by_{name}": rows for name, rows in measures_by_group(judged).items()},
        "missed": missed(installation, until),
        "shadow": shadow_claims(installation, until),
        "truth": None if hardships is None else held_to_truth(installation, until, judged, hardships),
        "curves": _curves(installation, until, judged, hardships) if curves else [],
    }


def shadow_claims(installation: Installation, until: date) -> list[dict[str, Any]]:
    """How many people the models that only look on claimed something of, by model and version."""
    counts: dict[tuple[str, int], set[str]] = {}
    for row in rows_of(installation, CLAIM, until):
        if row["status"] == "shadow":
            counts.setdefault((row["model_id"], row["model_version"]), set()).add(row["claim_id"])
    return [
        {"model": model, "version": version, "claims": len(ids)} for (model, version), ids in sorted(counts.items())
    ]


def _curves(
    installation: Installation, until: date, judged: Sequence[Judged], hardships: Sequence[Hardship] | None
) -> list[dict[str, Any]]:
    models = [model for model in models_of_the_night() if model.status == "active" and has_limits(model)]
    folder = installation.settings.reports_folder / "models"
    with engine_showing(installation, until) as engine:
        return [_curve_of(engine, model, until, judged, hardships, folder) for model in models]


def _curve_of(
    engine: Engine,
    model: HelpModel,
    until: date,
    judged: Sequence[Judged],
    hardships: Sequence[Hardship] | None,
    folder: Path,
) -> dict[str, Any]:
    due = _due_households(model, judged, hardships)

    def found(factor: Decimal, households: Collection[str]) -> int | None:
        return None if hardships is None and factor < 1 else len(due & set(households))

    points = limit_curve(engine, model, until, found)
    picture = folder / f"limit_{model.number}_{until:%Y%m%d}.svg"
    draw_curve(picture, model, points)
    return {"model": model.id, "picture": str(picture), "points": [asdict(point) for point in points]}


def _due_households(model: HelpModel, judged: Sequence[Judged], hardships: Sequence[Hardship] | None) -> set[str]:
    """Where help is due: by the truth of a demo, else by what visits found."""
    if hardships is None:
        return {
            item.household_key or item.person_key for item in judged if item.is_found and model.id in item.model_ids
        }
    kinds = {kind for kind, models in MODELS_OF_KIND.items() if model.id in models}
    return {item.household_key or item.person_key for item in hardships if item.kind in kinds}
