"""What a scheduler's tasks call: the steps of a night by name, with dates and departments as text."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import structlog

from jobs import approval, watch
from jobs.alerts import standing
from jobs.alone import LONGEST_WAIT_SECONDS
from jobs.errors import AlertsStandError, DeliveriesHeldError, SourceError
from jobs.installation import Installation, this_installation
from jobs.logs import named_run
from jobs.nightly import FOLLOW_UP_STEPS, LATER_STEPS, SHANGHAI, departments_of, ingest
from jobs.sources.addresses import source_departments
from jobs.sources.pull import pull

log = structlog.get_logger(__name__)


def business_date_of(given: str | None, run_after: datetime) -> date:
    """The date a run is for: the one given, else the Shanghai day on which it starts."""
    return date.fromisoformat(given) if given else run_after.astimezone(SHANGHAI).date()


@named_run()
def run_step(step: str, day: str) -> None:
    """One of the later steps of a night, or of the day's follow-up."""
    {**LATER_STEPS, **FOLLOW_UP_STEPS}[step](this_installation(), date.fromisoformat(day))


@named_run()
def run_department_step(step: str, day: str, department: str) -> None:
    """One of the steps that go department by department; raises after all of it where something needs a person."""
    DEPARTMENT_STEPS[step](this_installation(), date.fromisoformat(day), department)


@named_run()
def has_landed(day: str) -> bool:
    """Whether anything waits in the folders up to a day, or was left half done."""
    return watch.has_work(this_installation(), date.fromisoformat(day))


@named_run()
def take_in_what_landed(day: str) -> list[str]:
    """Take in what waits in the folders up to a day; a line about each delivery.

    Raises DeliveriesHeldError, after all of it, where something needs a person.
    """
    reports = list(watch.look(this_installation(), date.fromisoformat(day), LONGEST_WAIT_SECONDS))
    if held := [report["held_reason"] for report in reports if report["status"] == "held"]:
        raise DeliveriesHeldError("; ".join(held))
    return [watch.told(report) for report in reports]


@named_run()
def raise_alerts() -> None:
    """Raise AlertsStandError with all that stands, each with who must do what."""
    if found := standing(this_installation(), datetime.now(SHANGHAI)):
        log.warning("alerts stand", alerts=[alert.name for alert in found])
        raise AlertsStandError("\n".join(alert.said for alert in found))


@named_run()
def listed(what: str, day: str) -> list[Any]:
    """What a task is mapped over."""
    return LISTINGS[what](this_installation(), date.fromisoformat(day))


def _pull(installation: Installation, business_date: date, department: str) -> None:
    classes = source_departments(installation.settings)[department]
    problems = pull(installation, business_date, department, classes).report["problems"]
    if problems:
        raise SourceError("; ".join(problems.values()))


def _ingest(installation: Installation, business_date: date, department: str) -> None:
    held = ingest(installation, business_date, department).report["held"]
    if held:
        raise DeliveriesHeldError("; ".join(held.values()))


def _sources(installation: Installation, _business_date: date) -> list[Any]:
    """The departments with a database to read."""
    return list(source_departments(installation.settings))


def _held(installation: Installation, _business_date: date) -> list[Any]:
    """A run of the DAG held_delivery for every delivery that waits for a decision; asked once, however many nights."""
    return [
        {"trigger_run_id": approval.question_id(record), "conf": {"delivery_id": record.delivery_id}}
        for record in approval.undecided(installation)
    ]


DEPARTMENT_STEPS: Mapping[str, Callable[[Installation, date, str], None]] = {"pull": _pull, "ingest": _ingest}
LISTINGS: Mapping[str, Callable[[Installation, date], list[Any]]] = {
    "sources": _sources,
    "departments": departments_of,
    "held": _held,
}
