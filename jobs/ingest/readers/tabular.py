"""What every reader gives back, and the rules they share: headers, and rows that are no data.

Blank rows, totals (合计), notes under a table and repeated headers are no data rows: they are not
counted. The manifest's row count stands guard over that.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa

from jobs.ingest.readers.layout import OUR_COLUMNS, Layout

FIRST_DATA_LINE = 2
ROWS_A_PIECE = 50_000
FIRST_CELLS = 3
TOTALS = ("合计", "总计", "小计", "共计", "累计", "本页合计", "本页小计", "合计数")
NOTE = re.compile(r"\s*(注|备注|说明|填表|制表|填报|审核|复核|打印|数据来源|单位负责人|经办|统计时间|导出时间)")
# What totals and notes begin with.
SUSPICIOUS = frozenset("合总小共累本注备说填制审复打数单经统导")
NUMBER_OF_A_PERSON = re.compile(r"\d{15}")

Cell = str | None


class UnreadableFileError(Exception):
    """A file cannot be read; `zh` says why to the department's clerk."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


@dataclass(frozen=True)
class MalformedLine:
    """A line that is no row: its columns do not fit the header."""

    line: int


@dataclass(frozen=True)
class SurplusLine:
    """A line with more cells than headers, perhaps for a delimiter inside an address."""

    line: int
    cells: list[str]
    delimiter: str


@dataclass
class DeliveredText:
    """One table as text: columns named by the promised headers where they fit, and `source_line`."""

    rows: pa.Table
    malformed: list[MalformedLine] = field(default_factory=list)
    surplus: list[SurplusLine] = field(default_factory=list)
    findings: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def headers(self) -> list[str]:
        return [name for name in self.rows.column_names if name != "source_line"]


def column_names(delivered: Sequence[object], layout: Layout) -> list[str]:
    """Names for the columns, the promised ones where they fit. Raises where two would be the same."""
    names = []
    for at, cell in enumerate(delivered, start=1):
        name = layout.header_of(cell) or str(cell or "").strip() or f"(第{at}列)"
        names.append(f"{name} (第{at}列)" if name in OUR_COLUMNS else name)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableFileError(
            f"two columns bear the same header: {', '.join(twice)}", f"有两列的表头相同: {', '.join(twice)}"
        )
    return names


def is_no_data(cells: Sequence[Cell], header: Sequence[object] = ()) -> bool:
    """Whether a row is blank, a total, a note or the header once more."""
    if not _may_be_no_data(cells, header):
        return False
    given = [str(cell).strip() for cell in cells if cell is not None and str(cell).strip()]
    if not given:
        return True
    if any(is_totals_word(cell) for cell in cells[:FIRST_CELLS]):
        return not any(NUMBER_OF_A_PERSON.search(cell) for cell in given)
    if len(given) == 1 and NOTE.match(given[0]):
        return True
    return given == [str(cell).strip() for cell in header if cell not in (None, "")]


def _may_be_no_data(cells: Sequence[Cell], header: Sequence[object]) -> bool:
    """A quick look, which lets nearly every right row pass."""
    beginnings = [(cell or "").strip()[:1] for cell in cells[:FIRST_CELLS]]
    if not beginnings or not beginnings[0] or not SUSPICIOUS.isdisjoint(beginnings):
        return True
    return bool(header) and cells[0] is not None and cells[0].strip() == str(header[0]).strip()


def is_totals_word(cell: Cell) -> bool:
    return cell is not None and re.sub(r"[\s:：]+", "", cell) in TOTALS


def text_of_rows(
    rows: Iterable[tuple[int, Sequence[Cell]]],
    header: Sequence[object],
    layout: Layout,
    delimiter: str = "",
    *others: pa.Table,
) -> DeliveredText:
    """Gather numbered rows under a header, after the `others` that are read already.

    Rows of another width end as surplus or malformed lines. A row that is too wide only by empty
    cells, or too narrow where no delimiter tells (as in spreadsheets), is made to fit.
    """
    names = column_names(header, layout)
    found = DeliveredText(pa.table({}))
    pieces = [_piece(part, names) for part in _parts(_fitting(rows, len(names), header, delimiter, found))]
    found.rows = without_empty_nameless(pa.concat_tables([*others, *pieces] or [_piece([], names)]))
    return found


def _fitting(
    rows: Iterable[tuple[int, Sequence[Cell]]],
    width: int,
    header: Sequence[object],
    delimiter: str,
    found: DeliveredText,
) -> Iterator[tuple[int, Sequence[Cell]]]:
    skipped = 0
    for line, cells in rows:
        if is_no_data(cells, header):
            skipped += 1
        elif len(cells) == width:
            yield line, cells
        elif len(cells) > width and not any(cells[width:]):
            yield line, cells[:width]
        elif len(cells) < width and not delimiter:
            yield line, [*cells, *[None] * (width - len(cells))]
        elif len(cells) > width:
            found.surplus.append(SurplusLine(line, [cell or "" for cell in cells], delimiter))
        else:
            found.malformed.append(MalformedLine(line))
    found.findings["skipped"] = skipped


def _parts(rows: Iterator[tuple[int, Sequence[Cell]]]) -> Iterator[list[tuple[int, Sequence[Cell]]]]:
    while part := list(islice(rows, ROWS_A_PIECE)):
        yield part


def _piece(part: Sequence[tuple[int, Sequence[Cell]]], names: Sequence[str]) -> pa.Table:
    columns = {name: pa.array([cells[at] for _, cells in part], pa.string()) for at, name in enumerate(names)}
    return pa.table({"source_line": pa.array([line for line, _ in part], pa.int32()), **columns})


def without_empty_nameless(rows: pa.Table) -> pa.Table:
    """Without the columns that have neither a header nor any content, such as a delimiter at each line's end leaves."""
    empty = [name for name in rows.column_names if re.fullmatch(r"\(第\d+列\)", name) and _is_empty(rows[name])]
    return rows.drop_columns(empty) if empty else rows


def _is_empty(column: pa.ChunkedArray) -> bool:
    return all(not value for value in column.unique().to_pylist())
