"""Dispatch: warnings become work for people. The only job that opens the vault.

The outbox is what ads.warning holds and ads.disposition does not answer yet: a warning is in it
from the moment it exists until the case service has said what became of it. With the service
down nothing is lost and nothing is sent twice, because a repeated PUT gets the first answer. With
the warnings goes how fresh every source is.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.errors import CaseServiceUnreachableError
from jobs.freshness_told import covered_until, send_freshness, sources_of
from jobs.installation import Installation
from jobs.people.links import former_keys
from jobs.steps import Report, StepResult, run_step
from schemas.messages import Contact, Disposition, DispositionKind, Level, Text, WarningMessage
from warehouse.definitions import definition
from warehouse.tables import rows_until, rows_where
from warning_models.loader import HelpModel, load_models
from warning_models.render import figures, from_json

log = structlog.get_logger(__name__)

RESIDENCE_UNKNOWN = "residence_unknown"
RESIDENCE_RETRY_DAYS = 30
REGISTER = "household_register"

ASSISTANCE = {
    "tekun": Text(zh="特困人员救助供养", en="extreme-poverty support"),
    "dibao": Text(zh="最低生活保障", en="subsistence allowance"),
    "marginal": Text(zh="低保边缘家庭", en="marginal household"),
    "rigid_expenditure": Text(zh="刚性支出困难家庭", en="rigid-expenditure household"),
    "relapse_monitored": Text(zh="防止返贫监测对象", en="relapse-monitored"),
}

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
    return sorted((row for row in warnings if row["warning_id"] not in settled), key=_urgency)


def _urgency(row: Row) -> tuple[int, str]:
    return list(Level).index(Level(row["level"])), row["warning_id"]


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
    contacts = contacts_of(installation, {row["person_key"] for row in rows})
    models = {model.id: model for model in load_models() if isinstance(model, HelpModel)}
    covered = {day: covered_until(installation, day) for day in {row["business_date"] for row in rows}}
    messages = [
        _message(row, models[row["model_id"]], contacts[row["person_key"]], covered[row["business_date"]])
        for row in rows
    ]
    try:
        for dispositions in CaseServiceClient(installation.settings).put_warnings(business_date, messages):
            _record(installation, business_date, dispositions)
    except CaseServiceUnreachableError as problem:
        log.error("warnings stay in the outbox", reason=str(problem))
        return str(problem)
    return None


def _message(row: Row, model: HelpModel, contact: Contact, covered: Mapping[str, date]) -> WarningMessage:
    evidence = from_json(model, row["evidence"])
    return WarningMessage(
        warning_id=row["warning_id"],
        model_id=row["model_id"],
        model_version=row["model_version"],
        model_title=model.title,
        level=Level(row["level"]),
        person_key=row["person_key"],
        household_key=row["household_key"],
        village_code=row["village_code"],
        grid_code=row["grid_code"],
        reason=Text(zh=row["reason_zh"], en=row["reason_en"]),
        figures=figures(model, evidence),
        receiving=[ASSISTANCE[name] for name in (row["receiving"] or "").split(",") if name],
        quiet_days=model.quiet_days,
        check_at_door=model.check_at_door,
        data_as_of=row["data_as_of"],
        rests_on=sources_of(model, covered),
        contact=contact,
    )


def contacts_of(installation: Installation, person_keys: set[str]) -> dict[str, Contact]:
    """Open the vault for these people: number, and name, phone and address as the register last said.

    Whom the register does not know yet under a changed number, it knows under the former one.
    """
    former = former_keys(installation.warehouse)
    keys = {key: [key, *former.get(key, [])] for key in person_keys}
    every_key = {one for ones in keys.values() for one in ones}
    numbers = installation.vault.numbers_of(every_key)
    contents = installation.vault.contacts_of(every_key, REGISTER)
    return {
        key: _contact(
            next(numbers[one] for one in ones if one in numbers),
            next((contents[one] for one in ones if one in contents), {}),
        )
        for key, ones in keys.items()
    }


def _contact(number: str, content: Mapping[str, str | None]) -> Contact:
    return Contact(
        name=content.get("psn_name") or "姓名不详",
        identity_number=number,
        phone=content.get("phone"),
        address=content.get("address"),
    )


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
