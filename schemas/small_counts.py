"""Small counts are not shown, nor what would give them away (小数抑制).

Counts stand in lines that add up to their total. Whoever sees all of a line but one count can work that one out, so a
second goes with it; and where what is hidden adds up to little, another goes until it does not.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)
Line = Sequence[Cell]


def suppressed(table: Sequence[Sequence[int]], least: int, rows_add_up: bool = False) -> list[list[int | None]]:
    """`table` with None for what must not be shown: below `least` and above nought, and what would tell it.

    The last row holds the columns' totals; with `rows_add_up` the last column holds those of the rows.
    """
    values = {(r, c): value for r, row in enumerate(table) for c, value in enumerate(row)}
    lines = list(_lines(len(table), len(table[0]) if table else 0, rows_add_up))
    hidden = hidden_cells(values, lines, least)
    return [[None if (r, c) in hidden else value for c, value in enumerate(row)] for r, row in enumerate(table)]


def hidden_cells(
    values: Mapping[Cell, int], lines: Sequence[Line[Cell]], least: int, never_shown: Collection[Cell] = ()
) -> set[Cell]:
    """The cells that must not be shown. Each line holds the cells that add up, then their total.

    Cells that are `never_shown` help to hide others. Where such a cell is itself so small that nobody may work it out,
    another goes for it.
    """
    secret = {cell for cell, value in values.items() if 0 < value < least}
    while (more := _given_away(values, lines, secret, secret | set(never_shown), least)) is not None:
        secret.add(more)
    return secret | set(never_shown)


def _lines(rows: int, columns: int, rows_add_up: bool) -> Iterator[list[tuple[int, int]]]:
    for c in range(columns):
        yield [(r, c) for r in range(rows)]
    if rows_add_up:
        for r in range(rows):
            yield [(r, c) for c in range(columns)]


def _given_away(
    values: Mapping[Cell, int], lines: Sequence[Line[Cell]], secret: set[Cell], hidden: set[Cell], least: int
) -> Cell | None:
    """A cell that must be hidden too, because its line would tell what is secret in it."""
    for line in lines:
        *parts, total = line
        inside = [cell for cell in line if cell in hidden]
        hidden_sum = sum(values[cell] for cell in parts if cell in hidden)
        is_told = len(inside) == 1 or (total not in hidden and hidden_sum < least)
        if len(line) < 2 or not is_told or not secret.intersection(inside):
            continue
        shown = [(at, cell) for at, cell in enumerate(parts) if cell not in hidden]
        # What is nought tells nothing when hidden, so it comes last, before the total itself.
        shown.sort(key=lambda item: (values[item[1]] == 0, values[item[1]], item[0]))
        others = [cell for _, cell in shown] or ([total] if total not in hidden else [])
        if others:
            return others[0]
    return None
