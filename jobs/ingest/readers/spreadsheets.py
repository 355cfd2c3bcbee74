"""Reads workbooks (.xlsx, .xls) with title rows above the header and totals below the table."""

import io
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from math import isnan
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from jobs.ingest.readers import old_workbook_cells
from jobs.ingest.readers.layout import Layout
from jobs.ingest.readers.tabular import Cell, DeliveredText, UnreadableFileError, text_of_rows

HEADER_ROWS = 30
# A spreadsheet keeps fifteen digits of a number; what stands behind them is made up.
EXACT_BELOW = 1e15


def read_workbook(path: Path, layout: Layout) -> list[DeliveredText]:
    """One text for each visible sheet that bears the promised headers; the first sheet where none does."""
    try:
        tables = list(_tables(path))
    except PasswordError as error:
        raise _protected() from error
    except (CalamineError, ValueError, OverflowError) as error:
        raise UnreadableFileError(f"it is no whole workbook: {error}", "不是完整的工作簿") from error
    except BaseException as panic:
        # The library's Rust part panics on some damaged workbooks, outside of Exception.
        if type(panic).__name__ != "PanicException":
            raise
        raise UnreadableFileError("it is a damaged workbook", "工作簿已损坏") from panic
    return texts_of_tables(tables, layout)


def read_old_workbook(path: Path, layout: Layout) -> list[DeliveredText]:
    """As `read_workbook`, of an .xls file, read in a process of its own (`old_workbook_cells`)."""
    command = [sys.executable, "-I", old_workbook_cells.__file__, str(path)]
    read = subprocess.run(command, capture_output=True, check=False)
    if read.returncode == old_workbook_cells.PROTECTED:
        raise _protected()
    if read.returncode == old_workbook_cells.DAMAGED:
        why = read.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise UnreadableFileError(f"it is no whole workbook: {why}", "不是完整的工作簿")
    if read.returncode:
        raise UnreadableFileError("it is a damaged workbook", "工作簿已损坏")
    tables = [[[cell_text(cell) for cell in row] for row in rows] for rows in pickle.loads(read.stdout)]  # noqa: S301
    return texts_of_tables(tables, layout)


def _protected() -> UnreadableFileError:
    return UnreadableFileError("it is protected by a password", "工作簿有密码保护")


def _tables(path: Path) -> Iterator[list[list[Cell]]]:
    # From its bytes: by the path, the library would believe the name's ending.
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    for sheet in workbook.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            yield _cells(workbook.get_sheet_by_name(sheet.name))


def _cells(sheet: CalamineSheet) -> list[list[Cell]]:
    return [[cell_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def texts_of_tables(tables: Sequence[list[list[Cell]]], layout: Layout) -> list[DeliveredText]:
    """The tables whose header row is found, or else the first that holds anything, as texts."""
    filled = [table for table in tables if any(any(row) for row in table)]
    if not filled:
        raise UnreadableFileError("it holds no table", "文件中没有表格内容")
    placed = [(table, layout.find_header(table[:HEADER_ROWS])) for table in filled]
    fitting = [(table, at) for table, at in placed if at is not None]
    return [_text(table, at, layout) for table, at in fitting or [(filled[0], _first_full_row(filled[0], layout))]]


def _first_full_row(table: Sequence[Sequence[Cell]], layout: Layout) -> int:
    if layout.title_rows < len(table):
        return layout.title_rows
    return next(at for at, row in enumerate(table) if any(row))


def _text(table: list[list[Cell]], at: int, layout: Layout) -> DeliveredText:
    rows = ((number, row) for number, row in enumerate(table[at + 1 :], start=at + 2))
    text = text_of_rows(rows, table[at], layout)
    text.findings["header_line"] = at + 1
    return text


def cell_text(value: object) -> Cell:
    """What a person would see in the cell; whole numbers lose their '.0', long ones show that digits are lost."""
    if type(value) is str:
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value.total_seconds()) if isinstance(value, timedelta) else str(value)


def _number_text(value: float) -> Cell:
    if isnan(value):
        return None
    if abs(value) >= EXACT_BELOW:
        return f"{value:.14E}"
    return str(int(value)) if value.is_integer() else repr(round(value, 10))
