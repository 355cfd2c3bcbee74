"""Control visits go to the case service as what they are, and their answers are kept apart from those of warnings."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.controls.draw import ControlVisit, control_visits
from jobs.errors import CaseServiceUnreachableError
from jobs.installation import Installation
from jobs.warning_messages import contacts_of
from schemas.messages import CONTROL_VISIT, Contact, Disposition, DispositionKind, Level, Text, WarningMessage
from warehouse.definitions import definition
from warehouse.tables import rows_until, rows_where

log = structlog.get_logger(__name__)

DISPOSITION = "ads.control_disposition"
TITLE = Text(zh="抽样走访", en="Control visit")
REASON = Text(
    zh="随机抽取的一户，没有任何预警。请按平常的走访看一看有无困难，用来检验预警有没有遗漏。",
    en="A household drawn by lot; no warning tells of it. Please look as on any visit whether there is hardship: "
    "it shows whether the warnings miss anybody.",
)
LOOK_AT = [Text(zh="如实登记，没有困难也请登记", en="Record what you find, also where there is no hardship")]

Row = dict[str, Any]


def send_controls(installation: Installation, business_date: date) -> Row:
    """PUT the control visits that nobody answered yet; counts what became of them tonight.

    Where the service cannot be reached they wait for the next night, as warnings do.
    """
    waiting = _waiting(installation, business_date)
    problem = _put(installation, business_date, waiting) if waiting else None
    tonight = [
        row for row in control_dispositions(installation, business_date) if row["business_date"] == business_date
    ]
    counts = {kind.value: sum(row["kind"] == kind for row in tonight) for kind in DispositionKind}
    return {**counts, "undelivered": len(waiting) if problem else 0}


def control_dispositions(installation: Installation, until: date) -> list[Row]:
    """What became of each control visit, the latest answer until a date."""
    if not installation.warehouse.exists(DISPOSITION):
        return []
    rows = installation.warehouse.rows(DISPOSITION, rows_until("business_date", until)).to_pylist()
    return list({row["control_id"]: row for row in sorted(rows, key=lambda row: row["business_date"])}.values())


def _waiting(installation: Installation, business_date: date) -> list[ControlVisit]:
    settled = {
        row["control_id"]
        for row in control_dispositions(installation, business_date)
        if row["kind"] != DispositionKind.WITHHELD
        or row["expires_on"] > business_date
        or row["business_date"] == business_date
    }
    return [visit for visit in control_visits(installation, business_date) if visit.control_id not in settled]


def _put(installation: Installation, business_date: date, waiting: Sequence[ControlVisit]) -> str | None:
    contacts = contacts_of(installation, {visit.person_key for visit in waiting})
    messages = [message(visit, contacts[visit.person_key], business_date) for visit in waiting]
    try:
        for answers in CaseServiceClient(installation.settings).put_warnings(business_date, messages):
            _record(installation, business_date, answers)
    except CaseServiceUnreachableError as unreachable:
        log.error("control visits wait", reason=str(unreachable))
        return str(unreachable)
    return None


def message(visit: ControlVisit, contact: Contact, business_date: date) -> WarningMessage:
    """What the case service is told: a visit that says of itself that it was drawn by lot."""
    return WarningMessage(
        warning_id=visit.control_id,
        model_id=CONTROL_VISIT,
        model_version=1,
        model_title=TITLE,
        level=Level.YELLOW,
        person_key=visit.person_key,
        household_key=visit.household_key,
        village_code=visit.village_code,
        grid_code=visit.grid_code,
        reason=REASON,
        figures=[],
        receiving=[],
        quiet_days=0,
        check_at_door=LOOK_AT,
        data_as_of=business_date,
        contact=contact,
    )


def _record(installation: Installation, business_date: date, answers: Iterable[Disposition]) -> None:
    new = {item.warning_id: item for item in answers}
    table = definition(DISPOSITION)
    kept = [
        row
        for row in control_dispositions(installation, business_date)
        if row["business_date"] == business_date and row["control_id"] not in new
    ]
    added = [
        {
            "control_id": item.warning_id,
            "business_date": business_date,
            "kind": item.kind.value,
            "order_number": item.order_number,
            "reason": item.reason,
            "expires_on": item.expires_on,
        }
        for item in new.values()
    ]
    rows = pa.Table.from_pylist(sorted(kept + added, key=lambda row: str(row["control_id"])), schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_where(business_date=business_date))
