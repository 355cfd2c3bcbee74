"""What every engine promises, asked of each."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.engines import Engine, EngineError, open_engine
from warehouse.engines import spark as spark_module

SCHEMA = pa.schema(
    [
        ("person_key", pa.string()),
        ("born_on", pa.date32()),
        ("amount", pa.decimal128(16, 2)),
        ("count", pa.int32()),
        ("is_paid", pa.bool_()),
    ]
)
PEOPLE = pa.Table.from_pylist(
    [
        {"person_key": "杨", "born_on": date(1980, 2, 29), "amount": Decimal("1.50"), "count": 2, "is_paid": True},
        {"person_key": "刘", "born_on": None, "amount": None, "count": None, "is_paid": None},
    ],
    schema=SCHEMA,
)


def test_a_small_table_comes_back_as_it_went_in(engine: Engine) -> None:
    engine.register_table("dwd_small", PEOPLE)
    assert engine.query("select * from dwd_small order by count nulls last") == PEOPLE


def test_parameters_work_in_queries_and_in_views(engine: Engine) -> None:
    engine.register_table("dwd_small", PEOPLE)
    params = {"born_on": date(1980, 2, 29), "amount": Decimal("1.50"), "count": 2, "key": "杨", "unused": 1}
    sql = (
        "select person_key, :amount as given from dwd_small"
        " where born_on = :born_on and amount = :amount and count = :count and person_key = :key"
    )
    asked = engine.query(sql, params)
    engine.create_view("dws_found", sql, params)
    assert asked.to_pylist() == [{"person_key": "杨", "given": Decimal("1.50")}]
    assert engine.query("select * from dws_found") == asked


def test_a_view_is_lazy(engine: Engine) -> None:
    engine.register_table("dwd_small", PEOPLE)
    engine.create_view("dws_broken", "select cast(person_key as integer) as n from dwd_small")
    with pytest.raises(Exception, match=r"(?i)cast"):
        engine.query("select sum(n) as total from dws_broken")


def test_what_is_kept_stays_when_what_it_read_is_shown_otherwise(engine: Engine) -> None:
    engine.register_table("dwd_small", PEOPLE)
    assert engine.keep("kept_small", "select * from dwd_small where count = :n", {"n": 2}) == 1
    engine.register_table("dwd_small", PEOPLE.slice(0, 0))
    assert engine.query("select * from kept_small").to_pylist() == [
        row for row in PEOPLE.to_pylist() if row["count"] == 2
    ]
    assert engine.keep("kept_nothing", "select * from dwd_small") == 0
    assert engine.query("select * from kept_nothing") == SCHEMA.empty_table()


def test_written_files_hold_the_schema_asked_for(engine: Engine, tmp_path: Path) -> None:
    engine.register_table("dwd_small", PEOPLE)
    files = engine.write(
        "select is_paid, count + 0 as count, 1 as extra, amount, born_on, person_key from dwd_small -- a note",
        {},
        SCHEMA,
        tmp_path / "月" / "known_on=2026-01-01",
    )
    assert [Path(file).is_absolute() for file in files] == [True]
    assert pq.read_schema(files[0]).remove_metadata() == SCHEMA
    assert pq.ParquetFile(files[0]).metadata.row_group(0).column(0).compression == "ZSTD"
    engine.register_files("dwd_written", files, SCHEMA)
    assert engine.query("select * from dwd_written order by count nulls last") == PEOPLE


def test_writing_replaces_what_was_there(engine: Engine, tmp_path: Path) -> None:
    engine.register_table("dwd_small", PEOPLE)
    engine.write("select * from dwd_small", {}, SCHEMA, tmp_path / "out")
    files = engine.write("select * from dwd_small where count = :n", {"n": 2}, SCHEMA, tmp_path / "out")
    assert [str(file) for file in (tmp_path / "out").rglob("*") if file.is_file()] == files
    assert pq.read_table(files).num_rows == 1


def test_an_empty_result_leaves_one_file_with_the_schema(engine: Engine, tmp_path: Path) -> None:
    engine.register_table("dwd_small", PEOPLE)
    files = engine.write("select * from dwd_small where count = 99", {}, SCHEMA, tmp_path / "out")
    assert len(files) == 1
    assert pq.read_table(files[0]).num_rows == 0
    assert pq.read_schema(files[0]).remove_metadata() == SCHEMA


def test_no_files_give_an_empty_view(engine: Engine) -> None:
    engine.register_files("dwd_nothing", [], SCHEMA)
    assert engine.query("select * from dwd_nothing") == SCHEMA.empty_table()


def test_columns_that_older_files_lack_read_as_null(engine: Engine, tmp_path: Path) -> None:
    engine.register_table("dwd_small", PEOPLE)
    old = engine.write("select * from dwd_small", {}, pa.schema([SCHEMA.field("person_key")]), tmp_path / "old")
    new = engine.write("select * from dwd_small", {}, SCHEMA, tmp_path / "new")
    engine.register_files("dwd_grown", [*old, *new], SCHEMA)
    assert engine.query("select count(*) as n, sum(count) as total from dwd_grown").to_pylist() == [
        {"n": 4, "total": 2}
    ]


def test_files_of_one_engine_serve_the_other(engines: dict[str, Engine], tmp_path: Path) -> None:
    for writer, reader in (("duckdb", "spark"), ("spark", "duckdb")):
        engines[writer].register_table("dwd_small", PEOPLE)
        files = engines[writer].write("select * from dwd_small", {}, SCHEMA, tmp_path / writer)
        engines[reader].register_files("dwd_from_other", files, SCHEMA)
        assert engines[reader].query("select * from dwd_from_other order by count nulls last") == PEOPLE


def test_engines_in_one_process_do_not_see_each_others_views(tmp_path: Path, engine: Engine) -> None:
    engine.register_table("dwd_private", PEOPLE)
    with open_engine(engine.name, work_folder=tmp_path) as other, pytest.raises(Exception, match="dwd_private"):
        other.query("select * from dwd_private")


def test_duckdb_fetches_no_extensions(engines: dict[str, Engine]) -> None:
    rows = engines["duckdb"].query("select value from duckdb_settings() where name like 'auto%known_extensions'")
    assert rows["value"].to_pylist() == ["false", "false"]


def test_duckdb_keeps_to_the_memory_given(tmp_path: Path) -> None:
    with open_engine("duckdb", work_folder=tmp_path, memory_limit="256MB", threads=1) as engine:
        settings = "select current_setting('memory_limit') as memory, current_setting('threads') as threads"
        assert engine.query(settings).to_pylist() == [{"memory": "244.1 MiB", "threads": 1}]


def test_duckdb_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_engine("duckdb", work_folder=tmp_path, memory_limit="64MB", threads=1) as engine:
        engine.query("select count(distinct hash(range)) as n from range(4000000)")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="duckdb or spark"):
        open_engine("sqlite", work_folder=tmp_path)


def test_without_pyspark_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(EngineError, match=r"shouwang\[spark\]"):
        spark_module._first_session.__wrapped__("local[1]", tmp_path, "1g")
