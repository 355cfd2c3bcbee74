"""Reads deliveries as a careful clerk would, with plain libraries and nothing of the demo city's."""

import csv
import io
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
from dbfread import DBF
from lxml import html
from python_calamine import CalamineWorkbook
from stdnum.cn import ric

from schemas.loader import Contract

LINE_OF_FIRST_ROW = 2
DELIMITERS = ",|\t^"
Rows = list[list[str]]


def delivered_rows(contract: Contract, path: Path) -> list[dict[str, str]]:
    """The data rows as text by field name; the number of the line is under `line`."""
    rows = table_of(path)
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    cut = {header.encode("gb18030")[:10].decode("gb18030", "ignore"): name for header, name in names.items()}
    found = [at for at, row in enumerate(rows[:3]) if set(row) in (set(names), set(cut))]
    assert len(found) == 1, f"{path.name} bears other headers than promised"
    at = found[0]
    header = [(names | cut)[cell] for cell in rows[at]]
    address = next((place for place, name in enumerate(header) if name == "address"), None)
    return [
        dict(zip(header, _fitted(row, len(header), address), strict=True)) | {"line": str(line)}
        for line, row in enumerate(rows[at + 1 :], at + LINE_OF_FIRST_ROW)
        if row[0] != "合计"
    ]


def _fitted(row: list[str], width: int, address: int | None) -> list[str]:
    """The row, with an address put together again that a comma without quotation marks has torn."""
    surplus = len(row) - width
    if surplus <= 0 or address is None:
        return row + [""] * -surplus
    return [*row[:address], ",".join(row[address : address + surplus + 1]), *row[address + surplus + 1 :]]


def table_of(path: Path) -> Rows:
    """All rows of the file, whatever it is, titles and totals included."""
    content = path.read_bytes()
    if content.startswith(b"PAR1"):
        return _parquet(path)
    if path.suffix == ".dbf":
        return _dbf(path)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
            return _delimited(archive.read(member))
    if content.startswith((b"PK", b"\xd0\xcf")):
        cells = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        return [[_text(cell) for cell in row] for row in cells]
    if content.startswith(b"<html"):
        document = html.document_fromstring(content.decode("gb18030"))
        return [[cell.text or "" for cell in row] for row in document.iter("tr")]
    return _delimited(content)


def encoding_of(content: bytes) -> str:
    """UTF-16 and UTF-8 with their marks, then UTF-8, then GB18030."""
    if content.startswith(b"\xff\xfe"):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _delimited(content: bytes) -> Rows:
    text = content.decode(encoding_of(content))
    header = text.split("\r\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _dbf(path: Path) -> Rows:
    table = DBF(str(path), encoding="gb18030")
    return [table.field_names, *([str(value) for value in record.values()] for record in table)]


def _parquet(path: Path) -> Rows:
    table = pq.read_table(path)
    columns = [column.to_pylist() for column in table.columns]
    return [table.column_names, *([_text(cell) for cell in row] for row in zip(*columns, strict=True))]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def tidy_identity(text: str) -> str:
    """An identity number without what people and spreadsheets put around it, of eighteen characters."""
    half_width = text.translate(str.maketrans("０１２３４５６７８９Ｘ", "0123456789X"))
    tidy = half_width.strip(" \t'").upper()
    if len(tidy) == 15 and tidy.isdigit():
        tidy = f"{tidy[:6]}19{tidy[6:]}"
        tidy += ric.calc_check_digit(tidy + "0")
    return tidy


def tidy_amount(text: str) -> str:
    """An amount without commas, yuan and full-width digits; zero where it is missing."""
    half_width = text.translate(str.maketrans("０１２３４５６７８９．", "0123456789."))
    return half_width.removesuffix("元").removeprefix("¥").replace(",", "") or "0"
