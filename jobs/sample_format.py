"""Reads a sample file of which nothing is promised yet: how it is written, and its cells as text."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from schemas.loader import FileFormat

DELIMITERS = (",", "|", "\t", "^")
LOOKED_AT = 10


def read_sample(sample: Path) -> tuple[FileFormat, pa.Table]:
    """The format to put into a contract, and the cells as text under their headers.

    Raises ValueError where the suffix says nothing that we draft from.
    """
    match sample.suffix.lower():
        case ".csv" | ".txt":
            return _delimited(sample)
        case ".xlsx":
            return _workbook(sample)
        case ".parquet":
            rows = pq.read_table(sample)
            return FileFormat("parquet"), pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
    raise ValueError("give a .csv, .xlsx or .parquet file")


def _delimited(sample: Path) -> tuple[FileFormat, pa.Table]:
    encoding, text = _decoded(sample.read_bytes())
    first = text.splitlines()[0] if text else ""
    delimiter = max(DELIMITERS, key=first.count)
    header, *body = csv.reader(io.StringIO(text), delimiter=delimiter)
    return FileFormat("csv", encoding, delimiter), _as_table(header, body)


def _decoded(content: bytes) -> tuple[str, str]:
    """Strict UTF-8 first: its bytes often decode as GB18030 without an error."""
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", content.decode("utf-8-sig")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", content.decode("utf-16")
    try:
        return "utf-8", content.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030", content.decode("gb18030")


def _workbook(sample: Path) -> tuple[FileFormat, pa.Table]:
    """The header is the first of the first rows that fills as many cells as any of them."""
    rows = CalamineWorkbook.from_path(sample).get_sheet_by_index(0).to_python(skip_empty_area=False)
    filled = [sum(cell not in ("", None) for cell in row) for row in rows[:LOOKED_AT]]
    if not filled:
        raise ValueError("its first sheet is empty")
    title_rows = filled.index(max(filled))
    body = [[_cell_text(cell) for cell in row] for row in rows[title_rows + 1 :]]
    header = [str(cell).strip() for cell in rows[title_rows]]
    return FileFormat("xlsx", title_rows=title_rows), _as_table(header, body)


def _cell_text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _as_table(header: list[str], body: list[list[str]]) -> pa.Table:
    """The cells by column; lines that do not fit the header are left out of a sample."""
    if len(set(header)) != len(header):
        raise ValueError(f"two columns bear the same header in {header}")
    fitting = [line for line in body if len(line) == len(header)]
    return pa.table({name: pa.array([line[at] for line in fitting], pa.string()) for at, name in enumerate(header)})
