"""Reads deliveries as a careful clerk would, with plain libraries and nothing of the demo city's."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from schemas.loader import Contract

LINE_OF_FIRST_ROW = 2


def delivered_rows(contract: Contract, path: Path) -> list[dict[str, str]]:
    """The data rows as text by field name; the number of the line is under `line`."""
    readers = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet}
    header, rows = readers[contract.file.format](contract, path)
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    assert set(header) == set(names)
    first_line = contract.file.title_rows + LINE_OF_FIRST_ROW
    return [
        {names[title]: cell for title, cell in zip(header, row, strict=True)} | {"line": str(line)}
        for line, row in enumerate(rows, first_line)
    ]


def _csv(contract: Contract, path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding=contract.file.encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=contract.file.delimiter)
    return header, rows


def _xlsx(contract: Contract, path: Path) -> tuple[list[str], list[list[str]]]:
    cells = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    title, header, *rows = cells
    assert contract.title in str(title[0])
    assert not any(title[1:])
    return [str(cell) for cell in header], [[_text(cell) for cell in row] for row in rows]


def _parquet(_contract: Contract, path: Path) -> tuple[list[str], list[list[str]]]:
    table = pq.read_table(path)
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, [[_text(cell) for cell in row] for row in zip(*columns, strict=True)]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def tidy_identity(text: str) -> str:
    """An identity number without what people and spreadsheets put around it."""
    half_width = text.translate(str.maketrans("０１２３４５６７８９Ｘ", "0123456789X"))
    return half_width.strip(" \t'").upper()


def tidy_amount(text: str) -> str:
    """An amount without commas, yuan and full-width digits; zero where it is missing."""
    half_width = text.translate(str.maketrans("０１２３４５６７８９．", "0123456789."))
    return half_width.removesuffix("元").replace(",", "") or "0"
