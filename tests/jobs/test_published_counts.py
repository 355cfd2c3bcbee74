"""No small count is published, nor one that somebody could work out from what is."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from jobs.published_counts import without_small_counts
from jobs.published_tables import published_tables
from warehouse.definitions import TableDefinition, definition

LEAST = 5
COUNTED = [table for table in published_tables() if table.counts]
PERFORMANCE = definition("ads.model_performance")


def published(table: TableDefinition, **values: float | None) -> dict[str, float | None]:
    """What is published of one row that says nothing but these values."""
    row = dict.fromkeys(table.schema.names) | values
    [shown] = without_small_counts(table, pa.Table.from_pylist([row], schema=table.schema), LEAST).to_pylist()
    return {name: shown[name] for name in values}


def range_of(wanted: Sequence[str], table: TableDefinition, shown: dict, whole_less: bool) -> tuple[float, float]:
    """Between what a reader knows the first column to lie, or with `whole_less` the last less all before it."""
    names = sorted({name for line in table.counts for name in line})
    more_than_whole = [[(name in line[:-1]) - (name == line[-1]) for name in names] for line in table.counts]
    bounds = [(0, None) if shown[name] is None else (shown[name], shown[name]) for name in names]
    if whole_less:
        aim = np.array([(name == wanted[-1]) - (name in wanted[:-1]) for name in names], float)
    else:
        aim = np.array([name == wanted[0] for name in names], float)
    ends = []
    for sign in (1, -1):
        found = linprog(sign * aim, A_ub=more_than_whole, b_ub=np.zeros(len(table.counts)), bounds=bounds)
        ends.append(sign * found.fun if found.status == 0 else np.inf)
    return ends[0], ends[1]


@st.composite
def counted_rows(draw: st.DrawFn, table: TableDefinition) -> dict[str, int]:
    """Counts of one row as they may be: no part larger than its whole."""
    values: dict[str, int] = {}
    for line in table.counts:
        *parts, total = line
        left = values.setdefault(total, draw(st.integers(0, 30)))
        for part in parts:
            values[part] = draw(st.integers(0, left))
            left -= values[part]
    return values


@pytest.mark.parametrize("table", COUNTED, ids=lambda table: table.name)
def test_nobody_works_out_a_small_count_from_what_is_published(table: TableDefinition) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(values=counted_rows(table))
    def holds(values: dict[str, int]) -> None:
        shown = published(table, **values)
        assert all(shown[name] in (None, value) for name, value in values.items())
        for name, value in values.items():
            if 0 < value < LEAST:
                assert shown[name] is None
                low, high = range_of([name], table, shown, whole_less=False)
                assert high - low >= 1, f"{name} is told"
        for line in table.counts:
            rest = values[line[-1]] - sum(values[name] for name in line[:-1])
            if len(line) > 1 and 0 < rest < LEAST:
                low, high = range_of(line, table, shown, whole_less=True)
                assert high - low >= 1, f"what is left of {line[-1]} is told"

    holds()


def test_large_counts_and_nought_stay_as_they_are() -> None:
    values = {
        "warned": 40, "opened": 30, "joined": 10, "withheld": 0, "closed": 20, "helped": 9, "referred": 6,
        "data_error": 5, "yield_ratio": 0.75,
    }  # fmt: skip
    assert published(PERFORMANCE, **values) == values


def test_what_is_left_out_takes_along_what_would_tell_it() -> None:
    shown = published(
        PERFORMANCE, warned=40, opened=37, joined=3, withheld=0, closed=0, helped=0, referred=0, data_error=0
    )
    assert (shown["warned"], shown["joined"], shown["opened"]) == (40, None, None)
    shown = published(
        PERFORMANCE, warned=40, opened=40, joined=0, withheld=0, closed=20, helped=9, referred=2, data_error=9,
        yield_ratio=0.55,
    )  # fmt: skip
    assert shown["referred"] is shown["yield_ratio"] is None, "the ratio would tell it"


def test_every_count_by_group_is_known_as_one() -> None:
    for table in published_tables():
        counted = {name for line in table.counts for name in line}
        assert {column.name for column in table.columns if column.physical_type == "bigint"} <= counted, table.name
        assert {*counted, *table.ratios, *(name for names in table.ratios.values() for name in names)} <= set(
            table.schema.names
        )
