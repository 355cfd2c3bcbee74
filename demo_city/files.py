"""Writes the data files in the formats of the departments, the same to the byte each time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xlsxwriter

from demo_city.mess import is_typed
from schemas.loader import Contract, Field

ROWS_A_CHUNK = 50_000
LINE_END = "\r\n"
FIRST_LINE_AFTER_HEADER = 2


def first_data_line(contract: Contract) -> int:
    """The line on which the first data row stands when a person opens the file."""
    return contract.file.title_rows + FIRST_LINE_AFTER_HEADER


def write_data_file(contract: Contract, table: pa.Table, path: Path, business_date: date) -> None:
    """Write the text columns as the department's file."""
    if contract.file.format == "csv":
        _write_csv(contract, table, path)
    elif contract.file.format == "xlsx":
        _write_xlsx(contract, table, path, business_date)
    else:
        _write_parquet(contract, table, path)


def headers(contract: Contract) -> list[str]:
    """The headers as delivered, in order."""
    return [field.headers[contract.schema_version] for field in contract.fields]


def _write_csv(contract: Contract, table: pa.Table, path: Path) -> None:
    encoding = contract.file.encoding or "utf-8"
    body_encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    with path.open("wb") as file:
        file.write((contract.file.delimiter.join(headers(contract)) + LINE_END).encode(encoding))
        for lines in _csv_lines(table, contract.file.delimiter):
            file.write(lines.encode(body_encoding))


def _csv_lines(table: pa.Table, delimiter: str) -> Iterator[str]:
    for start in range(0, table.num_rows, ROWS_A_CHUNK):
        columns = [_quoted(column.combine_chunks(), delimiter) for column in table.slice(start, ROWS_A_CHUNK).columns]
        rows = pc.binary_join_element_wise(*columns, delimiter)
        yield LINE_END.join(rows.to_pylist()) + LINE_END


def _quoted(column: pa.Array, delimiter: str) -> pa.Array:
    needs = pc.match_substring_regex(column, f'["\\r\\n{delimiter}]')
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


def _write_xlsx(contract: Contract, table: pa.Table, path: Path, business_date: date) -> None:
    """A merged title row, the header, then the rows; right dates are real dates, the rest is text."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("Sheet1")
        title = f"{contract.title}登记名册 ({business_date.year}年{business_date.month}月{business_date.day}日)"
        sheet.merge_range(0, 0, 0, len(contract.fields) - 1, title, book.add_format({"bold": True, "align": "center"}))
        sheet.write_row(contract.file.title_rows, 0, headers(contract))
        for column, field in enumerate(contract.fields):
            for row, text in enumerate(table[field.name].to_pylist(), contract.file.title_rows + 1):
                _write_cell(sheet, row, column, field, text)


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
