"""The tables under processes that write to them at the same moment."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa

from warehouse.definitions import definition
from warehouse.tables import Warehouse, _shorten_history, rows_where

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


def test_a_table_that_is_only_marked_night_after_night_keeps_its_rows_and_no_long_history(tmp_path: Path) -> None:
    commit_a_row(tmp_path, 1)
    warehouse = Warehouse(tmp_path)
    with patch("warehouse.tables._MOST_SNAPSHOTS", 4), patch("warehouse.tables._SNAPSHOTS_LEFT", 2):
        for night in range(9):
            warehouse.mark("ops.step", {"night": str(night)})
            assert warehouse.snapshot_properties("ops.step")["night"] == str(night)
    assert len(warehouse.rows("ops.step")) == 1
    assert len(warehouse.table("ops.step").metadata.snapshots) <= 4


def test_two_that_shorten_one_tables_history_at_the_same_moment_both_go_on(tmp_path: Path) -> None:
    for n in range(5):
        commit_a_row(tmp_path, n)
    first, second = (Warehouse(tmp_path)._load("ops.step") for _ in range(2))
    with patch("warehouse.tables._MOST_SNAPSHOTS", 3), patch("warehouse.tables._SNAPSHOTS_LEFT", 2):
        _shorten_history(first)
        _shorten_history(second)
    assert len(Warehouse(tmp_path).rows("ops.step")) == 5
    assert len(Warehouse(tmp_path)._load("ops.step").metadata.snapshots) == 2
