"""Findings for review go to the case service by a route of their own, where they wait for people and open nothing."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.errors import CaseServiceUnreachableError
from jobs.freshness_told import covered_until, sources_of
from jobs.installation import Installation
from jobs.review_findings import TABLE
from jobs.warning_messages import contacts_of
from schemas.messages import Level, ReviewFindingMessage, Text
from warehouse.definitions import definition
from warehouse.tables import rows_until, rows_where
from warning_models.loader import ReviewModel, load_models
from warning_models.render import figures, from_json

RECEIPT = "ads.review_receipt"

log = structlog.get_logger(__name__)

Row = dict[str, Any]


def send_findings(installation: Installation, business_date: date) -> Row:
    """PUT the findings that the case service did not take yet; says how many it took tonight and how many wait.

    Where the service cannot be reached they wait for the next night, and sent twice they are kept once.
    """
    waiting = _waiting(installation, business_date)
    taken = _put(installation, business_date, waiting) if waiting else 0
    return {"sent": taken, "undelivered": len(waiting) - taken}


def _waiting(installation: Installation, business_date: date) -> list[Row]:
    if not installation.warehouse.exists(TABLE):
        return []
    rows = installation.warehouse.rows(TABLE, rows_until("business_date", business_date)).to_pylist()
    taken = {row["finding_id"] for row in _receipts(installation)}
    models = {model.id for model in load_models() if isinstance(model, ReviewModel)}
    return [row for row in rows if row["finding_id"] not in taken and row["model_id"] in models]


def _receipts(installation: Installation) -> list[Row]:
    if not installation.warehouse.exists(RECEIPT):
        return []
    rows: list[Row] = installation.warehouse.rows(RECEIPT).to_pylist()
    return rows


def _put(installation: Installation, business_date: date, waiting: Sequence[Row]) -> int:
    taken = 0
    client = CaseServiceClient(installation.settings)
    try:
        for ids in client.put_review_findings(business_date, _messages(installation, waiting)):
            _record(installation, business_date, ids)
            taken += len(ids)
    except CaseServiceUnreachableError as unreachable:
        log.error("findings for review wait", reason=str(unreachable))
    return taken


def _messages(installation: Installation, rows: Sequence[Row]) -> list[ReviewFindingMessage]:
    contacts = contacts_of(installation, {row["person_key"] for row in rows})
    models = {model.id: model for model in load_models() if isinstance(model, ReviewModel)}
    covered = {day: covered_until(installation, day) for day in {row["business_date"] for row in rows}}
    return [
        ReviewFindingMessage(
            finding_id=row["finding_id"],
            model_id=row["model_id"],
            model_version=row["model_version"],
            model_title=models[row["model_id"]].title,
            level=Level(row["level"]),
            person_key=row["person_key"],
            household_key=row["household_key"],
            village_code=row["village_code"],
            source_count=row["source_count"],
            reason=Text(zh=row["reason_zh"], en=row["reason_en"]),
            figures=figures(models[row["model_id"]], from_json(models[row["model_id"]], row["evidence"])),
            data_as_of=row["data_as_of"],
            rests_on=sources_of(models[row["model_id"]], covered[row["business_date"]]),
            contact=contacts[row["person_key"]],
        )
        for row in rows
    ]


def _record(installation: Installation, business_date: date, ids: Sequence[str]) -> None:
    table = definition(RECEIPT)
    of_tonight = [row for row in _receipts(installation) if row["business_date"] == business_date]
    new = [{"finding_id": one, "business_date": business_date} for one in ids]
    rows = sorted([*of_tonight, *new], key=lambda row: str(row["finding_id"]))
    installation.warehouse.replace_rows(
        table, pa.Table.from_pylist(rows, schema=table.schema), rows_where(business_date=business_date)
    )
