"""The floor: what it costs to bring the same bytes into Parquet files without looking at them.

Text is decoded to UTF-8, read by DuckDB's `read_csv` with every column as text, and written to
Parquet. Files that are no text take their fastest plain way: Parquet is copied by DuckDB; workbooks
(by calamine), HTML tables (by lxml) and DBF (by dbfread) reach DuckDB as Arrow tables, titles and
totals included. No types, no rules, no keys.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import duckdb
import pyarrow as pa
from dbfread import DBF
from lxml import html
from python_calamine import CalamineWorkbook

from benchmarks.landing import DataFile, DeliveredExtract, data_files

Lines = Sequence[Sequence[object]]


def copy_all(extracts: Sequence[DeliveredExtract], folder: Path) -> int:
    """Write every file of the extracts to `folder` as Parquet; returns how many rows these hold."""
    with duckdb.connect() as connection:
        return sum(_copy(connection, file, folder) for extract in extracts for file in data_files(extract, folder))


def _copy(connection: duckdb.DuckDBPyConnection, file: DataFile, folder: Path) -> int:
    target = folder / f"{file.path.stem}.parquet"
    if file.format == "parquet":
        return _write(connection, f"read_parquet('{file.path}')", target)
    if file.format == "text":
        return _copy_text(connection, file, folder, target)
    connection.register("sheet", _as_table(LINES[file.format](file)))
    return _write(connection, "sheet", target)


def _copy_text(connection: duckdb.DuckDBPyConnection, file: DataFile, folder: Path, target: Path) -> int:
    text = file.path
    if not file.encoding.startswith("utf-8"):
        text = folder / f"{file.path.stem}.utf8"
        text.write_bytes(file.path.read_bytes().decode(file.encoding).encode())
    rows = _write(
        connection,
        f"read_csv('{text}', delim = '{file.delimiter}', header = true, all_varchar = true, "
        "quote = '\"', escape = '\"', ignore_errors = true)",
        target,
    )
    if text != file.path:
        text.unlink()
    return rows


def _workbook_lines(file: DataFile) -> Lines:
    return CalamineWorkbook.from_path(file.path).get_sheet_by_index(0).to_python()


def _html_lines(file: DataFile) -> Lines:
    document = html.document_fromstring(file.path.read_bytes().decode(file.encoding))
    return [[cell.text_content() for cell in row.iterchildren("td", "th")] for row in document.iter("tr")]


def _dbf_lines(file: DataFile) -> Lines:
    table = DBF(str(file.path), encoding=file.encoding, char_decode_errors="ignore")
    return [table.field_names, *(list(record.values()) for record in table)]


LINES: Mapping[str, Callable[[DataFile], Lines]] = {
    "workbook": _workbook_lines,
    "html": _html_lines,
    "dbf": _dbf_lines,
}


def _as_table(lines: Lines) -> pa.Table:
    """Every cell as text, under the first line that is filled."""
    header = next(at for at, line in enumerate(lines) if len(line) > 1 and all(line))
    columns = [pa.array([str(cell) for cell in column], pa.string()) for column in zip_longest(*lines[header + 1 :])]
    return pa.table(columns, names=[str(cell) for cell in lines[header]])


def _write(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    return int(connection.execute(f"copy (from {source}) to '{target}' (format parquet)").fetchall()[0][0])
