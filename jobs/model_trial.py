"""A draft model beside the active one of the same id on tonight's data; nothing is committed."""

import csv
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from jobs.as_of import engine_as_of, engine_showing
from jobs.claims.claim import Known, Night
from jobs.claims.finding import claims_on
from jobs.claims.placing import county_of, placed_by_county
from jobs.errors import TrialError
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.warn import known_on
from warehouse.engines.engine import Engine
from warning_models.loader import HelpModel, load_model, load_models

WEEK = 7
NO_TIER = "general"


@dataclass(frozen=True)
class Group:
    """People whom only the draft finds, only the active version, or both, in one county or tier."""

    name: str
    new: int
    gone: int
    same: int


@dataclass(frozen=True)
class Visits:
    """The visits that one version asks for.

    `first_night` are the warnings it would make tonight of what nobody was told of yet; `new` those that came up
    within the last `days`; each is one household's hardship, so one visit.
    """

    first_night: int
    new: int
    days: int

    def per_worker_and_week(self, workers: int) -> float | None:
        """None where nothing is known of earlier days, or of nobody who visits."""
        return self.new * WEEK / self.days / workers if self.days and workers else None


@dataclass(frozen=True)
class Trial:
    """What a draft would change. `active` is None where no version of the model warns."""

    business_date: date
    draft: HelpModel
    active: HelpModel | None
    all: Group
    by_county: Sequence[Group]
    by_tier: Sequence[Group]
    visits: Visits
    active_visits: Visits | None


def draft_in(folder: Path) -> HelpModel:
    """The draft in a folder. Raises TrialError where it asks for a review: that leads to no visits."""
    model = load_model(folder)
    if not isinstance(model, HelpModel):
        raise TrialError(f"{folder}: a model for review leads to no visits; only models of kind help can be tried.")
    return model


def try_model(installation: Installation, business_date: date, draft: HelpModel) -> Trial:
    """Run the draft, and the active model of the same id, on what is known on the date."""
    active = next((model for model in load_models() if model.id == draft.id and model.status == "active"), None)
    beside = active if isinstance(active, HelpModel) else None
    versions = [draft] if beside is None else [draft, beside]
    first = min((record.business_date for record in ledger.records(installation, status="ingested")), default=None)
    if first is None or first > business_date:
        raise TrialError(f"Nothing came in until {business_date}: run the night first.")
    earlier = max(first, business_date - timedelta(days=WEEK))
    said = [Known()] * len(versions)
    if earlier < business_date:
        with engine_as_of(installation, earlier) as engine:
            said = [_said(claims_on(engine, [_as_active(model)], earlier, Known())) for model in versions]
    with engine_showing(installation, business_date) as engine:
        told = known_on(installation, business_date + timedelta(days=1))
        days = (business_date - earlier).days
        visits = [
            Visits(
                len(claims_on(engine, [_as_active(model)], business_date, told).warnings),
                len(claims_on(engine, [_as_active(model)], business_date, known).warnings),
                days,
            )
            for model, known in zip(versions, said, strict=True)
        ]
        found = [_found(engine, model, business_date) for model in versions]
    new, old = found[0], found[1] if beside else {}
    return Trial(
        business_date=business_date,
        draft=draft,
        active=beside,
        all=_group("all", new.keys(), old.keys()),
        by_county=_groups(new, old, 0),
        by_tier=_groups(new, old, 1),
        visits=visits[0],
        active_visits=visits[1] if beside else None,
    )


def grid_workers(installation: Installation, directory: Path | None = None) -> int:
    """How many grid workers staff.csv names in the folder of the directory; in a demo the city's own without one."""
    folder = directory or installation.settings.home / "demo" / "directory"
    file = folder / "staff.csv"
    if not file.is_file():
        raise TrialError(f"{file}: missing; name the folder of the directory of grids and staff with --directory.")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return sum(row["role"] == "grid_worker" for row in csv.DictReader(lines))


def _as_active(model: HelpModel) -> HelpModel:
    return replace(model, status="active")


def _said(night: Night) -> Known:
    return Known(claimed={claim.claim_id: claim.leading_figure for claim in night.claims})


Found = Mapping[str, tuple[str, str]]


def _found(engine: Engine, model: HelpModel, as_of: date) -> Found:
    """Whom the model finds, each with county and tier."""
    tiers = {
        row["person_key"]: row["tier"]
        for row in engine.query("select person_key, tier from dws_assistance_tier").to_pylist()
    }
    return {
        row["person_key"]: (county_of(row), tiers.get(row["person_key"], NO_TIER))
        for rows in placed_by_county(engine, model, as_of).values()
        for row in rows
    }


def _groups(new: Found, old: Found, by: int) -> list[Group]:
    def of(name: str, found: Found) -> set[str]:
        return {person for person, places in found.items() if places[by] == name}

    names = {places[by] for places in [*new.values(), *old.values()]}
    return [_group(name, of(name, new), of(name, old)) for name in sorted(names)]


def _group(name: str, new: Set[str], old: Set[str]) -> Group:
    return Group(name, new=len(new - old), gone=len(old - new), same=len(new & old))
