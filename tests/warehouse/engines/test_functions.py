"""The vocabulary means the same on both engines, types included."""

import random
import re
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from warehouse.engines import Engine
from warehouse.engines.engine import FUNCTIONS_FOLDER
from warehouse.engines.spark import SparkEngine

EVERY_FUNCTION = """
    select n,
        full_years(a, b) as full_years, days_between(a, b) as days_between, days_before(a, n) as days_before,
        months_before(a, n) as months_before, month_start(a) as month_start, month_end(a) as month_end,
        months_between_starts(a, b) as months_between_starts, year_of(a) as year_of,
        month_of(a) as month_of, day_text(a) as day_text,
        month_text(a) as month_text, quarter_text(a) as quarter_text, amount_text(amount) as amount_text,
        joined_text(items) as joined_text,
        birthday(a, 18) as birthday, limit_of_tier(tier, 1000, 5000, 10000, 15000) as limit_of_tier
    from dwd_dates order by place nulls last
"""
EDGES = [
    date(1900, 2, 28), date(1986, 5, 4), date(2000, 2, 29), date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31),
    date(2024, 2, 29), date(2025, 2, 28), date(2026, 3, 31), date(2026, 11, 30),
]  # fmt: skip
TEXTS = ["低保", "dibao", "低保边缘", "z", "A", "𠮷", None]


def many_dates() -> pa.Table:
    chance = random.Random(20261119)
    some = [date(1920, 1, 1) + timedelta(days=chance.randrange(45000)) for _ in range(1500)]
    days: list[date | None] = [*EDGES, *some, None]
    pairs = [(a, b) for a in [*EDGES, None] for b in [*EDGES, None]] + [(a, chance.choice(days)) for a in days]
    rows = [
        {
            "place": place,
            "a": a,
            "b": b,
            "n": chance.choice([0, 1, 2, 3, 12, 36, 90, -1, -12, None]),
            "amount": chance.choice([None, Decimal(chance.randrange(-(10**8), 10**14)) / 100]),
            "items": chance.choice([None, [], chance.sample(TEXTS, chance.randrange(7))]),
            "tier": chance.choice(["tekun", "dibao", "low_income", "general", None]),
        }
        for place, (a, b) in enumerate(pairs)
    ]
    types = [
        ("place", pa.int32()), ("a", pa.date32()), ("b", pa.date32()), ("n", pa.int32()),
        ("amount", pa.decimal128(16, 2)), ("items", pa.list_(pa.string())), ("tier", pa.string()),
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=pa.schema(types))


def test_every_function_gives_the_same_on_both_engines(engines: dict[str, Engine]) -> None:
    results = {}
    for name, engine in engines.items():
        engine.register_table("dwd_dates", many_dates())
        results[name] = engine.query(EVERY_FUNCTION)
    assert results["duckdb"].schema == results["spark"].schema
    assert results["duckdb"].to_pylist() == results["spark"].to_pylist()


def test_both_files_define_the_same_names() -> None:
    definition = re.compile(
        r"^create or replace temp\w* (?:macro|function) (\w+)\(([\w ,()<>]*?)\) (?:as|returns)", re.M
    )
    duckdb_names = dict(definition.findall((FUNCTIONS_FOLDER / "duckdb.sql").read_text("utf-8")))
    spark_names = dict(definition.findall((FUNCTIONS_FOLDER / "spark.sql").read_text("utf-8")))
    assert list(duckdb_names) == list(spark_names)
    assert all(f"{name}(" in EVERY_FUNCTION for name in duckdb_names)
    assert len(duckdb_names) == 16


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("full_years(date '1966-11-20', date '2026-11-19')", 59),
        ("full_years(date '1966-11-19', date '2026-11-19')", 60),
        ("full_years(date '2004-02-29', date '2022-02-28')", 17),
        ("full_years(date '2004-02-29', date '2022-03-01')", 18),
        ("days_between(date '2024-02-28', date '2024-03-01')", 2),
        ("days_before(date '2024-03-01', 1)", date(2024, 2, 29)),
        ("months_before(date '2026-03-31', 1)", date(2026, 2, 28)),
        ("months_before(date '2026-02-28', 1)", date(2026, 1, 28)),
        ("month_end(date '2024-02-10')", date(2024, 2, 29)),
        ("months_between_starts(date '2026-01-31', date '2026-02-01')", 1),
        ("months_between_starts(date '2026-02-01', date '2025-12-31')", -2),
        ("quarter_text(date '2026-11-19')", "2026Q4"),
        ("month_text(date '2026-01-19')", "2026-01"),
        ("amount_text(cast(12345 as decimal(16,2)))", "12345.00"),
        ("joined_text(array('b', 'a'))", "a,b"),
        ("birthday(date '1966-11-19', 60)", date(2026, 11, 19)),
        ("birthday(date '2004-02-29', 18)", date(2022, 3, 1)),
        ("birthday(date '2004-02-29', 20)", date(2024, 2, 29)),
        ("limit_of_tier('dibao', 1000, 5000, 10000, 15000)", 5000),
        ("limit_of_tier(null, 1000, 5000, 10000, 15000)", 15000),
    ],
)
def test_worked_examples(engine: Engine, call: str, result: object) -> None:
    if engine.name == "duckdb":
        call = call.replace("array('b', 'a')", "['b', 'a']")
    assert engine.query(f"select {call} as result")["result"].to_pylist() == [result]


def test_spark_sees_through_the_functions(engines: dict[str, Engine]) -> None:
    engines["spark"].register_table("dwd_dates", many_dates())
    spark = engines["spark"]
    assert isinstance(spark, SparkEngine)
    plan = spark._session.sql("select full_years(a, b) as y from dwd_dates")._jdf.queryExecution().toString()
    assert "Python" not in plan
    assert "full_years" not in plan.split("== Optimized Logical Plan ==")[1]
