"""What was ingested of one class before: read once for a delivery, asked many times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.ingest import ledger
from jobs.ingest.arrival import Arrival, base_id
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from schemas.delivery import Manifest


@dataclass(frozen=True)
class ClassHistory:
    """The class's ingested deliveries, by the night that took them in."""

    ingested: Sequence[DeliveryRecord]

    def of_this_name(self, manifest: Manifest) -> list[DeliveryRecord]:
        """Those whose manifest bore the same name, whatever bytes they had."""
        return [record for record in self.ingested if base_id(record.delivery_id) == manifest.delivery_id]

    def same_delivery(self, arrival: Arrival) -> DeliveryRecord | None:
        """The one of the same name and bytes."""
        same_name = self.of_this_name(arrival.manifest)
        return next((record for record in same_name if record.content_hash == arrival.content_hash), None)

    def same_content(self, arrival: Arrival) -> DeliveryRecord | None:
        """One of the same bytes, so that nothing can be new; not where this manifest says something else of them.

        A snapshot is compared with the newest one only: what it says may have been otherwise in between.
        """
        manifest = arrival.manifest
        among = self.ingested if manifest.mode == "incremental" else self._newest_snapshot()
        same = (record for record in among if record.content_hash == arrival.content_hash)
        return next((record for record in same if record.received == manifest.row_count), None)

    def overtakes(self, manifest: Manifest) -> bool:
        """Whether a complete snapshot of a newer period is known: it says all that this delivery could."""
        return any(record.mode == "full" and record.period_end > manifest.period_end for record in self.ingested)

    def last(self, mode: str, count: int, apart_from: str) -> list[DeliveryRecord]:
        """The last deliveries in a mode, newest first."""
        found = [record for record in self.ingested if record.mode == mode and record.delivery_id != apart_from]
        return found[::-1][:count]

    def _newest_snapshot(self) -> Sequence[DeliveryRecord]:
        newest = max(self.ingested, key=_newness, default=None)
        return [newest] if newest and newest.mode == "full" else []


def history_of(installation: Installation, extract_class: str) -> ClassHistory:
    """The history of a class as the ledger has it now."""
    found = ledger.records(installation, extract_class=extract_class, status="ingested")
    return ClassHistory(sorted(found, key=lambda record: (record.business_date, record.delivery_id)))


def _newness(record: DeliveryRecord) -> tuple[date, date, str]:
    return record.period_end, record.business_date, record.delivery_id
