"""The tables under processes that write to them at the same moment."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyarrow as pa

from warehouse.definitions import definition
from warehouse.tables import Warehouse, rows_where

AT_ONCE = 4


def commit_a_row(root: Path, n: int) -> None:
    table = definition("ops.step")
    row = {"business_date": None, "step": f"step {n}", "fingerprint": "", "seconds": 0.0, "report": "{}"}
    rows = pa.Table.from_pylist([row], schema=table.schema)
    Warehouse(root).replace_rows(table, rows, rows_where(step=f"step {n}"))


def test_a_table_that_several_processes_create_at_once_has_the_rows_of_all(tmp_path: Path) -> None:
    with ProcessPoolExecutor(AT_ONCE, mp_context=multiprocessing.get_context("spawn")) as pool:
        for turn in range(3):
            list(pool.map(commit_a_row, [tmp_path / str(turn)] * AT_ONCE, range(AT_ONCE)))
            kept = Warehouse(tmp_path / str(turn)).rows("ops.step")
            assert sorted(kept["step"].to_pylist()) == [f"step {n}" for n in range(AT_ONCE)]
