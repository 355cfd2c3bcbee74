"""Reads delivered files as text: every cell a string, every row with the line it stands on.

Types come later, by the contract. Well-kept libraries read the formats.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from jobs.errors import DeliveryHeldError
from schemas.loader import FileFormat

FIRST_DATA_LINE = 2


@dataclass(frozen=True)
class MalformedLine:
    """A line whose number of columns does not fit the header."""

    line: int
    text: str


@dataclass(frozen=True)
class DeliveredText:
    """One file as text: columns named by the headers as delivered, and `source_line`."""

    rows: pa.Table
    malformed: Sequence[MalformedLine] = field(default_factory=list)

    @property
    def headers(self) -> list[str]:
        return [name for name in self.rows.column_names if name != "source_line"]


def read_delivered_file(path: Path, file_format: FileFormat) -> DeliveredText:
    """Read one data file. Raises DeliveryHeldError where it cannot be read as what it claims to be."""
    readers: dict[str, Callable[[Path, FileFormat], DeliveredText]] = {
        "csv": _read_csv,
        "xlsx": _read_xlsx,
        "parquet": _read_parquet,
    }
    try:
        return readers[file_format.format](path, file_format)
    except (UnicodeDecodeError, pa.ArrowInvalid, OSError, ValueError) as error:
        raise DeliveryHeldError(
            f"{path.name} cannot be read as {file_format.format}"
            f"{' in ' + file_format.encoding if file_format.encoding else ''}: {error}",
            f"文件 {path.name} 无法按约定的格式 {file_format.format} {file_format.encoding or ''} 读取",
        ) from error


def _read_csv(path: Path, file_format: FileFormat) -> DeliveredText:
    # Decoding is Python's: DuckDB's GBK reader rejects names such as 䶮.
    text = path.read_text(encoding=file_format.encoding or "utf-8")
    header = next(csv.reader(io.StringIO(text), delimiter=file_format.delimiter))
    if len(set(header)) != len(header):
        raise ValueError(f"two columns bear the same header in {header}")
    malformed: list[MalformedLine] = []

    def note_malformed(row: pyarrow.csv.InvalidRow) -> str:
        malformed.append(MalformedLine(row.number, row.text))
        return "skip"

    rows = pyarrow.csv.read_csv(
        io.BytesIO(text.encode()),
        read_options=pyarrow.csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
        parse_options=pyarrow.csv.ParseOptions(delimiter=file_format.delimiter, invalid_row_handler=note_malformed),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )
    return DeliveredText(_with_lines(rows, [bad.line for bad in malformed]), malformed)


def _read_xlsx(path: Path, file_format: FileFormat) -> DeliveredText:
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    header = [str(cell).strip() for cell in rows[file_format.title_rows]]
    body = rows[file_format.title_rows + 1 :]
    columns = {name: pa.array([_cell_text(row[at]) for row in body], pa.string()) for at, name in enumerate(header)}
    first_line = file_format.title_rows + FIRST_DATA_LINE
    lines = pa.array(range(first_line, first_line + len(body)), pa.int32())
    return DeliveredText(pa.table({"source_line": lines, **columns}))


def _read_parquet(path: Path, _file_format: FileFormat) -> DeliveredText:
    rows = pq.read_table(path)
    text = pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
    return DeliveredText(_with_lines(text, []))


def _cell_text(value: object) -> str | None:
    """What a person would see in the cell; whole floats lose their '.0'."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _with_lines(rows: pa.Table, skipped: Sequence[int]) -> pa.Table:
    """Number the rows by the lines they stand on, leaving out the skipped ones."""
    total = rows.num_rows + len(skipped)
    gone = set(skipped)
    lines = [line for line in range(FIRST_DATA_LINE, FIRST_DATA_LINE + total) if line not in gone]
    return rows.add_column(0, "source_line", pa.array(lines, pa.int32()))
