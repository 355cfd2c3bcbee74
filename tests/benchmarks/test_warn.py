"""Whoever answers the models' questions by hand comes to the models' answers, and the figures are those of the runs."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.by_hand.warn import by_pandas, by_script
from benchmarks.warn import exponent, measured
from benchmarks.warners import disagreements
from jobs.lineage import layer_tables
from warehouse.engines import open_engine
from warning_models.examples import read_families, results
from warning_models.loader import WarningModel, load_models

SCHEMAS = {table.sql_name: table.schema for table in layer_tables()}


class ByHand:
    """Has a model's examples answered by DuckDB, and beside it by hand from the same rows."""

    def __init__(self, number: str, folder: Path, engine: Any) -> None:
        self.number = number
        self.found: list[str] = []
        self.compared = 0
        self._folder = folder
        self._engine = engine
        for name, schema in SCHEMAS.items():
            pq.write_table(schema.empty_table(), folder / f"{name}.parquet")

    def register_table(self, name: str, table: pa.Table) -> None:
        pq.write_table(table, self._folder / f"{name}.parquet")
        self._engine.register_table(name, table)

    def query(self, sql: str, params: Mapping[str, Any]) -> pa.Table:
        answer: pa.Table = self._engine.query(sql, params)
        as_of: date = params["as_of"]
        ours = {self.number: [(row["person_key"], row["episode"], row["level"]) for row in answer.to_pylist()]}
        for who, answers in (
            ("the script", by_script(self._folder, as_of)),
            ("pandas", by_pandas(self._folder, as_of, [self.number])),
        ):
            self.found += disagreements(ours, {self.number: answers[self.number]}, who)
        self.compared += len(ours[self.number])
        return answer


@pytest.mark.parametrize("model", load_models(), ids=lambda model: model.number)
def test_by_hand_and_by_pandas_every_example_is_answered_alike(model: WarningModel, tmp_path: Path) -> None:
    with open_engine("duckdb", work_folder=tmp_path / "work") as engine:
        by_hand = ByHand(model.number, tmp_path, engine)
        results(model, by_hand, SCHEMAS)
    assert by_hand.found == []
    assert by_hand.compared == sum(len(family.expect) for family in read_families(model))


def test_who_answers_otherwise_is_named() -> None:
    ours = {"W01": [("p1", "2026:15000", "red")], "W02": []}
    assert disagreements(ours, ours, "pandas") == []
    [sentence] = disagreements(ours, {"W01": [("p1", "2026:15000", "yellow")], "W02": []}, "pandas")
    assert sentence.startswith("W01: 1 with us, 1 with pandas")


def test_figures_are_those_of_the_runs(tmp_path: Path) -> None:
    answers = tmp_path / "hits.json"
    answers.write_text('{"W01": [["p1", "2026:15000", "red"]]}', encoding="utf-8")
    run = {"hits": 1, "peak_memory_gib": 1.0, "answers": str(answers)}
    results = {
        "models": {**run, "seconds": 12.0, "cpu_s": 18.0},
        "by_hand": {**run, "seconds": 10.0, "cpu_s": 12.0},
        "by_pandas": {**run, "seconds": 120.0, "cpu_s": 90.0},
        "landed": {"look_s": 20.0, "look_cpu_s": 30.0},
        "landed_smaller": {"look_s": 10.0, "look_cpu_s": 3.0},
    }
    report = measured(results, 1_000_000, 100_000)
    assert report["ratio_to_handwritten"] == pytest.approx(1.2)
    assert report["speedup_over_pandas"] == pytest.approx(10.0)
    assert report["by_cpu"]["ratio_to_handwritten"] == pytest.approx(1.5)
    assert report["landed_to_order_s"] == 20.0
    assert report["growth_exponent"] == pytest.approx(1.0)
    assert report["spark_s"] is None
    assert report["disagreements"] == []
    assert exponent(5.0, 5.0, 1_000_000, 100_000) == pytest.approx(0.0)
    assert exponent(None, 5.0, 1_000_000, 100_000) is None


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_all_agree_and_what_lands_becomes_orders_on_the_first_run_and_the_next(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = tmp_path_factory.mktemp("w")
    command = [sys.executable, "-m", "benchmarks.warn", "--people", "2000", "--home", str(home), "--json"]
    left_out = ["--without", "models_on_spark", "landed_smaller"]
    for _ in range(2):
        done = subprocess.run([*command, *left_out], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        report = json.loads(done.stdout)
        assert report["disagreements"] == []
        assert report["hits"]["ours"] > 0
        assert report["landed"]["large"]["status"] == "ingested"
        assert report["landed"]["large"]["orders"]["opened"] > 0
