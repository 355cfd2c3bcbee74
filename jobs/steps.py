"""The step log `ops.step`: what each step of a night did, how long it took, and from which inputs.

A step whose inputs did not change since is not done again; its recorded result stands.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from structlog.contextvars import bound_contextvars

from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.tables import rows_where

Report = dict[str, Any]


@dataclass(frozen=True)
class StepResult:
    """A step's report; `repeated` where the recorded one was taken over."""

    report: Report
    seconds: float
    repeated: bool


def fingerprint_of(*inputs: object) -> str:
    """A digest of everything a step's result depends on."""
    text = json.dumps(inputs, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def recorded_step(installation: Installation, business_date: date, step: str) -> tuple[str, Report] | None:
    """The fingerprint and report of the last run of a step, if there was one."""
    if not installation.warehouse.exists("ops.step"):
        return None
    rows = installation.warehouse.rows("ops.step", rows_where(business_date=business_date, step=step)).to_pylist()
    return (rows[0]["fingerprint"], json.loads(rows[0]["report"])) if rows else None


def run_step(
    installation: Installation,
    business_date: date,
    step: str,
    fingerprint: str | None,
    work: Callable[[], Report],
    *,
    is_lost: bool = False,
) -> StepResult:
    """Do the step unless it was done from the same inputs and what it made is not lost; with no fingerprint, always."""
    started = time.monotonic()
    recorded = recorded_step(installation, business_date, step)
    if recorded and fingerprint is not None and recorded[0] == fingerprint and not is_lost:
        return StepResult(recorded[1], time.monotonic() - started, repeated=True)
    report = _told(installation, business_date, step, work)
    seconds = time.monotonic() - started
    if recorded != (fingerprint or "", report):
        record_step(installation, business_date, step, report, seconds, fingerprint or "")
    return StepResult(report, seconds, repeated=False)


def _told(installation: Installation, business_date: date, step: str, work: Callable[[], Report]) -> Report:
    # Here, because it takes a second that a step needs only where it has something to do.
    from jobs.lineage_events.events import told

    named = bound_contextvars(business_date=business_date.isoformat(), step=step)
    with named, told(installation.settings, business_date, step):
        return work()


def record_step(
    installation: Installation,
    business_date: date,
    step: str,
    report: Report,
    seconds: float = 0.0,
    fingerprint: str = "",
) -> None:
    """Record what a step did, in place of what was recorded of it."""
    table = definition("ops.step")
    row = {
        "business_date": business_date,
        "step": step,
        "fingerprint": fingerprint,
        "seconds": seconds,
        "report": json.dumps(report, default=str, ensure_ascii=False, sort_keys=True),
    }
    rows = pa.Table.from_pylist([row], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_where(business_date=business_date, step=step))
