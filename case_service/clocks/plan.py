"""The written plan: when a clock reminds, whom it escalates to, and who may pause it.

Plans are files named by their version. Each is kept in the database when it is first seen there, and PostgreSQL pins
the newest one to an order when the order is delivered, so that a later plan changes nothing for orders that run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from case_service.clock import SHANGHAI, local_date
from case_service.settings import UnsafeToStartError
from case_service.tables import ClockPlan
from case_service.tables.casework import OrderKind
from case_service.tables.notifications import Happening
from case_service.tables.people import Role
from case_service.working_days import Due, WorkingCalendar

PLANS_FOLDER = Path(__file__).parent / "plans"
FIRST_PLAN = 1


class Start(StrEnum):
    """From where the day of a step is counted."""

    DELIVERY = "delivery"
    DUE = "due"


class Told(StrEnum):
    """Whom a step tells."""

    ASSIGNEE = "assignee"
    COMMUNITY = "community"
    TOWN = "town"
    COUNTY = "county"
    CITY = "city"


class PauseReason(StrEnum):
    """For what a clock may stand still."""

    AWAY_FOR_TREATMENT = "away_for_treatment"
    AWAY_FOR_WORK = "away_for_work"
    DISASTER = "disaster"
    WAITING_FOR_DEPARTMENT = "waiting_for_department"


class Part(BaseModel):
    """A part of a plan file; unknown words in it are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Part):
    """One thing that the clock does, once for each day on which an order was due."""

    name: str = Field(pattern=r"^[a-z_]+$")
    since: Start
    working_days: int = Field(default=0, ge=-30, le=60)
    at: time
    tell: list[Told] = Field(min_length=1)
    happening: Happening
    only_for: list[OrderKind] = Field(default_factory=list)

    def is_for(self, kind: OrderKind) -> bool:
        """Whether orders of `kind` take this step."""
        return not self.only_for or kind in self.only_for

    def is_ripe(self, delivered_at: datetime, due: Due, calendar: WorkingCalendar, at: datetime) -> bool:
        """Whether its moment has come and the word of it is still true: nothing is soon due once it is overdue."""
        start = local_date(delivered_at) if self.since is Start.DELIVERY else due.on
        day = calendar.counted_from(start, self.working_days)
        if at < datetime.combine(day, self.at, SHANGHAI):
            return False
        return self.since is Start.DELIVERY or self.happening is Happening.OVERDUE or at <= due.at

    @model_validator(mode="after")
    def says_what_is_true(self) -> "Step":
        """Nobody is told that something is overdue before it is, nor after it is that it will be."""
        is_after = self.since is Start.DUE and self.working_days > 0
        if is_after is not (self.happening is Happening.OVERDUE):
            raise ValueError(f"step {self.name}: 'overdue' is for steps after the day on which an order is due")
        return self


class PauseRule(Part):
    """Who may pause a clock, and for what."""

    allowed: list[Role]
    reasons: list[PauseReason] = Field(min_length=1)


class Plan(Part):
    """One version of the plan."""

    version: int = Field(ge=FIRST_PLAN)
    pauses: PauseRule
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def names_differ(self) -> "Plan":
        """A step is known by its name."""
        names = [step.name for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("two steps have the same name")
        return self


@dataclass(frozen=True, slots=True)
class Plans:
    """Every plan that was ever kept."""

    by_version: Mapping[int, Plan]

    def knows(self, version: int | None) -> bool:
        """Whether the plan of such an order is among these."""
        return bool(self.by_version) if version is None else version in self.by_version

    def of(self, version: int | None) -> Plan:
        """The plan of an order; one delivered before plans were kept runs by the first."""
        return self.by_version[version or min(self.by_version)]


_read_last: WeakKeyDictionary[Engine, Plans] = WeakKeyDictionary()


def keep_plans(session: Session, folder: Path, at: datetime) -> None:
    """Keep the plans in `folder` that are new; `UnsafeToStartError` for one that changed under running orders."""
    kept: dict[int, dict[str, Any]] = dict(session.execute(select(ClockPlan.version, ClockPlan.content)).all())
    plans = [_read(path) for path in sorted(folder.glob("*.yaml"), key=lambda path: (len(path.stem), path.stem))]
    if not plans and not kept:
        raise UnsafeToStartError(f"{folder} holds no plan; the system administrator must put 1.yaml there.")
    for plan in plans:
        content: dict[str, Any] = plan.model_dump(mode="json")
        if plan.version not in kept:
            session.add(ClockPlan(version=plan.version, content=content, kept_at=at))
        elif Plan.model_validate(kept[plan.version]) != plan:
            raise UnsafeToStartError(
                f"{folder / str(plan.version)}.yaml was changed, but orders run by plan {plan.version} as it was. "
                f"The system administrator must restore the file and write the change into {max(kept) + 1}.yaml."
            )


def kept_plans(session: Session) -> Plans:
    """The plans as they were kept."""
    rows = session.execute(select(ClockPlan.version, ClockPlan.content)).all()
    plans = _read_last[session.get_bind().engine] = Plans(
        {version: Plan.model_validate(content) for version, content in rows}
    )
    return plans


def kept_plan(session: Session, version: int | None) -> Plan:
    """The plan of an order. What is kept never changes, so plans are read again only for one that is not known yet."""
    known = _read_last.get(session.get_bind().engine)
    return (known if known and known.knows(version) else kept_plans(session)).of(version)


def _read(path: Path) -> Plan:
    try:
        plan = Plan.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise UnsafeToStartError(f"{path} is not a plan; the system administrator must mend it: {error}") from error
    if path.stem != str(plan.version):
        raise UnsafeToStartError(f"{path} holds plan {plan.version}; the file must be named {plan.version}.yaml.")
    return plan
