"""Past nights, run again from what was known then and held to what was recorded; nothing is committed.

The layers are built beside the stored ones as of the night, the models are those that ran it, as they were, and what
earlier nights had said is taken from their record. So a night that differs was not lost in an earlier one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from jobs.as_of import engine_as_of
from jobs.claims.finding import claims_on
from jobs.claims.keeping import CLAIM, MODEL_RUN, WARNING
from jobs.errors import ReplayError
from jobs.installation import Installation
from jobs.people.links import former_keys_shown
from jobs.review_findings import RUN as REVIEW_RUN
from jobs.review_findings import TABLE as REVIEW_FINDING
from jobs.review_findings import new_findings, review_models
from jobs.warn import known_on, models_of_the_night
from warehouse.tables import rows_where
from warning_models.as_ran import Kind, from_text
from warning_models.loader import HelpModel, ReviewModel, WarningModel

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Held:
    """The ids of one kind that a night recorded and those that it gives now."""

    then: frozenset[str]
    now: frozenset[str]

    @property
    def is_equal(self) -> bool:
        return self.then == self.now


@dataclass(frozen=True)
class ReplayedModel:
    """What one model said on a night: the ids of its claims or findings for review; `version` is that of the night."""

    model_id: str
    number: str
    version: int
    status: str
    ids: Held


@dataclass(frozen=True)
class ReplayedNight:
    """A night held to its record; `warnings` is None where not all of its models were asked for.

    `reviews` are the models whose findings go to review and become no warning.
    """

    business_date: date
    models: Sequence[ReplayedModel]
    reviews: Sequence[ReplayedModel]
    warnings: Held | None

    @property
    def is_equal(self) -> bool:
        said = [model.ids for model in (*self.models, *self.reviews)]
        return all(ids.is_equal for ids in said) and (self.warnings is None or self.warnings.is_equal)


def recorded_nights(installation: Installation, first: date, last: date) -> list[date]:
    """The nights between two dates that were warned. Raises ReplayError where there is none."""
    nights = set()
    if installation.warehouse.exists(MODEL_RUN):
        nights = set(installation.warehouse.rows(MODEL_RUN, columns=["business_date"])["business_date"].to_pylist())
    between = sorted(night for night in nights if first <= night <= last)
    if not between:
        known = ", ".join(str(night) for night in sorted(nights)[-5:]) or "none; run 'shouwang nightly'"
        raise ReplayError(f"No night from {first} to {last} was warned; nights with warnings: {known}")
    return between


def replay(
    installation: Installation, nights: Iterable[date], model_ids: Collection[str] = ()
) -> Iterator[ReplayedNight]:
    """Run nights again, each as it was asked for; with `model_ids` only these models, whose warnings are not grouped.

    Raises ReplayError where a model did not run on a night.
    """
    for night in nights:
        yield _replayed(installation, night, model_ids)


def models_of(installation: Installation, night: date) -> list[HelpModel]:
    """The models that ran on a night, as they were; those of now where the night kept none."""
    rows = installation.warehouse.rows(MODEL_RUN, rows_where(business_date=night)).to_pylist()
    kept = {row["model_id"]: row for row in rows}
    today = {model.id: model for model in models_of_the_night()}
    return [
        from_text(HelpModel, row["model"], row["sql"]) if row["model"] else today[model_id]
        for model_id, row in sorted(kept.items())
        if row["model"] or model_id in today
    ]


def review_models_of(installation: Installation, night: date) -> list[ReviewModel]:
    """The models for review that ran on a night, as they were; those of now where the night kept none."""
    kept = _rows(installation, REVIEW_RUN, night)
    if not kept:
        return review_models()
    return [from_text(ReviewModel, row["model"], row["sql"]) for row in sorted(kept, key=lambda row: row["model_id"])]


def _replayed(installation: Installation, night: date, model_ids: Collection[str]) -> ReplayedNight:
    helping, reviewing = models_of(installation, night), review_models_of(installation, night)
    helps, reviews = _chosen(helping, model_ids), _chosen(reviewing, model_ids)
    if not helps and not reviews:
        ran = ", ".join(model.id for model in (*helping, *reviewing))
        raise ReplayError(f"{', '.join(sorted(model_ids))} did not run on {night}; there ran {ran}.")
    with engine_as_of(installation, night) as engine:
        known = replace(known_on(installation, night), former=former_keys_shown(engine))
        found = claims_on(engine, helps, night, known)
        findings = new_findings(engine, installation, reviews, night, known)
    # What the date's later deliveries overtook was told, but is not what was known in the end.
    claims, warnings = (
        [row for row in _rows(installation, name, night) if not row.get("overtaken")] for name in (CLAIM, WARNING)
    )
    warned = frozenset(row["warning_id"] for row in warnings)
    return ReplayedNight(
        night,
        _held(helps, "claim_id", claims, [vars(claim) for claim in found.claims]),
        _held(reviews, "finding_id", _rows(installation, REVIEW_FINDING, night), findings),
        None if model_ids else Held(warned, frozenset(item.warning_id for item in found.warnings)),
    )


def _chosen(models: Iterable[Kind], model_ids: Collection[str]) -> list[Kind]:
    return [model for model in models if not model_ids or {model.id, model.number} & set(model_ids)]


def _rows(installation: Installation, name: str, night: date) -> list[dict[str, Any]]:
    if not installation.warehouse.exists(name):
        return []
    return list(installation.warehouse.rows(name, rows_where(business_date=night)).to_pylist())


def _held(models: Sequence[WarningModel], key: str, then: Iterable[Row], now: Iterable[Row]) -> list[ReplayedModel]:
    recorded, found = _by_model(key, then), _by_model(key, now)
    return [
        ReplayedModel(
            model.id,
            model.number,
            model.version,
            model.status,
            Held(recorded.get(model.id, _NONE), found.get(model.id, _NONE)),
        )
        for model in models
    ]


_NONE = frozenset[str]()


def _by_model(key: str, rows: Iterable[Row]) -> dict[str, frozenset[str]]:
    ids: dict[str, set[str]] = {}
    for row in rows:
        ids.setdefault(str(row["model_id"]), set()).add(str(row[key]))
    return {model_id: frozenset(found) for model_id, found in ids.items()}
