"""One department's night: every delivery is read, judged, held or kept as row versions."""

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import structlog
from pydantic import ValidationError
from structlog.contextvars import bound_contextvars

from jobs.errors import DeliveryHeldError
from jobs.ingest import ledger
from jobs.ingest.arrival import Arrival, next_id
from jobs.ingest.batch import Batch, Delivery, open_batch
from jobs.ingest.decisions import Decision, decision_among, decisions, rejected_record
from jobs.ingest.doubts import hold_doubtful
from jobs.ingest.field_profile import keep_profile
from jobs.ingest.history import ClassHistory, history_of
from jobs.ingest.holds import delivery_of, held_record, hold_broken_promises, manifest_of_name, unreadable_manifest
from jobs.ingest.ledger import DeliveryRecord
from jobs.ingest.repairs import keep_repairs
from jobs.ingest.sealing import seal_identities
from jobs.ingest.versions import Comparison, Counts, as_versions
from jobs.installation import Installation
from jobs.ods import ods_table
from schemas.delivery import Manifest
from warehouse.definitions import TableDefinition, definition
from warehouse.gathering import Gathering
from warehouse.tables import rows_where

if TYPE_CHECKING:
    from jobs.ingest.validation import BatchValidator

log = structlog.get_logger(__name__)


class DepartmentNight:
    """One department's deliveries of one night; they share a validator and so one Data Docs site.

    What deliveries leave is gathered and committed at the end: first what goes to vault and quarantine, so
    that nobody whom a row version names is missing there; then the row versions; last the ledger. A delivery
    that is not in the ledger is taken in again.
    """

    def __init__(self, installation: Installation, department: str, business_date: date) -> None:
        self.installation = installation
        self.department = department
        self.business_date = business_date
        self._gathering = Gathering(installation.warehouse)
        self._versions: list[tuple[TableDefinition, list[str], str]] = []
        self._gathered: list[DeliveryRecord] = []
        self.docs_folder = installation.settings.reports_folder / "data_docs" / business_date.isoformat() / department

    def ingest(self, manifest_path: Path) -> DeliveryRecord:
        """Take in one delivery, or recognise it, or hold it; returns its line of the ledger."""
        try:
            manifest = Manifest.model_validate_json(manifest_path.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError) as unreadable:
            named = manifest_of_name(self.department, self.business_date, manifest_path)
            arrival = self._arrival(named, manifest_path, history_of(self.installation, named.extract_class))
            with bound_contextvars(delivery_id=arrival.delivery_id):
                return self._rejected(arrival) or self._held(arrival, unreadable_manifest(manifest_path, unreadable))
        if any(record.extract_class == manifest.extract_class for record in self._gathered):
            self.commit()
        history = history_of(self.installation, manifest.extract_class)
        arrival = self._arrival(manifest, manifest_path, history)
        if known := history.same_delivery(arrival):
            log.info("delivery already ingested", delivery_id=known.delivery_id)
            return known
        with bound_contextvars(delivery_id=arrival.delivery_id):
            return self._rejected(arrival) or self._ingest_or_hold(arrival, history)

    def _arrival(self, manifest: Manifest, path: Path, history: ClassHistory) -> Arrival:
        ingested = [record.delivery_id for record in history.of_this_name(manifest)]
        return Arrival(manifest, path.parent, self.business_date, next_id(manifest, ingested))

    def _decision(self, arrival: Arrival) -> Decision | None:
        return decision_among(self._decisions, arrival.delivery_id, arrival.content_hash)

    @cached_property
    def _decisions(self) -> list[Decision]:
        return decisions(self.installation)

    def _rejected(self, arrival: Arrival) -> DeliveryRecord | None:
        """The ledger line of a delivery that a person rejected; None where nobody did."""
        decision = self._decision(arrival)
        if decision is None or decision.verdict == "released":
            return None
        line = ledger.held_record_of(arrival, arrival.manifest.row_count, "", "", releasable=False)
        return self._record(rejected_record(line, decision))

    def _ingest_or_hold(self, arrival: Arrival, history: ClassHistory) -> DeliveryRecord:
        try:
            return self._record(self._ingest_delivery(delivery_of(arrival), history))
        except DeliveryHeldError as held:
            return self._held(arrival, held)

    def _held(self, arrival: Arrival, held: DeliveryHeldError) -> DeliveryRecord:
        record = held_record(arrival, held)
        log.error("delivery held", delivery_id=record.delivery_id, reason=record.held_reason)
        return self._record(record)

    def _record(self, record: DeliveryRecord) -> DeliveryRecord:
        self._gathered.append(record)
        log.info("delivery recorded", **ledger.as_counts(record))
        return record

    def commit(self) -> None:
        """Commit what was gathered so far, the ledger last."""
        self._gathering.commit()
        self.installation.vault.committed()
        for table, files, delivery_id in self._versions:
            self.installation.warehouse.replace(table.name, files, rows_where(delivery_id=delivery_id))
        if self._gathered:
            ledger.write_records(self.installation, self._gathered)
        self._versions, self._gathered = [], []

    def _ingest_delivery(self, delivery: Delivery, history: ClassHistory) -> DeliveryRecord:
        delivery.check_hashes()
        if earlier := history.same_content(delivery.arrival):
            return ledger.record_of(delivery.arrival, Counts(earlier.received, 0, 0, earlier.received))
        batch = open_batch(delivery, self.installation.person_keys)
        with batch.connection:
            hold_broken_promises(batch, delivery, self._validator)
            counts = self._keep_versions(batch, delivery, history)
        del batch
        # Arrow keeps what it no longer needs; the department beside this one may need it.
        pa.default_memory_pool().release_unused()
        return ledger.record_of(delivery.arrival, counts)

    def write_data_docs(self) -> None:
        """Write the department's Data Docs where any batch was judged."""
        if "_validator" in self.__dict__:
            self._validator.write_data_docs()

    @cached_property
    def _validator(self) -> "BatchValidator":
        # Great Expectations takes seconds to import; a night without deliveries does not need it.
        from jobs.ingest.validation import BatchValidator

        return BatchValidator(self.docs_folder)

    def _keep_versions(self, batch: Batch, delivery: Delivery, history: ClassHistory) -> Counts:
        warehouse = self.installation.warehouse
        table = ods_table(delivery.contract)
        warehouse.ensure(table)
        overtaken = history.overtakes(delivery.manifest)
        known_files = warehouse.files(table.name)
        comparison = Comparison(batch, delivery, known_files, overtaken)
        if not overtaken and self._decision(delivery.arrival) is None:
            hold_doubtful(self.installation, comparison, history)
        deleted = self._deletions(comparison) if delivery.manifest.mode == "full" and not overtaken else None
        seal_identities(comparison, self.installation, self._gathering)
        self._gathering.put(definition("quarantine.row"), comparison.problems(), delivery.delivery_id)
        keep_repairs(batch, delivery, self._gathering)
        versions = as_versions(delivery, comparison.new_versions())
        if deleted is not None and deleted.num_rows:
            parts = [versions, as_versions(delivery, deleted)]
            versions = pa.concat_tables(part.cast(table.schema) for part in parts)
        self._versions.append((table, warehouse.write_file(table, versions), delivery.delivery_id))
        keep_profile(batch, delivery, self._gathering)
        return replace(comparison.counts(), deleted=deleted.num_rows if deleted is not None else 0)

    def _deletions(self, comparison: Comparison) -> pa.Table | None:
        if not comparison.deletable(self._unreadable_last_time(comparison.delivery)):
            return None
        return comparison.deletions()

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
