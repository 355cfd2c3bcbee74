"""What people decided on held deliveries: `ops.decision`, to which lines are only added.

A release holds for the bytes that were held, so that nothing else comes in under it; a rejection
holds for the delivery and for the same bytes under any other name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from jobs.errors import DecisionError
from jobs.ingest import ledger
from jobs.ingest.arrival import base_id
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, department_folder
from warehouse.definitions import definition

TABLE = "ops.decision"


@dataclass(frozen=True)
class Decision:
    """Who decided what on which delivery, why and when (UTC)."""

    delivery_id: str
    content_hash: str
    verdict: Literal["released", "rejected"]
    reason: str
    decided_by: str
    decided_at: datetime

    def is_about(self, delivery_id: str, content_hash: str) -> bool:
        if self.verdict == "released":
            return self.delivery_id == delivery_id and self.content_hash == content_hash
        return self.delivery_id == delivery_id or (bool(self.content_hash) and self.content_hash == content_hash)


def decisions(installation: Installation) -> list[Decision]:
    """All decisions, oldest first."""
    if not installation.warehouse.exists(TABLE):
        return []
    rows = installation.warehouse.rows(TABLE).to_pylist()
    return sorted((Decision(**row) for row in rows), key=lambda decision: decision.decided_at)


def decision_among(known: Sequence[Decision], delivery_id: str, content_hash: str) -> Decision | None:
    """The last of the decisions that holds for a delivery of these bytes."""
    about = [item for item in known if item.is_about(delivery_id, content_hash)]
    return about[-1] if about else None


def release(installation: Installation, delivery_id: str, reason: str, by: str, at: datetime) -> Decision:
    """Let a held delivery in at the next ingest. Raises DecisionError where nobody may."""
    record = _held(installation, delivery_id)
    if not record.releasable:
        raise DecisionError(
            f"{delivery_id} cannot be released, because it breaks its manifest or its contract and nobody can say "
            f"what its rows mean; the department must deliver again. Held for: {record.held_reason}"
        )
    return _decide(installation, record, "released", reason, by, at)


def reject(installation: Installation, delivery_id: str, reason: str, by: str, at: datetime) -> Decision:
    """Keep a held delivery out for ever; the ledger says so at once."""
    record = _held(installation, delivery_id)
    decision = _decide(installation, record, "rejected", reason, by, at)
    ledger.write_records(installation, [rejected_record(record, decision)])
    return decision


def rejected_record(record: DeliveryRecord, decision: Decision) -> DeliveryRecord:
    """The ledger line of a delivery that stays out."""
    other = "" if decision.delivery_id == record.delivery_id else f", as the same files in {decision.delivery_id}"
    other_zh = "" if decision.delivery_id == record.delivery_id else f" (与批次 {decision.delivery_id} 文件相同)"
    day = decision.decided_at.date()
    return replace(
        record,
        status="rejected",
        releasable=False,
        held_reason=f"{decision.decided_by} rejected {record.delivery_id} for ever on {day}{other}: {decision.reason}",
        held_reason_zh=f"批次 {record.delivery_id}{other_zh} 已于 {day} 由 {decision.decided_by} 退回, "
        f"不再入库: {decision.reason}",
    )


def released_waiting(installation: Installation, business_date: date) -> list[DeliveryRecord]:
    """Held deliveries that were released and lie in folders of earlier nights, oldest first."""
    released = [item for item in decisions(installation) if item.verdict == "released"]
    held = ledger.records(installation, status="held", releasable=True) if released else []
    waiting = [
        record
        for record in held
        if (record.landed_on or record.business_date) < business_date
        and decision_among(released, record.delivery_id, record.content_hash)
    ]
    return sorted(waiting, key=lambda record: (record.landed_on or record.business_date, record.delivery_id))


def released_manifests(installation: Installation, department: str, business_date: date) -> Iterator[Path]:
    """The manifests of a department's released deliveries that still lie in folders of earlier nights."""
    for record in released_waiting(installation, business_date):
        folder = department_folder(
            installation.settings.landing_folder, record.landed_on or record.business_date, record.department
        )
        _, extract_class, day, sequence = base_id(record.delivery_id).split(".")
        stem = f"{extract_class}_{day}_{sequence}"
        if record.department == department and (folder / f"{stem}{DONE_SUFFIX}").exists():
            yield folder / f"{stem}{MANIFEST_SUFFIX}"


def _held(installation: Installation, delivery_id: str) -> DeliveryRecord:
    record = ledger.record_of_delivery(installation, delivery_id)
    if record is None:
        held = ", ".join(item.delivery_id for item in ledger.records(installation, status="held")) or "none"
        raise DecisionError(f"There is no delivery {delivery_id}; held are: {held}.")
    if record.status != "held":
        said = f": {record.held_reason}" if record.held_reason else ""
        raise DecisionError(f"{delivery_id} is {record.status}, so there is nothing to decide{said}.")
    return record


def _decide(
    installation: Installation,
    record: DeliveryRecord,
    verdict: Literal["released", "rejected"],
    reason: str,
    by: str,
    at: datetime,
) -> Decision:
    if not reason.strip():
        raise DecisionError("Give a reason: whoever reads this in a year must understand it.")
    decision = Decision(record.delivery_id, record.content_hash, verdict, reason.strip(), by, at)
    table = definition(TABLE)
    installation.warehouse.replace_rows(table, pa.Table.from_pylist([asdict(decision)], schema=table.schema), None)
    return decision
