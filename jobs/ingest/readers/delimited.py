"""Reads delimited text: Arrow reads what is plain, `lines` the files that need a closer look.

The number of rows must be the number of lines; where it is not (a value that spans lines, a
quotation mark that nobody closes), the file is read again line by line.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from jobs.ingest.readers.encodings import as_utf8
from jobs.ingest.readers.layout import DELIMITERS, Layout
from jobs.ingest.readers.lines import QUOTE, cells_of, numbered_records
from jobs.ingest.readers.tabular import (
    FIRST_CELLS,
    TOTALS,
    DeliveredText,
    UnreadableFileError,
    column_names,
    is_no_data,
    text_of_rows,
)

HEAD_CHARACTERS = 64 * 1024
HEAD_LINES = 30
NEWLINE = ord("\n")
RETURN = ord("\r")
PIECE = 16 * 1024 * 1024
TAIL_ROWS = 20


@dataclass(frozen=True)
class Header:
    """Where the header stands, how it is delimited and what it says."""

    line: int
    delimiter: str
    cells: list[str]


def read_delimited(path: Path, layout: Layout) -> list[DeliveredText]:
    """Read a delimited text file; the encoding and delimiter found stand in the findings."""
    buffer, encoding = as_utf8(path, layout.encoding)
    if not buffer.size:
        raise UnreadableFileError("it is empty", "文件为空")
    header = find_header(buffer, layout)
    text = _read_plain_lines(buffer, header, layout) or _read_line_by_line(buffer, header, layout)
    text.findings |= {"encoding": encoding, "delimiter": header.delimiter, "header_line": header.line}
    return [text]


def find_header(buffer: pa.Buffer, layout: Layout) -> Header:
    """The header by the contract's delimiter, or by another one that fits exactly."""
    head = buffer.slice(0, min(buffer.size, HEAD_CHARACTERS)).to_pybytes().decode("utf-8", "ignore")
    lines = io.StringIO(head, newline=None).read().split("\n")[:HEAD_LINES]
    for delimiter in sorted(DELIMITERS, key=lambda known: known != layout.delimiter):
        for at, line in enumerate(lines, start=1):
            if layout.fits(cells := cells_of(line, delimiter)):
                return Header(at, delimiter, cells)
    delimiter = layout.likely_delimiter(lines)
    rows = [cells_of(line, delimiter) for line in lines]
    nearest = layout.find_header(rows)
    if nearest is None:
        nearest = next(at for at, line in enumerate(lines) if line.strip() or at == len(lines) - 1)
    return Header(nearest + 1, delimiter, rows[nearest])


def _read_plain_lines(buffer: pa.Buffer, header: Header, layout: Layout) -> DeliveredText | None:
    """Read by Arrow, and the lines of another width by hand; None where rows and lines do not agree."""
    names = column_names(header.cells, layout)
    filled = _filled_lines(buffer, header.line)
    if filled is None or not len(filled[1]):
        return None
    offset, numbers = filled
    rows, unfitting = _arrow_rows(buffer.slice(offset), names, header.delimiter)
    if rows.num_rows + len(unfitting) != len(numbers) or any(QUOTE in line for line in unfitting.values()):
        return None
    by_hand = [(int(numbers[at]), cells_of(line, header.delimiter)) for at, line in unfitting.items()]
    numbers = np.delete(numbers, list(unfitting))
    kept = _data_rows(rows.add_column(0, "source_line", pa.array(numbers, pa.int32())), header.cells)
    text = text_of_rows(by_hand, header.cells, layout, header.delimiter, kept)
    text.findings["skipped"] += rows.num_rows - kept.num_rows
    return text


def _arrow_rows(body: pa.Buffer, names: Sequence[str], delimiter: str) -> tuple[pa.Table, dict[int, str]]:
    """The rows that fit, and the lines that do not by their place among the lines that are not blank."""
    try:
        return _arrow_read(body, names, delimiter), {}
    except pa.ArrowInvalid:
        unfitting: dict[int, str] = {}

        def note(row: pyarrow.csv.InvalidRow) -> str:
            unfitting[row.number - 1] = row.text
            return "skip"

        try:
            return _arrow_read(body, names, delimiter, note), unfitting
        except pa.ArrowInvalid:
            return pa.table({}), {}


def _arrow_read(body: pa.Buffer, names: Sequence[str], delimiter: str, on_unfitting: object = None) -> pa.Table:
    return pyarrow.csv.read_csv(
        pa.BufferReader(body),
        # Rows have numbers only where they are read in order.
        read_options=pyarrow.csv.ReadOptions(column_names=list(names), use_threads=on_unfitting is None),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, invalid_row_handler=on_unfitting),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )


def _filled_lines(buffer: pa.Buffer, header_line: int) -> tuple[int, np.ndarray] | None:
    """Where the lines under the header begin, and the numbers of those that are not blank."""
    data = np.frombuffer(buffer, dtype=np.uint8)
    ends = np.concatenate(
        [np.flatnonzero(data[start : start + PIECE] == NEWLINE) + start for start in range(0, len(data), PIECE)]
    )
    if data[-1] != NEWLINE:
        ends = np.append(ends, len(data))
    if len(ends) < header_line:
        return None
    offset = min(int(ends[header_line - 1]) + 1, len(data))
    starts, ends = ends[header_line - 1 : -1] + 1, ends[header_line:]
    lengths = ends - starts
    blank = (lengths == 0) | ((lengths == 1) & (data[np.minimum(starts, len(data) - 1)] == RETURN))
    return offset, np.flatnonzero(~blank) + header_line + 1


def _data_rows(rows: pa.Table, header: Sequence[str]) -> pa.Table:
    """Without totals, notes, blank rows and repeated headers; only rows that may be such are looked at closely."""
    columns = [rows.column(at) for at in range(1, rows.num_columns)]
    first_words = pa.array([*_spellings(TOTALS), header[0], ""], pa.string())
    suspicious = pc.is_in(columns[0], value_set=first_words)
    for column in columns[1:FIRST_CELLS]:
        suspicious = pc.or_(suspicious, pc.is_in(column, value_set=pa.array(_spellings(TOTALS), pa.string())))
    at = set(np.flatnonzero(suspicious.to_numpy())) | set(range(max(0, rows.num_rows - TAIL_ROWS), rows.num_rows))
    looked_at = sorted(at)
    cells = rows.take(pa.array(looked_at, pa.int64())).drop_columns(["source_line"]).to_pydict().values()
    gone = [n for n, row in zip(looked_at, zip(*cells, strict=True), strict=True) if is_no_data(row, header)]
    if not gone:
        return rows
    keep = np.ones(rows.num_rows, dtype=bool)
    keep[np.array(gone)] = False
    return rows.filter(pa.array(keep))


def _spellings(words: Sequence[str]) -> list[str]:
    inner = [gap.join(word) for word in words for gap in ("", " ", "  ", "　")]
    return [before + word + after for word in inner for before in ("", " ") for after in ("", ":", "：", " ")]


def _read_line_by_line(buffer: pa.Buffer, header: Header, layout: Layout) -> DeliveredText:
    lines = io.TextIOWrapper(pa.BufferReader(buffer), encoding="utf-8", newline=None)
    records = numbered_records(lines, header.line, header.delimiter, len(header.cells))
    return text_of_rows(records, header.cells, layout, header.delimiter)
