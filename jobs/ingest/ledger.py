"""The delivery ledger `ops.delivery`: what arrived, what became of its rows, what is held and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import pyarrow as pa

from jobs.ingest.arrival import Arrival
from jobs.ingest.versions import Counts
from jobs.installation import Installation
from schemas.loader import contracts
from warehouse.definitions import definition
from warehouse.tables import rows_among, rows_where


@dataclass(frozen=True)
class DeliveryRecord:
    """One line of the ledger. received = accepted + rejected + unchanged, always."""

    delivery_id: str
    business_date: date
    department: str
    extract_class: str
    mode: str
    status: Literal["ingested", "held", "rejected"]
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
    landed_on: date | None = None
    promised_on: date | None = None
    is_late: bool | None = None
    releasable: bool | None = None
    counties: str | None = None

    def __post_init__(self) -> None:
        if self.received != self.accepted + self.rejected + self.unchanged:
            raise AssertionError(
                f"{self.delivery_id}: {self.received} rows received, but {self.accepted} accepted + "
                f"{self.rejected} rejected + {self.unchanged} unchanged"
            )


def record_of(arrival: Arrival, counts: Counts) -> DeliveryRecord:
    """The ledger line of an ingested delivery."""
    manifest = arrival.manifest
    contract = contracts().get(manifest.extract_class)
    return DeliveryRecord(
        delivery_id=arrival.delivery_id,
        business_date=arrival.known_on,
        department=manifest.department,
        extract_class=manifest.extract_class,
        mode=manifest.mode,
        status="ingested",
        content_hash=arrival.content_hash,
        period_start=manifest.period_start,
        period_end=manifest.period_end,
        received=counts.received,
        accepted=counts.accepted,
        rejected=counts.rejected,
        unchanged=counts.unchanged,
        deleted=counts.deleted,
        landed_on=arrival.landed_on,
        promised_on=manifest.business_date,
        is_late=arrival.is_late(contract.latency_days) if contract else None,
        counties=",".join(sorted(manifest.counties)) or None,
    )


def held_record_of(arrival: Arrival, received: int, reason: str, reason_zh: str, releasable: bool) -> DeliveryRecord:
    """The ledger line of a held delivery: all its rows count as rejected.

    Only what may be released keeps its hash: a decision holds for these bytes.
    """
    line = record_of(arrival, Counts(received, 0, received, 0))
    return replace(
        line,
        status="held",
        content_hash=line.content_hash if releasable else "",
        held_reason=reason,
        held_reason_zh=reason_zh,
        releasable=releasable,
    )


def write_records(installation: Installation, lines: Sequence[DeliveryRecord]) -> None:
    """Put the lines into the ledger in one commit, in place of earlier ones of the same deliveries."""
    table = definition("ops.delivery")
    rows = pa.Table.from_pylist([asdict(line) for line in lines], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, rows_among("delivery_id", {line.delivery_id for line in lines}))


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
