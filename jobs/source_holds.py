"""Holds: a source later than its contract allows puts the models that rest on it on hold where it is late.

No warning arises because data is missing: a model on hold claims nothing there until the source has caught up. Hold
and release stand in `ads.hold` with the nights on which they were found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

import pyarrow as pa

from jobs.coverage import LateSource, coverage, late_sources
from jobs.installation import Installation
from schemas.loader import contracts
from warehouse.definitions import definition
from warehouse.tables import EVERY_ROW
from warning_models.loader import WarningModel

HOLD = "ads.hold"


@dataclass(frozen=True)
class SourceHold:
    """One model on hold for one source in one county or in the whole city (''), a row of `ads.hold`.

    `held_from` is the first night that found the source late, `held_until` the night that released the model; None
    while it is on hold. `covered_until` is as far as the source reached, `due_on` the last day for which that does.
    """

    model_id: str
    extract_class: str
    county_code: str
    held_from: date
    held_until: date | None
    covered_until: date
    due_on: date

    @property
    def what(self) -> tuple[str, str, str]:
        """What is on hold for what and where."""
        return self.model_id, self.extract_class, self.county_code

    def stands_on(self, night: date) -> bool:
        """Whether the model is on hold on a night."""
        return self.held_from <= night and (self.held_until is None or self.held_until > night)


def record_holds(installation: Installation, business_date: date, models: Sequence[WarningModel]) -> list[SourceHold]:
    """Find which models are on hold on the date, record what began and what ended; returns those that stand.

    A second run leaves the same rows.
    """
    latencies = {name: contract.latency_days for name, contract in contracts().items()}
    known = {name: reach for name, reach in coverage(installation, business_date).items() if name in latencies}
    late = list(late_sources(known, latencies, business_date))
    before = recorded_holds(installation)
    after = holds_after(before, late, models, business_date)
    if after != before:
        table = definition(HOLD)
        rows = pa.Table.from_pylist([asdict(hold) for hold in after], schema=table.schema)
        installation.warehouse.replace_rows(table, rows, EVERY_ROW)
    return [hold for hold in after if hold.stands_on(business_date)]


def recorded_holds(installation: Installation) -> list[SourceHold]:
    """All holds there ever were, as recorded."""
    if not installation.warehouse.exists(HOLD):
        return []
    rows = installation.warehouse.rows(HOLD).to_pylist()
    return sorted((SourceHold(**row) for row in rows), key=_order)


def standing_holds(installation: Installation, business_date: date) -> list[SourceHold]:
    """The holds that stand on a date, as recorded."""
    return [hold for hold in recorded_holds(installation) if hold.stands_on(business_date)]


def released_holds(installation: Installation, business_date: date) -> list[SourceHold]:
    """The holds that the night of a date released."""
    return [hold for hold in recorded_holds(installation) if hold.held_until == business_date]


def on_hold(holds: Iterable[SourceHold]) -> set[tuple[str, str]]:
    """The models that may claim nothing, each with the county where, or '' for everywhere."""
    return {(hold.model_id, hold.county_code) for hold in holds}


def holds_after(
    before: Sequence[SourceHold], late: Sequence[LateSource], models: Sequence[WarningModel], night: date
) -> list[SourceHold]:
    """All holds, once the night has found what is late: what stood and is late no more is released by it.

    What earlier and later nights recorded stays as it is.
    """
    now = {
        (model.id, source.extract_class, source.county_code): source
        for model in models
        for source in late
        if source.extract_class in model.sources
    }
    past = [_without(hold, night) for hold in before if hold.held_from < night]
    standing = {hold.what for hold in past if hold.stands_on(night)}
    known = {hold.what: hold for hold in before if hold.held_from == night}
    kept = [
        replace(hold, held_until=night) if hold.stands_on(night) and hold.what not in now else hold for hold in past
    ]
    begun = [
        known.get(what) or SourceHold(*what, night, None, source.covered_until, source.due_on)
        for what, source in now.items()
        if what not in standing
    ]
    later = [hold for hold in before if hold.held_from > night]
    return sorted([*kept, *begun, *later], key=_order)


def _without(hold: SourceHold, night: date) -> SourceHold:
    """The hold as the nights before left it, where an earlier run of this one released it."""
    return replace(hold, held_until=None) if hold.held_until == night else hold


def _order(hold: SourceHold) -> tuple[date, str, str, str]:
    return hold.held_from, *hold.what
