"""Dispatch: warnings become work for people. The only job that opens the vault.

The outbox is what ads.warning holds and ads.disposition does not answer yet: a warning is in it
from the moment it exists until the case service has said what became of it. With the service
down nothing is lost and nothing is sent twice, because a repeated PUT gets the first answer. With
the warnings goes how fresh every source is.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from math import inf
from typing import Any

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.claims.grouping import URGENCY
from jobs.errors import CaseServiceUnreachableError
from jobs.freshness_told import send_freshness
from jobs.installation import Installation
from jobs.steps import Report, StepResult, run_step
from jobs.warning_messages import messages_of
from schemas.messages import Disposition, DispositionKind
from warehouse.definitions import definition
from warehouse.tables import rows_until, rows_where

log = structlog.get_logger(__name__)

RESIDENCE_UNKNOWN = "residence_unknown"
RESIDENCE_RETRY_DAYS = 30

Row = dict[str, Any]


def dispatch(installation: Installation, business_date: date) -> StepResult:
    """Deliver the outbox as of the date; reports orders opened, joined, withheld, and what is still undelivered."""
    return run_step(installation, business_date, "dispatch", None, lambda: _dispatch(installation, business_date))


def outbox(installation: Installation, business_date: date) -> list[Row]:
    """Warnings up to the date that nobody has answered yet, or whose withholding has run out."""
    if not installation.warehouse.exists("ads.warning"):
        return []
    warnings = installation.warehouse.rows("ads.warning", rows_until("business_date", business_date)).to_pylist()
    settled = _settled_ids(installation, business_date)
    return sorted((row for row in warnings if row["warning_id"] not in settled), key=_by_need)


def _by_need(row: Row) -> tuple[int, float, date, str]:
    """Most urgent first; then by score, those without one last; then the one that has waited longest."""
    score = row["score"] if row["score"] is not None else -inf
    return URGENCY[row["level"]], -score, row["business_date"], row["warning_id"]


def _dispositions(installation: Installation) -> list[Row]:
    if not installation.warehouse.exists("ads.disposition"):
        return []
    rows: list[Row] = installation.warehouse.rows("ads.disposition").to_pylist()
    return rows


def _settled_ids(installation: Installation, business_date: date) -> set[str]:
    return {
        row["warning_id"]
        for row in _dispositions(installation)
        if row["kind"] != DispositionKind.WITHHELD
        or row["expires_on"] > business_date
        or row["business_date"] >= business_date
    }


def _dispatch(installation: Installation, business_date: date) -> Report:
    waiting = outbox(installation, business_date)
    placed = [row for row in waiting if row["household_key"] and row["village_code"]]
    placed_ids = {row["warning_id"] for row in placed}
    unplaced = [_residence_unknown(row, business_date) for row in waiting if row["warning_id"] not in placed_ids]
    _record(installation, business_date, unplaced)
    undelivered = _deliver(installation, business_date, placed) if placed else None
    untold = send_freshness(installation, business_date)
    tonight = [row for row in _dispositions(installation) if row["business_date"] == business_date]
    counts = {kind.value: sum(row["kind"] == kind for row in tonight) for kind in DispositionKind}
    return {**counts, "undelivered": len(outbox(installation, business_date)), "problem": undelivered or untold}


def _residence_unknown(row: Row, business_date: date) -> Disposition:
    return Disposition(
        warning_id=row["warning_id"],
        kind=DispositionKind.WITHHELD,
        reason=RESIDENCE_UNKNOWN,
        expires_on=business_date + timedelta(days=RESIDENCE_RETRY_DAYS),
    )


def _deliver(installation: Installation, business_date: date, rows: Sequence[Row]) -> str | None:
    """PUT the warnings; returns what is wrong where the service cannot be reached."""
    messages = messages_of(installation, rows)
    try:
        for dispositions in CaseServiceClient(installation.settings).put_warnings(business_date, messages):
            _record(installation, business_date, dispositions)
    except CaseServiceUnreachableError as problem:
        log.error("warnings stay in the outbox", reason=str(problem))
        return str(problem)
    return None


def _record(installation: Installation, business_date: date, dispositions: Iterable[Disposition]) -> None:
    new = {item.warning_id: item for item in dispositions}
    if not new:
        return
    table = definition("ads.disposition")
    kept = [
        row
        for row in _dispositions(installation)
        if row["business_date"] == business_date and row["warning_id"] not in new
    ]
    added = [
        {
            "warning_id": item.warning_id,
            "business_date": business_date,
            "kind": item.kind.value,
            "order_number": item.order_number,
            "reason": item.reason,
            "expires_on": item.expires_on,
        }
        for item in new.values()
    ]
    rows = sorted(kept + added, key=lambda row: str(row["warning_id"]))
    installation.warehouse.replace_rows(
        table, pa.Table.from_pylist(rows, schema=table.schema), rows_where(business_date=business_date)
    )
