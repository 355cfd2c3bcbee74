"""As it lands: a delivery that arrives between two nights goes through to work orders at once.

It belongs to the date of the folder it lies in, unless a later business date was begun: then to that one, because
what an earlier night knew never changes. On that date it does what the night would do with it alone: the night may come
before or after, and gives the same warnings under the same ids. Reviews, control visits, feedback and publishing are
for the night.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from jobs.alone import night_alone
from jobs.claims.keeping import WARNING
from jobs.dispositions import dispositions
from jobs.installation import Installation
from jobs.landed import STEP, Landed, landed_at, latest_taken_in, waiting
from jobs.nightly import ARRIVAL_STEPS, LATER_STEPS, take_in
from jobs.steps import record_step, recorded_step
from schemas.messages import DispositionKind
from warehouse.tables import rows_where

log = structlog.get_logger(__name__)

COUNTED = ("received", "accepted", "rejected", "unchanged", "deleted")

Report = dict[str, Any]


def look(
    installation: Installation,
    until: date | None = None,
    longest_wait: float = 0.0,
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Report]:
    """Take in everything that has landed, one delivery after the other; gives a report of each.

    First what an earlier look left half done. Folders dated after `until` are left. Ends between two deliveries once
    `is_over`. Raises BusyError where a night still runs after the longest wait.
    """
    for landed in dict.fromkeys([*_left_half_done(installation), *waiting(installation, until)]):
        if is_over():
            return
        yield taken_through(installation, landed, longest_wait)
    _send_what_waits(installation, longest_wait)


def has_work(installation: Installation, until: date | None = None) -> bool:
    """Whether a look would find anything to take in."""
    return bool(_left_half_done(installation)) or any(True for _ in waiting(installation, until))


def told(report: Report) -> str:
    """One line about a delivery: what came in and what came of it."""
    rows = ", ".join(f"{report[name]} {name}" for name in COUNTED if report[name])
    line = f"{report['business_date']} {report['delivery_id']}: {report['status']}, {rows or 'no rows'}"
    if report["held_reason"]:
        return f"{line}; {report['held_reason']}"
    orders = ", ".join(f"{count} {kind}" for kind, count in report["orders"].items())
    problem = f"; {report['problem']}" if report["problem"] else ""
    return f"{line}; {report['warnings']} warnings, orders: {orders}; {sum(report['seconds'].values()):.1f} s{problem}"


def taken_through(installation: Installation, landed: Landed, longest_wait: float = 0.0) -> Report:
    """Take one delivery through to dispatched work orders; a second time changes nothing.

    Reports the ledger's line, how many warnings and orders came of it, and what keeps any from delivery.
    """
    with night_alone(installation, longest_wait):
        business_date = max(landed.landed_on, latest_taken_in(installation) or landed.landed_on)
        begun = {"finished": False, "manifest": str(landed.manifest)}
        record_step(installation, business_date, landed.step, begun)
        before = _standing(installation, business_date)
        record, ingested = take_in(installation, business_date, landed.department, landed.manifest)
        seconds = {"ingest": ingested}
        problem = None
        if record.status == "ingested" and latest_taken_in(installation) == business_date:
            for name, step in ARRIVAL_STEPS.items():
                result = step(installation, business_date)
                seconds[name] = result.seconds
            problem = result.report.get("problem")
        after = _standing(installation, business_date)
        report = {
            "business_date": business_date.isoformat(),
            "delivery_id": record.delivery_id,
            "status": record.status,
            **{name: getattr(record, name) for name in COUNTED},
            "held_reason": record.held_reason,
            "warnings": after["warnings"] - before["warnings"],
            "orders": {kind.value: after[kind] - before[kind] for kind in DispositionKind},
            "problem": problem,
            "seconds": {name: round(value, 2) for name, value in seconds.items()},
        }
        finished = {**begun, **report, "finished": True}
        content = landed.identity[1]
        record_step(installation, business_date, landed.step, finished, sum(seconds.values()), content)
    return report


def _standing(installation: Installation, business_date: date) -> dict[str, int]:
    of_date = rows_where(business_date=business_date)
    warehouse = installation.warehouse
    warned = warehouse.rows(WARNING, of_date, ["warning_id"]).num_rows if warehouse.exists(WARNING) else 0
    kinds = [row["kind"] for row in dispositions(installation, business_date)]
    return {"warnings": warned, **{kind.value: kinds.count(kind) for kind in DispositionKind}}


def _left_half_done(installation: Installation) -> list[Landed]:
    """The deliveries of the latest date that were begun and not finished; a later night takes care of earlier ones."""
    latest = latest_taken_in(installation)
    if latest is None or not installation.warehouse.exists("ops.step"):
        return []
    rows = installation.warehouse.rows("ops.step", rows_where(business_date=latest)).to_pylist()
    reports = [json.loads(row["report"]) for row in rows if row["step"].startswith(STEP)]
    manifests = sorted(Path(report["manifest"]) for report in reports if not report["finished"])
    return [landed_at(path) for path in manifests if path.exists()]


def _send_what_waits(installation: Installation, longest_wait: float) -> None:
    """Try again where the case service could not be reached."""
    latest = latest_taken_in(installation)
    recorded = recorded_step(installation, latest, "dispatch") if latest else None
    if latest and recorded and recorded[1].get("undelivered"):
        with night_alone(installation, longest_wait):
            LATER_STEPS["dispatch"](installation, latest)
