"""Ingest: from landed deliveries to row versions, department by department.

Idempotent by delivery: a delivery in the ledger is not read again; an interrupted one is done
again from the start and leaves the same rows.
"""

from collections import Counter
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from jobs.errors import DeliveryHeldError
from jobs.ingest import ledger
from jobs.ingest.batch import Batch, Delivery, open_batch, write_batch
from jobs.ingest.ledger import DeliveryRecord
from jobs.ingest.reconciliation import write_reconciliation_list
from jobs.ingest.repairs import keep_repairs
from jobs.ingest.sealing import seal_identities
from jobs.ingest.versions import (
    COMPLETENESS_GATE,
    Counts,
    add_deletions,
    compare_with_known,
    count_rows,
    deletable,
    known_count,
    write_quarantine,
    write_versions,
)
from jobs.installation import Installation
from jobs.ods import ods_table
from schemas.delivery import MANIFEST_SUFFIX, Manifest, finished_manifests
from schemas.loader import contracts, department_titles
from warehouse.definitions import definition
from warehouse.tables import rows_where

if TYPE_CHECKING:
    from jobs.ingest.validation import BatchValidator

log = structlog.get_logger(__name__)


def ingest_department(installation: Installation, department: str, business_date: date) -> list[DeliveryRecord]:
    """Ingest all finished deliveries of a department for a date.

    Returns their ledger lines, held ones among them; writes Data Docs and the reconciliation list.
    """
    found = list(finished_manifests(installation.settings.landing_folder, business_date, department))
    work = _DepartmentNight(installation, department, business_date)
    lines = [work.ingest(path) for path in found]
    work.write_data_docs()
    write_reconciliation_list(installation, department, business_date)
    return lines


class _DepartmentNight:
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
            record = _unreadable_manifest(self.department, self.business_date, manifest_path, unreadable)
            ledger.write_record(self.installation, record)
            return record
        known = ledger.record_of_delivery(self.installation, manifest.delivery_id)
        if known is not None and known.status == "ingested":
            log.info("delivery already ingested", delivery_id=manifest.delivery_id)
            return known
        try:
            record = self._ingest_delivery(_delivery(manifest, manifest_path.parent))
        except DeliveryHeldError as held:
            record = _held_record(manifest, held)
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
            self._hold_broken_promises(batch, delivery)
            counts = self._keep_versions(batch, delivery)
        return ledger.record_of(delivery.manifest, delivery.content_hash, counts)

    def _same_content_before(self, delivery: Delivery) -> DeliveryRecord | None:
        """An ingested delivery of the same bytes, unless this manifest says something else of them."""
        same = ledger.records(self.installation, content_hash=delivery.content_hash, status="ingested")
        fitting = (record for record in same if record.received == delivery.manifest.row_count)
        return next(fitting, None)

    def _hold_broken_promises(self, batch: Batch, delivery: Delivery) -> None:
        work = self.installation.settings.work_folder
        work.mkdir(parents=True, exist_ok=True)
        path = work / f"{delivery.delivery_id}.parquet"
        write_batch(batch, delivery.contract, path)
        broken = self._validator.validate(delivery.contract, batch.promise(delivery.manifest), path, batch.columns_fit)
        path.unlink(missing_ok=True)
        if broken:
            details = [f"{item.expectation}: {item.explanation} {item.observed}".strip() for item in broken]
            details_zh = [f"{item.explanation} {item.observed_zh}".strip() for item in broken]
            files = ", ".join(file.name for file in delivery.manifest.files)
            columns, columns_zh = _column_differences(batch)
            raise DeliveryHeldError(
                f"{files} breaks its promise: {'; '.join(details)}{columns}",
                f"文件 {files}: {'; '.join(details_zh)}{columns_zh}",
                batch.received,
            )

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
            self._hold_shrunken(batch, delivery)
            if deletable(batch, delivery.contract, self._unreadable_last_time(delivery)):
                deleted = add_deletions(batch, delivery.contract)
        here = rows_where(delivery_id=delivery.delivery_id)
        seal_identities(batch, delivery, self.installation)
        warehouse.replace(quarantine.name, write_quarantine(batch, delivery, warehouse.new_path(quarantine.name)), here)
        keep_repairs(batch, delivery, self.installation)
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

    def _hold_shrunken(self, batch: Batch, delivery: Delivery) -> None:
        known = known_count(batch)
        if batch.received < known * COMPLETENESS_GATE:
            raise DeliveryHeldError(
                f"{delivery.manifest.files[0].name} is a full delivery of {batch.received} rows where {known} are "
                f"known; fewer than {COMPLETENESS_GATE:.0%} may mean that a part is missing",
                f"全量数据 {batch.received} 行, 而已有 {known} 行, 不足 {COMPLETENESS_GATE:.0%}, 可能缺少一部分",
                batch.received,
            )


def _delivery(manifest: Manifest, folder: Path) -> Delivery:
    contract = contracts().get(manifest.extract_class)
    if contract is None:
        raise DeliveryHeldError(
            f"there is no contract for the class {manifest.extract_class!r}; the data team must write one",
            f"数据类 {manifest.extract_class} 尚无数据契约, 请联系数据团队",
        )
    if manifest.schema_version != contract.schema_version:
        raise DeliveryHeldError(
            f"the manifest says schema version {manifest.schema_version}, the contract knows {contract.schema_version}",
            f"清单的格式版本为 {manifest.schema_version}, 约定的版本为 {contract.schema_version}",
        )
    return Delivery(manifest, contract, folder)


def _held_record(manifest: Manifest, held: DeliveryHeldError) -> DeliveryRecord:
    department = department_titles().get(manifest.department, manifest.department)
    sentence = f"{department} ({manifest.department}) must resend {manifest.delivery_id}: {held}"
    sentence_zh = f"请{department}核对后重报批次 {manifest.delivery_id}: {held.zh}"
    received = manifest.row_count if held.received is None else held.received
    return ledger.record_of(manifest, "", Counts(received, 0, received, 0), sentence, sentence_zh)


def _unreadable_manifest(department: str, day: date, path: Path, problem: ValueError) -> DeliveryRecord:
    stem = path.name.removesuffix(MANIFEST_SUFFIX)
    extract_class, _, sequence = stem.rsplit("_", 2)
    manifest = Manifest.model_construct(
        extract_class=extract_class,
        department=department,
        mode="full",
        business_date=day,
        period_start=day,
        period_end=day,
        sequence=int(sequence) if sequence.isdigit() else 0,
        row_count=0,
    )
    what = problem.errors()[0] if isinstance(problem, ValidationError) else {"loc": ("file",), "msg": str(problem)}
    where = ".".join(str(part) for part in what["loc"]) or "file"
    held = DeliveryHeldError(
        f"{path.name} is no manifest: {where}: {what['msg']}", f"清单文件 {path.name} 无法识别, 问题在 {where}"
    )
    return _held_record(manifest, held)


def _column_differences(batch: Batch) -> tuple[str, str]:
    """What is wrong with the columns, in English and in Chinese; empty where they fit."""
    if batch.columns_fit:
        return "", ""
    missing, unknown = ", ".join(batch.missing_headers) or "-", ", ".join(batch.unknown_headers) or "-"
    return f" (missing columns: {missing}; unknown columns: {unknown})", f" (缺少列: {missing}; 多出列: {unknown})"
