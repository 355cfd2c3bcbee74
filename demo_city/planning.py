"""Which deliveries come on which night, before any is written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from demo_city.assistance import on_night
from demo_city.cadence import is_delivered, is_delivered_whole, mode_of, nights_of, snapshots_since_the_first
from demo_city.disability import certificates_on, changed_certificates
from demo_city.employment import SNAPSHOT_MONTHS, rolled, snapshot
from demo_city.facts import City
from demo_city.file_shapes import FileShape, promised_shape, shape_of
from demo_city.later_states import of_month, standing_rows
from demo_city.moving import register_on
from schemas.loader import Contract, contracts

# The classes whose facts the city keeps by name, so that truth can be told about them.
INCREMENTS = {
    "inpatient_settlement": "inpatient",
    "chronic_outpatient_settlement": "chronic",
    "general_outpatient_month": "outpatient",
    "employment_register": "registered",
}
ASSISTANCE = {
    "dibao": "dibao",
    "tekun": "tekun",
    "marginal_and_rigid": "marginal_and_rigid",
    "relapse_monitoring": "relapse",
}
CONTRIBUTIONS = "employee_pension_contribution"

Outcome = Literal["ingested", "recognised", "held"]


@dataclass(frozen=True)
class PlannedDelivery:
    """One delivery before it is written.

    `night` is the one its manifest names, `landed` the one in whose folder it lies. `kind` says what is out
    of the ordinary about it, `outcome` what must become of it. Its facts are gathered when they are asked for,
    so that a whole city's never stand side by side.
    """

    extract_class: str
    night: int
    sequence: int
    rows: Callable[[], pd.DataFrame]
    period_start: date
    period_end: date
    mode: Literal["full", "incremental"]
    landed: int
    kind: str = "regular"
    must: str = "ingested"
    outcome: Outcome = "ingested"
    is_releasable: bool = False
    # Where the delivery's name was used before, under which number it is kept.
    revision: int = 1
    new_header: str = ""

    @property
    def contract(self) -> Contract:
        return contracts()[self.extract_class]

    @property
    def facts(self) -> pd.DataFrame:
        return self.rows()

    def shape(self, is_tidy: bool) -> FileShape:
        """How its file is written; tidy departments keep to the contract."""
        return promised_shape(self.contract) if is_tidy else shape_of(self.contract, self.mode)


def regular_deliveries(city: City) -> Iterator[PlannedDelivery]:
    """What comes as agreed, night by night."""
    for night in range(city.plan.nights):
        for extract_class in contracts():
            if extract_class == CONTRIBUTIONS:
                yield from _contributions(city, night)
            elif is_delivered(city.plan, extract_class, night):
                rows = partial(facts_on, city, extract_class, night)
                if night == 0 or len(rows()):
                    yield _regular(city, extract_class, night, rows)


def _regular(city: City, extract_class: str, night: int, rows: Callable[[], pd.DataFrame]) -> PlannedDelivery:
    plan = city.plan
    business_date = plan.dates[night]
    mode = mode_of(plan, extract_class, night)
    start = end = business_date
    if mode == "incremental":
        told = [before for before in nights_of(plan, extract_class) if before < night]
        start = plan.dates[told[-1]] if told else plan.history_start
        end = business_date - timedelta(days=1)
    return PlannedDelivery(extract_class, night, 1, rows, start, end, mode, night)


def facts_on(city: City, extract_class: str, night: int) -> pd.DataFrame:
    """The rows that a class brings on a night: the whole state, or what is new."""
    whole = is_delivered_whole(city.plan, extract_class, night)
    if extract_class in ASSISTANCE:
        return on_night(getattr(city.assisted, ASSISTANCE[extract_class]), night)
    if extract_class == "disability_certificate":
        return certificates_on(city.certified, night) if whole else changed_certificates(city.certified, night)
    if extract_class == "household_register" and whole:
        return register_on(city.people, city.register, night, city.departed.dead[city.departed.is_late])
    if extract_class == "household_register":
        versions = city.register
    elif extract_class in INCREMENTS:
        versions = getattr(city, INCREMENTS[extract_class])
    else:
        versions = city.others[extract_class]
    if whole and contracts()[extract_class].delivery_mode == "full":
        return of_month(city.plan, extract_class, standing_rows(versions, night), night)
    return versions[versions["night"] == night]


def _contributions(city: City, night: int) -> Iterator[PlannedDelivery]:
    """Two snapshots of six months each on the first night, then one a month."""
    if not is_delivered_whole(city.plan, CONTRIBUTIONS, night):
        return
    contributed = rolled(city.contributed, snapshots_since_the_first(city.plan, CONTRIBUTIONS, night))
    for sequence, which in enumerate((1, 2) if night == 0 else (2,), start=1):
        months = contributed.months[SNAPSHOT_MONTHS * (which - 1) : SNAPSHOT_MONTHS * which]
        start = months[0].astype("datetime64[D]").astype(date)
        end = ((months[-1] + np.timedelta64(1, "M")).astype("datetime64[D]") - 1).astype(date)
        rows = partial(snapshot, contributed, which)
        yield PlannedDelivery(CONTRIBUTIONS, night, sequence, rows, start, end, "full", night)
