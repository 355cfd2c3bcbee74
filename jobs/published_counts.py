"""Counts by group as analysts see them: small ones are left out, and so is what would tell them."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from schemas.small_counts import hidden_cells
from warehouse.definitions import TableDefinition

Row = Mapping[str, Any]
# What is left of a whole when its parts are taken off: in no column, and yet whoever subtracts has it.
_REST = "the rest of {}"


def without_small_counts(table: TableDefinition, rows: pa.Table, least: int) -> pa.Table:
    """The rows with null for counts below `least` and above nought, and for what would tell them."""
    names = sorted({name for line in table.counts for name in line} | set(table.ratios))
    shown = [_row(table, row, least) for row in rows.select(names).to_pylist()]
    for name in names:
        field = rows.schema.field(name)
        values = pa.array([row[name] for row in shown], field.type)
        rows = rows.set_column(rows.schema.get_field_index(name), field, values)
    return rows


def _row(table: TableDefinition, row: Row, least: int) -> dict[str, Any]:
    values = {name: row[name] for line in table.counts for name in line if row[name] is not None}
    lines = [line for line in table.counts if values.keys() >= set(line)]
    rests = dict(_rests(lines, values))
    whole = [(*line[:-1], _REST.format(line), line[-1]) for line in lines]
    hidden = hidden_cells(values | rests, whole, least, never_shown=rests)
    ratios = {name for name, columns in table.ratios.items() if hidden & set(columns)}
    return {name: None if name in hidden | ratios else value for name, value in row.items()}


def _rests(lines: list[tuple[str, ...]], values: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for line in lines:
        *parts, total = line
        yield _REST.format(line), values[total] - sum(values[part] for part in parts) if parts else 0
