"""Why a delivery is held whole, and the ledger line that says so to both sides."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from jobs.errors import DeliveryHeldError
from jobs.ingest import ledger
from jobs.ingest.arrival import Arrival
from jobs.ingest.batch import Batch, Delivery
from jobs.ingest.ledger import DeliveryRecord
from schemas.delivery import MANIFEST_SUFFIX, Manifest
from schemas.loader import contracts, department_titles

if TYPE_CHECKING:
    from jobs.ingest.validation import BatchValidator


def delivery_of(arrival: Arrival) -> Delivery:
    """The delivery with its contract. Raises DeliveryHeldError where no contract fits its manifest."""
    manifest = arrival.manifest
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
    return Delivery(arrival, contract)


def hold_broken_promises(batch: Batch, delivery: Delivery, validator: "BatchValidator") -> None:
    """Raises DeliveryHeldError where the batch breaks a critical promise of manifest or contract."""
    broken = validator.validate(delivery.contract, batch.promise(delivery.manifest), batch)
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


def _column_differences(batch: Batch) -> tuple[str, str]:
    """What is wrong with the columns, in English and in Chinese; empty where they fit."""
    if batch.columns_fit:
        return "", ""
    missing, unknown = ", ".join(batch.missing_headers) or "-", ", ".join(batch.unknown_headers) or "-"
    return f" (missing columns: {missing}; unknown columns: {unknown})", f" (缺少列: {missing}; 多出列: {unknown})"


def held_record(arrival: Arrival, held: DeliveryHeldError) -> DeliveryRecord:
    """The ledger line of a held delivery, with what must be done by whom."""
    manifest, name = arrival.manifest, arrival.delivery_id
    department = department_titles().get(manifest.department, manifest.department)
    if held.releasable:
        sentence = f"{name} of {department} ({manifest.department}) waits for a person to release or reject it: {held}"
        sentence_zh = f"请{department}核实批次 {name}, 由数据团队放行或退回: {held.zh}"
    else:
        sentence = f"{department} ({manifest.department}) must resend {name}: {held}"
        sentence_zh = f"请{department}核对后重报批次 {name}: {held.zh}"
    received = manifest.row_count if held.received is None else held.received
    return ledger.held_record_of(arrival, received, sentence, sentence_zh, held.releasable)


def manifest_of_name(department: str, day: date, path: Path) -> Manifest:
    """What the file's name says of a delivery whose manifest cannot be read."""
    stem = path.name.removesuffix(MANIFEST_SUFFIX)
    extract_class, _, sequence = stem.rsplit("_", 2)
    return Manifest.model_construct(
        extract_class=extract_class,
        department=department,
        mode="full",
        business_date=day,
        period_start=day,
        period_end=day,
        sequence=int(sequence) if sequence.isdigit() else 0,
        row_count=0,
        files=[],
    )


def unreadable_manifest(path: Path, problem: ValueError) -> DeliveryHeldError:
    """Why a manifest is none, for both sides."""
    what = problem.errors()[0] if isinstance(problem, ValidationError) else {"loc": ("file",), "msg": str(problem)}
    where = ".".join(str(part) for part in what["loc"]) or "file"
    return DeliveryHeldError(
        f"{path.name} is no manifest: {where}: {what['msg']}", f"清单文件 {path.name} 无法识别, 问题在 {where}"
    )
