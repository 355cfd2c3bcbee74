"""Past nights, run again from what was known then and held to what was recorded; nothing is committed.

The layers are built beside the stored ones as of the night, the models are those that ran it, as they were, and what
earlier nights had said is taken from their record. So a night that differs was not lost in an earlier one.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from jobs.as_of import engine_as_of
from jobs.claims.claim import Night
from jobs.claims.finding import claims_on
from jobs.claims.keeping import CLAIM, MODEL_RUN, WARNING
from jobs.errors import ReplayError
from jobs.installation import Installation
from jobs.people.links import former_keys_shown
from jobs.warn import known_on, models_of_the_night
from warehouse.tables import rows_where
from warning_models.as_ran import from_text
from warning_models.loader import HelpModel


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
    """One model's claims on a night; `version` is that of the night."""

    model_id: str
    number: str
    version: int
    status: str
    claims: Held


@dataclass(frozen=True)
class ReplayedNight:
    """A night held to its record; `warnings` is None where not all of its models were asked for."""

    business_date: date
    models: Sequence[ReplayedModel]
    warnings: Held | None

    @property
    def is_equal(self) -> bool:
        return all(model.claims.is_equal for model in self.models) and (self.warnings is None or self.warnings.is_equal)


def recorded_nights(installation: Installation, first: date, last: date) -> list[date]:
    """The nights between two dates that were warned. Raises ReplayError where there is none."""
    nights = set()
    if installation.warehouse.exists(MODEL_RUN):
        nights = set(installation.warehouse.rows(MODEL_RUN)["business_date"].to_pylist())
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
        from_text(row["model"], row["sql"]) if row["model"] else today[model_id]
        for model_id, row in sorted(kept.items())
        if row["model"] or model_id in today
    ]


def _replayed(installation: Installation, night: date, model_ids: Collection[str]) -> ReplayedNight:
    models = models_of(installation, night)
    chosen = [model for model in models if not model_ids or {model.id, model.number} & set(model_ids)]
    if not chosen:
        ran = ", ".join(model.id for model in models)
        raise ReplayError(f"{', '.join(sorted(model_ids))} did not run on {night}; there ran {ran}.")
    found = _found(installation, night, chosen)
    claims, warnings = (_standing_rows(installation, name, night) for name in (CLAIM, WARNING))
    then, now = _by_model(claims), _by_model(vars(claim) for claim in found.claims)
    warned = frozenset(row["warning_id"] for row in warnings)
    return ReplayedNight(
        night,
        [
            ReplayedModel(
                model.id,
                model.number,
                model.version,
                model.status,
                Held(then.get(model.id, _NONE), now.get(model.id, _NONE)),
            )
            for model in chosen
        ],
        None if model_ids else Held(warned, frozenset(item.warning_id for item in found.warnings)),
    )


def _standing_rows(installation: Installation, name: str, night: date) -> list[dict[str, Any]]:
    """Without what the date's later deliveries overtook: it was told, but is not what was known in the end."""
    rows = installation.warehouse.rows(name, rows_where(business_date=night)).to_pylist()
    return [row for row in rows if not row.get("overtaken")]


def _found(installation: Installation, night: date, models: Sequence[HelpModel]) -> Night:
    with engine_as_of(installation, night) as engine:
        known = replace(known_on(installation, night), former=former_keys_shown(engine))
        return claims_on(engine, models, night, known)


_NONE = frozenset[str]()


def _by_model(claims: Iterable[Mapping[str, object]]) -> dict[str, frozenset[str]]:
    ids: dict[str, set[str]] = {}
    for claim in claims:
        ids.setdefault(str(claim["model_id"]), set()).add(str(claim["claim_id"]))
    return {model_id: frozenset(found) for model_id, found in ids.items()}
