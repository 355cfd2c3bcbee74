"""Each contender does the work that the benchmark says it does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from benchmarks import agreement
from benchmarks.floor import copy_all
from benchmarks.landing import delivered_extracts
from benchmarks.pandas_load import casts
from benchmarks.pandas_load.checking import Keys
from benchmarks.pandas_load.row_rules import RULES
from benchmarks.pandas_load.script import Load, load, tables_of
from benchmarks.pandas_load.tables import TABLES
from benchmarks.usage import cpu_seconds, memory_gib
from schemas.loader import contracts
from schemas.row_rules import PARSING_SQL
from tests.benchmarks.conftest import FIRST_NIGHT
from warehouse.definitions import layer_definitions

AMOUNTS = [
    *("0", "1234.5", "1,234.50", "1,234", "￥1,234.50", "１２３.４５", "１２", "12元", "12.0"),
    *("(1,234.50)", "-3.10", "12,34", "", "无", "1e400x"),
]
DATES = [
    *("2026-03-01", "2026/3/1", "2026.3.1", "2026年3月1日", "20260301", "20260301.0", "45717", "2026-03-01 00:00:00"),
    *("2026-02-30", "0000-00-00", "20260230", "0001-01-01", "", "２０２６-０３-０１", "2026-3", "明天"),
]
MONTHS = ["202603", "2026-03", "2026/3", "2026年3月", "2026-03-15", "202613", "", "202603.0", "三月"]
NUMBERS = [
    *("11010519491231002X", "11010519491231002x", " 11010519491231002X ", "'11010519491231002X", "440524188001010014"),
    *("１１０１０５１９４９１２３１００２Ｘ", "110105194912310021", "110105491231002"),
    *("110105191231002", "", "3.40721E+17"),
    *("340721********0349", "340721199109140000", "110105194902300025", "111111111111111110"),
]


@pytest.mark.parametrize(
    ("texts", "read", "macro"),
    [
        (AMOUNTS, lambda text: casts.decimals(text, 2), "cast(try_cast(read_amount(x) as decimal(16, 2)) as double)"),
        (AMOUNTS, casts.whole_numbers, "cast(read_whole_number(x) as double)"),
        (DATES, casts.dates, "cast(read_date(x) as timestamp)"),
        (MONTHS, casts.months, "cast(read_month(x) as timestamp)"),
        (NUMBERS, casts.identity_numbers, "read_identity_number(x)"),
    ],
    ids=["amounts", "whole numbers", "dates", "months", "identity numbers"],
)
def test_pandas_reads_what_we_read(texts: list[str], read: object, macro: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(PARSING_SQL)
        ours = [
            connection.execute(f"select {macro} from (select $text as x)", {"text": text}).fetchall()[0][0]
            for text in texts
        ]
    theirs = [None if pd.isna(value) else value for value in read(pd.Series(texts, dtype=object))]
    assert dict(zip(texts, theirs, strict=True)) == dict(zip(texts, ours, strict=True))


def test_pandas_knows_every_row_rule_of_the_contracts() -> None:
    promised = {(contract.extract_class, rule.name) for contract in contracts().values() for rule in contract.row_rules}
    assert set(RULES) == promised


def test_pandas_builds_tables_that_the_layers_have() -> None:
    assert set(TABLES) <= set(layer_definitions("dwd")) | set(layer_definitions("dws"))
    assert set(TABLES) == set(agreement.SUMMARIES)


def test_the_floor_copies_every_row_as_text(landing: Path, tmp_path: Path) -> None:
    extracts = delivered_extracts(landing, FIRST_NIGHT)
    assert copy_all(extracts, tmp_path) == sum(extract.manifest.row_count for extract in extracts)
    assert len(list(tmp_path.iterdir())) == sum(len(extract.files) for extract in extracts)
    register = contracts()["household_register"]
    name = next(field.headers["1"] for field in register.fields if field.name == "psn_name")
    file = tmp_path / "household_register_20261119_01.parquet"
    names = duckdb.sql(f"""select "{name}" from '{file}'""").fetchall()
    assert any("\u4e00" <= cell[0][0] <= "\u9fff" for cell in names if cell[0])


def test_another_count_or_another_amount_is_a_difference(landing: Path, tmp_path: Path) -> None:
    loaded = load(delivered_extracts(landing, FIRST_NIGHT), FIRST_NIGHT, b"key", tmp_path)
    counts, tables = loaded["counts"], tables_of(tmp_path)
    assert agreement.differences(counts, counts, tables, tables) == []
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "dws.medical_year.parquet"
    years = pd.read_parquet(tables["dws.medical_year"][0])
    years.loc[0, "self_paid_total"] += 0.01
    years.to_parquet(other)
    delivery = next(iter(counts))
    fewer = counts | {delivery: counts[delivery] | {"accepted": counts[delivery]["accepted"] - 1}}
    found = agreement.differences(counts, fewer, tables, tables | {"dws.medical_year": [str(other)]})
    assert [sentence.split(":")[0] for sentence in found] == [delivery, "dws.medical_year"]


def test_pandas_takes_whom_a_complete_snapshot_no_longer_names_as_gone(landing: Path, tmp_path: Path) -> None:
    """Unless a row of it names nobody can tell whom; as the pipeline does."""
    shutil.copytree(landing, tmp_path / "landing")
    extracts = [
        extract
        for extract in delivered_extracts(tmp_path / "landing", FIRST_NIGHT)
        if extract.manifest.extract_class == "employee_pension_contribution"
    ]
    first, second = extracts
    header, *lines = second.files[0].read_text(encoding="utf-8-sig").splitlines()
    half = lines[len(lines) // 2 :]
    nobody = "," + lines[0].partition(",")[2]
    halves = {"every row names somebody": half, "a row names nobody": [*half, nobody]}
    known = {}
    for name, kept in halves.items():
        second.files[0].write_text("\n".join([header, *kept]), encoding="utf-8-sig")
        loaded = Load(tmp_path, FIRST_NIGHT, Keys(b"key"))
        loaded.take_in(first)
        loaded.take_in(second)
        known[name] = len(loaded.state["employee_pension_contribution"])
    assert known["every row names somebody"] < known["a row names nobody"]


def test_memory_counts_what_a_child_holds() -> None:
    before = memory_gib(os.getpid())
    hold = "held = bytearray(b'x') * (256 * 2**20); print(len(held), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        assert memory_gib(os.getpid()) >= before + 0.25
        child.communicate(b"\n")


def test_cpu_time_counts_children_that_are_gone() -> None:
    before = cpu_seconds()
    spend = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", spend], check=True)
    assert cpu_seconds() - before >= 0.5
