"""Writes the data files in the shapes in which departments send them, the same to the byte each time."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from demo_city.file_shapes import FileShape, is_typed
from demo_city.old_formats import dbf_table, html_workbook, old_workbook
from schemas.loader import Contract, Field

ROWS_A_CHUNK = 50_000
LINE_END = "\r\n"
# A zip keeps the time of its files; this is the earliest it can.
NO_TIME = (1980, 1, 1, 0, 0, 0)
TOTALS = "合计"
# With a mark of byte order, written once.
MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}


def write_data_file(
    contract: Contract, shape: FileShape, table: pa.Table, path: Path, business_date: date, total: object = ""
) -> None:
    """Write the text columns as the department's file; `total` stands in its totals row."""
    inner = path.with_suffix(f".{shape.format}") if shape.is_zipped else path
    _write(contract, shape, table, inner, business_date, str(total or ""))
    if shape.is_zipped:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            member = zipfile.ZipInfo(f"{contract.title}.{shape.format}", NO_TIME)
            archive.writestr(member, inner.read_bytes(), zipfile.ZIP_DEFLATED)
        inner.unlink()


def _write(contract: Contract, shape: FileShape, table: pa.Table, path: Path, day: date, total: str) -> None:
    if shape.format == "csv":
        _write_csv(contract, shape, table, path)
    elif shape.format == "parquet":
        _write_parquet(contract, table, path)
    elif shape.format == "xlsx":
        _write_xlsx(contract, shape, table, path, day, total)
    else:
        path.write_bytes(_old_file(contract, shape, table, day, total))


def headers(contract: Contract) -> list[str]:
    """The headers as delivered, in order."""
    return [field.headers[contract.schema_version] for field in contract.fields]


def _title(contract: Contract, day: date) -> str:
    return f"{contract.title}登记名册 ({day.year}年{day.month}月{day.day}日)"


def _totals(contract: Contract, total: str) -> list[str]:
    at = [field.name for field in contract.fields].index(contract.control_field) if contract.control_field else -1
    return [TOTALS if column == 0 else total if column == at else "" for column in range(len(contract.fields))]


def _old_file(contract: Contract, shape: FileShape, table: pa.Table, day: date, total: str) -> bytes:
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    header, encoding = headers(contract), shape.encoding or "gb18030"
    if shape.format == "dbf":
        return dbf_table(header, rows, encoding, day)
    title, totals = _title(contract, day), _totals(contract, total)
    if shape.format == "html":
        return html_workbook(title, header, rows, totals, encoding)
    return old_workbook(title, header, rows, totals)


def _write_csv(contract: Contract, shape: FileShape, table: pa.Table, path: Path) -> None:
    encoding = shape.encoding or "utf-8"
    with path.open("wb") as file:
        file.write((shape.delimiter.join(headers(contract)) + LINE_END).encode(encoding))
        for lines in _csv_lines(contract, shape, table):
            file.write(lines.encode(MARKED.get(encoding, encoding)))


def _csv_lines(contract: Contract, shape: FileShape, table: pa.Table) -> Iterator[str]:
    bare = {field.name for field in contract.fields if shape.unquoted and field.identity == "address"}
    for start in range(0, table.num_rows, ROWS_A_CHUNK):
        part = table.slice(start, ROWS_A_CHUNK).combine_chunks()
        columns = [
            column if name in bare else _quoted(column, shape.delimiter)
            for name, column in zip(part.column_names, part.columns, strict=True)
        ]
        rows = pc.binary_join_element_wise(*columns, shape.delimiter)
        yield LINE_END.join(rows.to_pylist()) + LINE_END


def _quoted(column: pa.ChunkedArray, delimiter: str) -> pa.ChunkedArray:
    needs = pc.match_substring_regex(column, f'["\\r\\n{"" if delimiter == "^" else delimiter}]')
    if delimiter == "^":
        needs = pc.or_(needs, pc.match_substring(column, delimiter))
    if not pc.any(needs).as_py():
        return column
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), column)


def _write_parquet(contract: Contract, table: pa.Table, path: Path) -> None:
    columns = []
    for field in contract.fields:
        text = table[field.name].combine_chunks()
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        columns.append(pc.cast(text, _arrow_type(contract, field)))
    pq.write_table(pa.table(columns, names=headers(contract)), path, compression="zstd")


def _arrow_type(contract: Contract, field: Field) -> pa.DataType:
    if not is_typed(contract, field):
        return pa.string()
    types = {
        "decimal(16,2)": pa.decimal128(16, 2),
        "decimal(8,4)": pa.decimal128(8, 4),
        "date": pa.date32(),
        "integer": pa.int32(),
    }
    return types[field.physical_type]


def _write_xlsx(contract: Contract, shape: FileShape, table: pa.Table, path: Path, day: date, total: str) -> None:
    """A merged title row, the header, then the rows; right dates are real dates, the rest is text."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("Sheet1")
        style = book.add_format({"bold": True, "align": "center"})
        sheet.merge_range(0, 0, 0, len(contract.fields) - 1, _title(contract, day), style)
        sheet.write_row(shape.title_rows, 0, headers(contract))
        for column, field in enumerate(contract.fields):
            for row, text in enumerate(table[field.name].to_pylist(), shape.title_rows + 1):
                _write_cell(sheet, row, column, field, text)
        if shape.has_totals:
            sheet.write_row(shape.title_rows + 1 + table.num_rows, 0, _totals(contract, total))


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, field: Field, text: str) -> None:
    if field.physical_type == "date" and len(text) == 10 and text[4] == "-":
        try:
            sheet.write_datetime(row, column, date.fromisoformat(text))
        except ValueError:
            sheet.write_string(row, column, text)
    elif field.physical_type == "integer" and text.isdigit():
        sheet.write_number(row, column, int(text))
    elif text:
        sheet.write_string(row, column, text)
