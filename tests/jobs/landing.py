"""Writes deliveries as departments would: real files in the contract's real format and encoding."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder, file_sm3
from schemas.loader import Contract, contracts

Row = Mapping[str, Any]
NIGHT_1 = date(2026, 11, 19)
NIGHT_2 = date(2026, 11, 20)


def deliver(
    landing: Path,
    extract_class: str,
    rows: Sequence[Row],
    business_date: date = NIGHT_1,
    sequence: int = 1,
    **manifest_changes: Any,
) -> Manifest:
    """Write one finished delivery; rows map field names to what the file shall say.

    Fields that a row leaves out get a plausible value. `manifest_changes` make the manifest lie.
    """
    contract = contracts()[extract_class]
    stem = f"{extract_class}_{business_date:%Y%m%d}_{sequence:02d}"
    folder = department_folder(landing, business_date, contract.department)
    folder.mkdir(parents=True, exist_ok=True)
    full = [{field.name: row.get(field.name, "") for field in contract.fields} for row in rows]
    path = folder / f"{stem}.{contract.file.format}"
    _write(path, contract, full)
    manifest = Manifest(
        **{
            "extract_class": extract_class,
            "department": contract.department,
            "schema_version": contract.schema_version,
            "mode": contract.delivery_mode,
            "business_date": business_date,
            "period_start": date(2026, 1, 1),
            "period_end": business_date,
            "sequence": sequence,
            "row_count": len(rows),
            "control_sum": _control_sum(contract, full),
            "files": [DeliveredFile(name=path.name, sm3=file_sm3(path))],
            "encoding": contract.file.encoding,
        }
        | manifest_changes
    )
    (folder / f"{stem}{MANIFEST_SUFFIX}").write_text(manifest.model_dump_json(), encoding="utf-8")
    (folder / f"{stem}{DONE_SUFFIX}").touch()
    return manifest


def delivered_path(landing: Path, manifest: Manifest) -> Path:
    return department_folder(landing, manifest.business_date, manifest.department) / manifest.files[0].name


def _control_sum(contract: Contract, rows: Sequence[Row]) -> Decimal | None:
    if contract.control_field is None:
        return None
    return sum((_number(row[contract.control_field]) for row in rows), Decimal(0))


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value).replace(",", "").replace("元", ""))
    except InvalidOperation:
        return Decimal(0)


def _write(path: Path, contract: Contract, rows: Sequence[Row]) -> None:
    headers = [field.headers[contract.schema_version] for field in contract.fields]
    lines = [[row[field.name] for field in contract.fields] for row in rows]
    if contract.file.format == "csv":
        text = io.StringIO()
        writer = csv.writer(text, delimiter=contract.file.delimiter, lineterminator="\r\n")
        writer.writerows([headers, *lines])
        path.write_bytes(text.getvalue().encode(contract.file.encoding or "utf-8"))
    elif contract.file.format == "xlsx":
        _write_xlsx(path, contract, headers, lines)
    else:
        columns = {header: [_text(line[at]) for line in lines] for at, header in enumerate(headers)}
        pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)


def _write_xlsx(path: Path, contract: Contract, headers: list[str], lines: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet()
        sheet.merge_range(0, 0, 0, len(headers) - 1, contract.title)
        sheet.write_row(contract.file.title_rows, 0, headers)
        for at, line in enumerate(lines, start=contract.file.title_rows + 1):
            sheet.write_row(at, 0, [_text(value) for value in line])


def _text(value: Any) -> str | None:
    return None if value in ("", None) else str(value)
