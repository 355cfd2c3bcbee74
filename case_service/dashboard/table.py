"""A theme of the dashboard as a table, and what of it may be shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from case_service.words import WORDS
from schemas.messages import Text
from schemas.small_counts import suppressed

# A count and the address of the list behind it; a line of them under its label.
Count = tuple[int, str]
Counted = tuple[Text, Sequence[Count]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One count; none where it is too small to be shown. `address` is the list behind it."""

    value: int | None
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table."""

    label: Text
    figures: Sequence[Figure]
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One theme of the dashboard; the last line holds the totals where `has_total`."""

    id: str
    columns: Sequence[str]
    lines: Sequence[Line]
    has_total: bool = False
    has_percent: bool = False


def plain_table(theme: str, columns: Sequence[str], counted: Sequence[Counted], least: int) -> Table:
    """A table without totals: nothing adds up, so only what is small is left out."""
    lines = [
        Line(label, [Figure(None if 0 < count < least else count, address) for count, address in cells])
        for label, cells in counted
    ]
    return Table(theme, columns, lines)


def table_with_total(
    theme: str,
    columns: Sequence[str],
    counted: Sequence[Counted],
    whole: Sequence[Count],
    least: int,
    percent_of: int | None = None,
    rows_add_up: bool = False,
) -> Table:
    """A table whose totals are shown, so that these give nothing away either."""
    rows = [[count for count, _ in cells] for _, cells in (*counted, (None, whole))]
    if rows_add_up:
        rows = [[*row, sum(row)] for row in rows]
    shown = suppressed(rows, least, rows_add_up)
    labels = [*(label for label, _ in counted), WORDS["supervision.total"]]
    addresses = [[address for _, address in cells] for cells in (*(cells for _, cells in counted), whole)]
    lines = []
    for label, values, places in zip(labels, shown, addresses, strict=True):
        figures = [Figure(value, place) for value, place in zip(values, places, strict=False)]
        part = figures[percent_of].value if percent_of is not None else None
        known = [one.value for one in figures if one.value is not None]
        is_whole = len(known) == len(figures) and sum(known) > 0
        lines.append(Line(label, figures, 100 * part / sum(known) if part is not None and is_whole else None))
    return Table(theme, columns, lines, has_total=True, has_percent=percent_of is not None)
