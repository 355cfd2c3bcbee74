"""One department's night: every delivery is read, judged, held or kept as row versions."""

from collections import Counter
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from jobs.errors import DeliveryHeldError
from jobs.ingest import ledger
from jobs.ingest.batch import Batch, Delivery, open_batch
from jobs.ingest.holds import delivery_of, held_record, hold_broken_promises, hold_shrunken, unreadable_manifest
from jobs.ingest.ledger import DeliveryRecord
from jobs.ingest.sealing import seal_identities
from jobs.ingest.versions import (
    Counts,
    add_deletions,
    compare_with_known,
    count_rows,
    deletable,
    write_quarantine,
    write_versions,
)
from jobs.installation import Installation
from jobs.ods import ods_table
from schemas.delivery import Manifest
from warehouse.definitions import definition
from warehouse.tables import rows_where

if TYPE_CHECKING:
    from jobs.ingest.validation import BatchValidator

log = structlog.get_logger(__name__)


class DepartmentNight:
    """One department's deliveries of one night; they share a validator and so one Data Docs site."""

    def __init__(self, installation: Installation, department: str, business_date: date) -> None:
        self.installation = installation
        self.department = department
        self.business_date = business_date
        self.docs_folder = installation.settings.reports_folder / "data_docs" / business_date.isoformat() / department

    def ingest(self, manifest_path: Path) -> DeliveryRecord:
        try:
            manifest = Manifest.model_validate_json(manifest_path.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError) as unreadable:
            record = unreadable_manifest(self.department, self.business_date, manifest_path, unreadable)
            ledger.write_record(self.installation, record)
            return record
        known = ledger.record_of_delivery(self.installation, manifest.delivery_id)
        if known is not None and known.status == "ingested":
            log.info("delivery already ingested", delivery_id=manifest.delivery_id)
            return known
        try:
            record = self._ingest_delivery(delivery_of(manifest, manifest_path.parent))
        except DeliveryHeldError as held:
            record = held_record(manifest, held)
            log.error("delivery held", delivery_id=manifest.delivery_id, reason=record.held_reason)
        ledger.write_record(self.installation, record)
        log.info("delivery recorded", **ledger.as_counts(record))
        return record

    def _ingest_delivery(self, delivery: Delivery) -> DeliveryRecord:
        delivery.check_hashes()
        if earlier := self._same_content_before(delivery):
            counts = Counts(earlier.received, 0, 0, earlier.received)
            return ledger.record_of(delivery.manifest, delivery.content_hash, counts)
        batch = open_batch(delivery, self.installation.pseudonymiser)
        with batch.connection:
            hold_broken_promises(batch, delivery, self._validator, self.installation.settings.work_folder)
            counts = self._keep_versions(batch, delivery)
        return ledger.record_of(delivery.manifest, delivery.content_hash, counts)

    def _same_content_before(self, delivery: Delivery) -> DeliveryRecord | None:
        """An ingested delivery of the same bytes, unless this manifest says something else of them."""
        same = ledger.records(self.installation, content_hash=delivery.content_hash, status="ingested")
        fitting = (record for record in same if record.received == delivery.manifest.row_count)
        return next(fitting, None)

    def write_data_docs(self) -> None:
        """Write the department's Data Docs where any batch was judged."""
        if "_validator" in self.__dict__:
            self._validator.write_data_docs()

    @cached_property
    def _validator(self) -> "BatchValidator":
        # Great Expectations takes seconds to import; a night without deliveries does not need it.
        from jobs.ingest.validation import BatchValidator

        return BatchValidator(self.docs_folder)

    def _keep_versions(self, batch: Batch, delivery: Delivery) -> Counts:
        warehouse = self.installation.warehouse
        table, quarantine = ods_table(delivery.contract), definition("quarantine.row")
        warehouse.ensure(table)
        warehouse.ensure(quarantine)
        compare_with_known(batch, delivery, warehouse.files(table.name), self.installation.pseudonymiser)
        deleted = 0
        if delivery.manifest.mode == "full":
            hold_shrunken(batch, delivery)
            if deletable(batch, delivery.contract, self._unreadable_last_time(delivery)):
                deleted = add_deletions(batch, delivery.contract)
        here = rows_where(delivery_id=delivery.delivery_id)
        seal_identities(batch, delivery, self.installation)
        warehouse.replace(quarantine.name, write_quarantine(batch, delivery, warehouse.new_path(quarantine.name)), here)
        warehouse.replace(table.name, write_versions(batch, delivery, warehouse.new_path(table.name)), here)
        counts = count_rows(batch)
        return Counts(counts.received, counts.accepted, counts.rejected, counts.unchanged, deleted)

    def _unreadable_last_time(self, delivery: Delivery) -> Counter[str]:
        """The masked identity numbers of the rows that the class's previous delivery could not tell apart."""
        earlier = [
            record.delivery_id
            for record in ledger.records(self.installation, extract_class=delivery.manifest.extract_class)
            if record.status == "ingested" and record.delivery_id < delivery.delivery_id
        ]
        if not earlier:
            return Counter()
        rows = self.installation.warehouse.rows("quarantine.row", rows_where(delivery_id=max(earlier))).to_pylist()
        return Counter(row["masked_identity"] for row in rows if row["reason"].startswith("identity_"))
