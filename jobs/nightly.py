"""The whole night, in order. The DAG calls the same steps, one task each."""

import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jobs.alone import STATE, alone, night_alone
from jobs.conform import conform
from jobs.deadlines import deadlines
from jobs.dispatch import dispatch
from jobs.errors import NothingDeliveredError
from jobs.feedback import feedback
from jobs.ingest import ingest_department, ingest_landed, ledger
from jobs.ingest.decisions import released_waiting
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.publish import publish
from jobs.review_findings import STEP as REVIEW_STEP
from jobs.side_by_side import ingest_side_by_side
from jobs.sources.addresses import source_departments
from jobs.sources.pull import pull
from jobs.steps import StepResult, recorded_step, run_step
from jobs.storage_errors import storage_errors_told
from jobs.warn import warn, warn_of_what_landed
from schemas.delivery import business_dates, departments_with_deliveries
from warehouse.tables import rows_where

Step = Callable[[Installation, date], StepResult]


def _one_at_a_time(step: Step) -> Step:
    """The step, so that no other that builds on all departments runs meanwhile."""

    def run(installation: Installation, business_date: date) -> StepResult:
        with alone(installation, STATE), storage_errors_told(installation):
            return step(installation, business_date)

    return run


# After ingest, which goes department by department.
LATER_STEPS: Mapping[str, Step] = {
    "conform": _one_at_a_time(conform),
    "warn": _one_at_a_time(warn),
    "dispatch": _one_at_a_time(dispatch),
    "feedback": _one_at_a_time(feedback),
    "publish": _one_at_a_time(publish),
}
STEPS = ("ingest", *LATER_STEPS)

# Conform, with every table built anew whatever it holds.
rebuild: Step = _one_at_a_time(partial(conform, whole=True))

# What is done as soon as something has landed; the rest is for the night.
ARRIVAL_STEPS: Mapping[str, Step] = {
    "conform": LATER_STEPS["conform"],
    "warn": _one_at_a_time(warn_of_what_landed),
    "dispatch": LATER_STEPS["dispatch"],
}

# What the day goes on with between two nights.
FOLLOW_UP_STEPS: Mapping[str, Step] = {
    "deadlines": _one_at_a_time(deadlines),
    "feedback": LATER_STEPS["feedback"],
}

SHANGHAI = ZoneInfo("Asia/Shanghai")


def latest_business_date(installation: Installation) -> date:
    """The latest date for which anything was delivered. Raises NothingDeliveredError where there is none."""
    dates = business_dates(installation.settings.landing_folder)
    if not dates:
        raise NothingDeliveredError(
            f"No deliveries under {installation.settings.landing_folder}: departments must deliver there, "
            "or run 'shouwang demo' for a made-up city."
        )
    return dates[-1]


def latest_night(installation: Installation) -> date | None:
    """The latest date of which a night was published, if there was one."""
    if not installation.warehouse.exists("ops.step"):
        return None
    published = rows_where(step="publish")
    days = installation.warehouse.rows("ops.step", published, ["business_date"])["business_date"].to_pylist()
    return max(days, default=None)


def departments_of(installation: Installation, business_date: date) -> list[str]:
    """The departments that delivered anything for the date or have a delivery released since.

    Raises NothingDeliveredError where there are none.
    """
    delivered = departments_with_deliveries(installation.settings.landing_folder, business_date)
    released = {record.department for record in released_waiting(installation, business_date)}
    departments = sorted({*delivered, *released})
    if not departments:
        known = ", ".join(str(day) for day in business_dates(installation.settings.landing_folder)[-5:]) or "none"
        raise NothingDeliveredError(
            f"No department delivered anything for {business_date}; dates with deliveries: {known}"
        )
    return departments


def ingest(installation: Installation, business_date: date, department: str) -> StepResult:
    """Ingest one department's deliveries; reports how many there are and which are held, and why."""

    def work() -> dict[str, Any]:
        records = ingest_department(installation, department, business_date)
        held = {record.delivery_id: record.held_reason for record in records if record.status == "held"}
        return {"deliveries": len(records), "held": held}

    with alone(installation, f"ingest.{department}"), storage_errors_told(installation):
        return run_step(installation, business_date, f"ingest.{department}", None, work)


def take_in(
    installation: Installation, business_date: date, department: str, manifest: Path
) -> tuple[DeliveryRecord, float]:
    """Ingest one delivery as known from the date on; returns its line of the ledger and how long that took."""
    started = time.monotonic()
    with alone(installation, f"ingest.{department}"), storage_errors_told(installation):
        record = ingest_landed(installation, department, business_date, manifest)
    return record, time.monotonic() - started


def nightly(
    installation: Installation, business_date: date, on_step: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Run the whole night and return its report (see night_report), with what it changed.

    Another night of this installation that runs already is waited for.
    """
    with night_alone(installation):
        before = totals(installation)
        _run_steps(installation, business_date, on_step)
        return night_report(installation, business_date) | {"changed": changes_since(installation, before)}


def _run_steps(installation: Installation, business_date: date, on_step: Callable[[str], None] | None) -> None:
    tell = on_step or (lambda _: None)
    for department, classes in source_departments(installation.settings).items():
        tell(f"{business_date}: pull {department}")
        pull(installation, business_date, department, classes)
    departments = departments_of(installation, business_date)
    tell(f"{business_date}: ingest {', '.join(departments)}")
    ingest_side_by_side(
        ingest, installation, business_date, departments, lambda name: tell(f"{business_date}: {name} ingested")
    )
    for name, step in LATER_STEPS.items():
        tell(f"{business_date}: {name}")
        step(installation, business_date)


def totals(installation: Installation) -> dict[str, int]:
    """How many row versions, warnings and opened work orders there are in all."""
    versions = sum(record.accepted + record.deleted for record in ledger.records(installation))
    return {
        "row_versions": versions,
        "warnings": _row_count(installation, "ads.warning"),
        "orders": _row_count(installation, "ads.disposition", kind="opened"),
    }


def changes_since(installation: Installation, before: Mapping[str, int]) -> dict[str, int]:
    """What has come to the totals since."""
    return {name: total - before[name] for name, total in totals(installation).items()}


def _row_count(installation: Installation, name: str, **equals: Any) -> int:
    if not installation.warehouse.exists(name):
        return 0
    return int(installation.warehouse.rows(name, rows_where(**equals)).num_rows)


def night_report(installation: Installation, business_date: date) -> dict[str, Any]:
    """What is recorded of a night, whoever ran it; the keys are stable.

    business_date, engine, deliveries[] (extract_class, delivery_id, received, accepted, rejected,
    unchanged, status, held_reason), warnings{model: n} by the model that leads, claims{model: n},
    shadow{model: n}, holds[] and released[] (model_id, extract_class, county_code, held_from,
    held_until, covered_until, due_on), review_findings{model: n}, orders{opened, joined, withheld},
    withheld{reason: n} that night, waiting{reason: n} in all, undelivered, problems[], outcomes,
    seconds{step: s}, published.
    """
    reports = {step: _report_of(installation, business_date, step) for step in LATER_STEPS}
    seconds = _seconds(installation, business_date)
    dispatched = reports["dispatch"]
    problems = [
        *_source_problems(installation, business_date).values(),
        *(reports[step].get("problem") for step in ("dispatch", "feedback")),
    ]
    return {
        "business_date": business_date.isoformat(),
        "engine": installation.settings.engine,
        "deliveries": [
            dict(ledger.as_counts(record)) for record in ledger.records(installation, business_date=business_date)
        ],
        **{name: reports["warn"].get(name, {}) for name in ("warnings", "claims", "shadow")},
        **{name: reports["warn"].get(name, []) for name in ("holds", "released")},
        "review_findings": _report_of(installation, business_date, REVIEW_STEP),
        "orders": {kind: dispatched.get(kind, 0) for kind in ("opened", "joined", "withheld")},
        "withheld": dispatched.get("withheld_tonight", {}),
        "waiting": dispatched.get("waiting", {}),
        "controls": dispatched.get("controls", {}),
        "undelivered": dispatched.get("undelivered", 0),
        "problems": list(dict.fromkeys(problem for problem in problems if problem)),
        "outcomes": reports["feedback"].get("outcomes", 0),
        "seconds": seconds,
        "published": reports["publish"].get("file"),
    }


def _report_of(installation: Installation, business_date: date, step: str) -> dict[str, Any]:
    recorded = recorded_step(installation, business_date, step)
    return recorded[1] if recorded else {}


def _source_problems(installation: Installation, business_date: date) -> dict[str, str]:
    """What kept the date's classes from being read from their databases."""
    reports = [
        _report_of(installation, business_date, f"pull.{department}")
        for department in source_departments(installation.settings)
    ]
    return {name: problem for report in reports for name, problem in report.get("problems", {}).items()}


def _seconds(installation: Installation, business_date: date) -> dict[str, float]:
    if not installation.warehouse.exists("ops.step"):
        return {}
    rows = installation.warehouse.rows("ops.step", rows_where(business_date=business_date)).to_pylist()
    by_step = dict.fromkeys(STEPS, 0.0)
    for row in rows:
        step = row["step"].split(".")[0]
        if step in by_step:
            by_step[step] += row["seconds"]
    return {step: round(seconds, 2) for step, seconds in by_step.items()}
