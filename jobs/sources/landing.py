"""Lands what was read from a database: Parquet, manifest, and `.ok` last, as a department would."""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Row

from jobs.errors import SourceError
from jobs.sources.database import Reading, source_text
from jobs.sources.watermark import Watermark
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import Contract

# Departments count their own deliveries from 1; ours stand apart, so that both may come on one night.
SEQUENCE = 90
PART = ".part"


def landed(landing: Path, contract: Contract, business_date: date) -> Manifest | None:
    """The manifest of what was landed of a class on a night; None where that was not finished."""
    folder = department_folder(landing, business_date, contract.department)
    stem = f"{contract.extract_class}_{business_date:%Y%m%d}_{SEQUENCE:02d}"
    if not (folder / f"{stem}{DONE_SUFFIX}").exists():
        return None
    return Manifest.model_validate_json((folder / f"{stem}{MANIFEST_SUFFIX}").read_text(encoding="utf-8"))


def land(landing: Path, reading: Reading, business_date: date, last: Watermark | None) -> Manifest:
    """Read what is new since the last watermark, and land it; what an interrupted run left is written over.

    Raises SourceError where it cannot be read; then nothing of it counts as delivered.
    """
    contract, source = reading.contract, reading.source
    folder = department_folder(landing, business_date, contract.department)
    _make(folder)
    stem = f"{contract.extract_class}_{business_date:%Y%m%d}_{SEQUENCE:02d}"
    file = folder / f"{stem}.parquet"
    part = file.with_name(file.name + PART)
    found = _Found(business_date, last)
    try:
        with pq.ParquetWriter(part, pa.schema([(header, pa.string()) for header in contract.headers])) as writer:
            for rows in reading.batches(last.start(source.overlap) if last else None):
                writer.write_table(found.gather(contract, rows))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    manifest = found.manifest(contract, file)
    (folder / f"{stem}{MANIFEST_SUFFIX}").write_text(manifest.model_dump_json(), encoding="utf-8")
    (folder / f"{stem}{DONE_SUFFIX}").touch()
    return manifest


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except PermissionError:
        writable = False
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        writable = False
    if not writable:
        raise SourceError(
            f"{folder} cannot be written: the system administrator must let the pipeline write under landing, "
            "where it lands what it reads from databases"
        )


@dataclass
class _Found:
    """What the manifest will say, gathered while the rows pass."""

    business_date: date
    watermark: Watermark | None
    row_count: int = 0
    control_sum: Decimal = Decimal(0)

    def gather(self, contract: Contract, rows: Sequence[Row[Any]]) -> pa.Table:
        """The rows as text."""
        headers = contract.headers
        columns = {header: [source_text(row[at]) for row in rows] for at, header in enumerate(headers)}
        self.row_count += len(rows)
        if contract.control_field:
            names = [field.name for field in contract.fields]
            self.control_sum += sum(map(_amount, columns[headers[names.index(contract.control_field)]]))
        for value in {row[-1] for row in rows} - {None}:
            self._raise_watermark(Watermark.of(value))
        return pa.table({header: pa.array(cells, pa.string()) for header, cells in columns.items()})

    def _raise_watermark(self, found: Watermark) -> None:
        if found.exceeds(self.watermark) and not found.is_after_night(self.business_date):
            self.watermark = found

    def manifest(self, contract: Contract, file: Path) -> Manifest:
        """What a watermark selects says nothing of what is gone: it is never a complete snapshot."""
        has_watermark = contract.source is not None and contract.source.watermark is not None
        until = (self.watermark.day if self.watermark else None) or self.business_date
        return Manifest(
            extract_class=contract.extract_class,
            department=contract.department,
            schema_version=contract.schema_version,
            mode="incremental" if has_watermark else "full",
            business_date=self.business_date,
            period_start=until,
            period_end=until,
            sequence=SEQUENCE,
            row_count=self.row_count,
            control_sum=self.control_sum if contract.control_field else None,
            files=[DeliveredFile(name=file.name, sm3=file_sm3(file))],
            encoding=None,
            watermark=str(self.watermark) if self.watermark else None,
        )


def _amount(cell: str | None) -> Decimal:
    """What a cell adds to the control sum; what is no number adds nothing, as in what ingest sums up."""
    try:
        found = Decimal(cell or 0)
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)
