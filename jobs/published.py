"""Reading what is published, as an analyst does: the newest file only, which nobody can change or leave through it."""

import csv
from collections.abc import Callable
from pathlib import Path
from unicodedata import east_asian_width

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.errors import QueryError
from jobs.installation import Installation
from jobs.publish import DATABASE, LATEST

TABLES = """
    select tables.schema_name || '.' || table_name as "table", comment as title, estimated_size as rows
    from duckdb_tables() as tables order by 1
"""
WORKBOOK_ROWS = 1_048_575
# A workbook's columns are as wide as these of their first rows, within two bounds in characters of Latin script.
ROWS_MEASURED = 1_000
NARROWEST, WIDEST = 12, 60


def query(installation: Installation, sql: str, at_most: int | None = None) -> pa.Table:
    """The rows of one SQL text over the newest published file, all or so many of the first.

    No other file can be read and none written. Raises QueryError where nothing is published or the text is wrong.
    """
    file = installation.settings.published_folder / LATEST / DATABASE
    if not file.exists():
        raise QueryError(f"Nothing is published in {file.parent}: run 'shouwang nightly' or 'shouwang publish' first.")
    try:
        with duckdb.connect(str(file), read_only=True, config={"enable_external_access": "false"}) as connection:
            found = connection.sql(sql)
            if found is None:
                raise QueryError("That text asks for no rows: write one that begins with select.")
            return (found.limit(at_most) if at_most is not None else found).to_arrow_table()
    except duckdb.Error as error:
        raise QueryError(f"The published file cannot answer that: {error}") from None


def export(rows: pa.Table, file: Path) -> None:
    """Write rows to a file that is not there yet: `.csv` (UTF-8 with BOM, as Excel reads it), `.xlsx` or `.parquet`.

    Raises QueryError for another ending, a file that is there, and what a workbook's sheet does not hold.
    """
    write = _WRITERS.get(file.suffix)
    if write is None:
        raise QueryError(f"{file.name} is to end in one of {', '.join(_WRITERS)}.")
    if file.exists():
        raise QueryError(f"{file} is there already: name another file, or move it away.")
    if file.suffix == ".xlsx" and rows.num_rows > WORKBOOK_ROWS:
        raise QueryError(
            f"A sheet holds {WORKBOOK_ROWS:,} rows and these are {rows.num_rows:,}: write .csv or .parquet."
        )
    write(rows, file)


def _frame(rows: pa.Table) -> pd.DataFrame:
    # Arrow's own types, so that a whole number beside a null stays whole.
    frame: pd.DataFrame = rows.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _write_csv(rows: pa.Table, file: Path) -> None:
    # Every text in quotes: some spreadsheets divide a row at a semicolon, too.
    _frame(rows).to_csv(file, index=False, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC)


def _write_workbook(rows: pa.Table, file: Path) -> None:
    for field in rows.schema:
        if pa.types.is_timestamp(field.type) and field.type.tz:
            raise QueryError(f"A workbook knows no time zones: ask for {field.name}::timestamp, or write .csv.")
    # What looks like a formula or a link stays text.
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(file, engine="xlsxwriter", engine_kwargs={"options": options}) as workbook:
        _frame(rows).to_excel(workbook, index=False)
        (sheet,) = workbook.sheets.values()
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows.num_rows, rows.num_columns - 1)
        for at, (name, column) in enumerate(zip(rows.column_names, rows.slice(0, ROWS_MEASURED).columns, strict=True)):
            sheet.set_column(at, at, _width([name, *column.to_pylist()]))


def _width(values: list[object]) -> int:
    # A Chinese character takes the room of two Latin ones; a filter's button stands beside the header.
    wanted = max(sum(2 if east_asian_width(one) in "WF" else 1 for one in str(value)) for value in values)
    return min(max(wanted + 3, NARROWEST), WIDEST)


_WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".parquet": lambda rows, file: pq.write_table(rows, file, compression="zstd"),
}
