"""Small cells are not shown, nor what would give them away (小数抑制).

Lines of a table add up to their total. Whoever sees all of a line but one cell can work that one out, so a second
cell goes with it; and where what is hidden adds up to little, another goes until it does not.
"""

from collections.abc import Iterator, Sequence

Cell = tuple[int, int]


def suppressed(table: Sequence[Sequence[int]], least: int, rows_add_up: bool = False) -> list[list[int | None]]:
    """`table` with None for what must not be shown: below `least` and above nought, and what would tell it.

    The last row holds the columns' totals; with `rows_add_up` the last column holds those of the rows.
    """
    hidden = {(r, c) for r, row in enumerate(table) for c, value in enumerate(row) if 0 < value < least}
    lines = list(_lines(len(table), len(table[0]) if table else 0, rows_add_up))
    while (more := _given_away(table, lines, hidden, least)) is not None:
        hidden.add(more)
    return [[None if (r, c) in hidden else value for c, value in enumerate(row)] for r, row in enumerate(table)]


def _lines(rows: int, columns: int, rows_add_up: bool) -> Iterator[list[Cell]]:
    """The lines that add up, each with its total last."""
    for c in range(columns):
        yield [(r, c) for r in range(rows)]
    if rows_add_up:
        for r in range(rows):
            yield [(r, c) for c in range(columns)]


def _given_away(
    table: Sequence[Sequence[int]], lines: Sequence[Sequence[Cell]], hidden: set[Cell], least: int
) -> Cell | None:
    """A cell that must be hidden too, because its line would tell what is hidden in it."""
    for line in lines:
        *parts, total = line
        inside = [cell for cell in line if cell in hidden]
        hidden_sum = sum(table[r][c] for r, c in parts if (r, c) in hidden)
        is_told = len(inside) == 1 or (total not in hidden and hidden_sum < least)
        if not inside or len(line) < 2 or not is_told:
            continue
        shown = [cell for cell in parts if cell not in hidden]
        # What is nought tells nothing when hidden, so it comes last, before the total itself.
        shown.sort(key=lambda cell: (table[cell[0]][cell[1]] == 0, table[cell[0]][cell[1]], cell))
        others = shown if shown else [total] if total not in hidden else []
        if others:
            return others[0]
    return None
