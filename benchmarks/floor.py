"""The floor: what it costs to bring the same bytes into Parquet files without looking at them.

Text is decoded to UTF-8, read by DuckDB's `read_csv` with every column as text, and written to
Parquet. Files that are no text take their fastest plain way: Parquet is copied by DuckDB, a
spreadsheet is read by calamine and handed to DuckDB as an Arrow table. No types, no rules, no keys.
"""

from pathlib import Path

import duckdb
import pyarrow as pa
from python_calamine import CalamineWorkbook

from benchmarks.landing import DeliveredExtract
from schemas.loader import Contract


def copy_all(extracts: list[DeliveredExtract], folder: Path) -> int:
    """Write every file of the extracts to `folder` as Parquet; returns how many rows these hold."""
    with duckdb.connect() as connection:
        return sum(_copy(connection, path, extract.contract, folder) for extract in extracts for path in extract.files)


def _copy(connection: duckdb.DuckDBPyConnection, path: Path, contract: Contract, folder: Path) -> int:
    target = folder / f"{path.stem}.parquet"
    if path.suffix == ".parquet":
        return _write(connection, f"read_parquet('{path}')", target)
    if path.suffix == ".csv":
        text = _as_utf8(path, contract, folder)
        rows = _write(
            connection,
            f"read_csv('{text}', delim = '{contract.file.delimiter}', header = true, all_varchar = true, "
            "quote = '\"', escape = '\"', ignore_errors = true)",
            target,
        )
        if text != path:
            text.unlink()
        return rows
    connection.register("sheet", _sheet(path, contract))
    return _write(connection, "sheet", target)


def _sheet(path: Path, contract: Contract) -> pa.Table:
    lines = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[contract.file.title_rows :]
    columns = [pa.array([str(cell) for cell in column], pa.string()) for column in zip(*lines[1:], strict=True)]
    return pa.table(columns, names=[str(cell) for cell in lines[0]])


def _as_utf8(path: Path, contract: Contract, folder: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is."""
    encoding = contract.file.encoding or "utf-8"
    if encoding.startswith("utf-8"):
        return path
    text = folder / f"{path.stem}.utf8.csv"
    text.write_bytes(path.read_bytes().decode(encoding).encode())
    return text


def _write(connection: duckdb.DuckDBPyConnection, source: str, target: Path) -> int:
    return int(connection.execute(f"copy (from {source}) to '{target}' (format parquet)").fetchall()[0][0])
