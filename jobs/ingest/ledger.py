"""The delivery ledger `ops.delivery`: what arrived, what became of its rows, what is held and why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import pyarrow as pa

from jobs.ingest.versions import Counts
from jobs.installation import Installation
from schemas.delivery import Manifest
from warehouse.definitions import definition
from warehouse.tables import rows_where


@dataclass(frozen=True)
class DeliveryRecord:
    """One line of the ledger. received = accepted + rejected + unchanged, always."""

    delivery_id: str
    business_date: date
    department: str
    extract_class: str
    mode: str
    status: Literal["ingested", "held"]
    content_hash: str
    period_start: date
    period_end: date
    received: int
    accepted: int
    rejected: int
    unchanged: int
    deleted: int
    held_reason: str | None = None
    held_reason_zh: str | None = None

    def __post_init__(self) -> None:
        if self.received != self.accepted + self.rejected + self.unchanged:
            raise AssertionError(
                f"{self.delivery_id}: {self.received} rows received, but {self.accepted} accepted + "
                f"{self.rejected} rejected + {self.unchanged} unchanged"
            )


def record_of(
    manifest: Manifest,
    content_hash: str,
    counts: Counts,
    held_reason: str | None = None,
    held_reason_zh: str | None = None,
) -> DeliveryRecord:
    """The ledger line of a delivery; with a reason it is held and all its rows count as rejected."""
    return DeliveryRecord(
        delivery_id=manifest.delivery_id,
        business_date=manifest.business_date,
        department=manifest.department,
        extract_class=manifest.extract_class,
        mode=manifest.mode,
        status="held" if held_reason else "ingested",
        content_hash=content_hash,
        period_start=manifest.period_start,
        period_end=manifest.period_end,
        received=counts.received,
        accepted=counts.accepted,
        rejected=counts.rejected,
        unchanged=counts.unchanged,
        deleted=counts.deleted,
        held_reason=held_reason,
        held_reason_zh=held_reason_zh,
    )


def write_record(installation: Installation, record: DeliveryRecord) -> None:
    """Put the line into the ledger, in place of an earlier one of the same delivery."""
    table = definition("ops.delivery")
    rows = pa.Table.from_pylist([asdict(record)], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_where(delivery_id=record.delivery_id))


def records(installation: Installation, **equals: Any) -> list[DeliveryRecord]:
    """Ledger lines with the given values, by delivery id."""
    if not installation.warehouse.exists("ops.delivery"):
        return []
    rows = installation.warehouse.rows("ops.delivery", rows_where(**equals)).to_pylist()
    return sorted((DeliveryRecord(**row) for row in rows), key=lambda record: record.delivery_id)


def record_of_delivery(installation: Installation, delivery_id: str) -> DeliveryRecord | None:
    return next(iter(records(installation, delivery_id=delivery_id)), None)


def as_counts(record: DeliveryRecord) -> Mapping[str, Any]:
    """The part of a line that reports show."""
    return {
        "extract_class": record.extract_class,
        "delivery_id": record.delivery_id,
        "received": record.received,
        "accepted": record.accepted,
        "rejected": record.rejected,
        "unchanged": record.unchanged,
        "status": record.status,
        "held_reason": record.held_reason,
    }
