"""Text as departments write it becomes values, and what cannot be read becomes null."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from schemas.row_rules import PARSING_SQL


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(PARSING_SQL)
        yield connection


def read(connection: duckdb.DuckDBPyConnection, macro: str, text: str | None) -> Any:
    return connection.execute(f"select {macro}($text)", {"text": text}).fetchall()[0][0]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01",
        "20260301",
        "2026/3/1",
        "2026.3.1",
        "2026年3月1日",
        " 2026-03-01 08:30:00 ",
        "２０２６－０３－０１",
        "46082",
        "46082.35",
        "20260301.0",
        "20260301083000",
        "2026-03-01T08:30:00",
        "2026 年 3 月 1 日",
        "2026年03月01日 08时",
    ],
)
def test_a_date_is_read_in_every_form(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_date", text) == date(2026, 3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "0000-00-00",
        "20261301",
        "三月一日",
        "",
        None,
        "4571",
        "0001-01-01",
        "26-3-1",
        "2026年3月",
        "202603",
    ],
)
def test_an_impossible_date_is_null(connection: duckdb.DuckDBPyConnection, text: str | None) -> None:
    assert read(connection, "read_date", text) is None


@pytest.mark.parametrize("text", ["202603", "202603.0", "2026-03", "2026/3", "2026年3月", "2026-03-17", "46082"])
def test_a_month_is_its_first_day(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_month", text) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.5"),
        ("1234.50元", "1234.5"),
        ("¥1,234.50", "1234.5"),
        ("１２３４．５０", "1234.5"),
        ("-3.2", "-3.2"),
        ("(1,234.50)", "-1234.5"),
        ("−1,234.50 元", "-1234.5"),
        ("¥-3.2", "-3.2"),
        ("－３．２", "-3.2"),
        ("0", "0"),
    ],
)
def test_an_amount_is_read_in_every_form(connection: duckdb.DuckDBPyConnection, text: str, amount: str) -> None:
    assert read(connection, "read_amount", text) == Decimal(amount)


@pytest.mark.parametrize("text", ["abc", "12.3.4", "1e5", "--", "", "12,34", "1,2,3", "(", "元", "3万元"])
def test_what_is_no_amount_is_null(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_amount", text) is None


@pytest.mark.parametrize(
    "text",
    ["11010519491231002x", "'11010519491231002X", " 110105 19491231 002X\t", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_an_identity_number_is_normalised(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_identity_number", text) == "11010519491231002X"


def test_fifteen_digits_become_eighteen(connection: duckdb.DuckDBPyConnection) -> None:
    assert read(connection, "read_identity_number", "130503670401001") == "130503196704010016"


@pytest.mark.parametrize(
    "text",
    [
        "340702200512081",
        "340702190105121",
        "130503670431001",
        "130503670401997",
        "3407**********1234",
        "13050367040100",
    ],
    ids=["cut short or born 1920", "cut short or born 1919", "no day", "before 1900", "masked", "fourteen digits"],
)
def test_a_number_that_could_be_another_is_not_mended(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_identity_number", text) is None


def test_a_test_row_of_ones_is_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    """Its check character fits, but nobody was born on 1111-11-11."""
    assert read(connection, "read_identity_number", "111111111111111110") is None


@pytest.mark.parametrize("text", ["9999-12-31", "99991231"])
def test_an_end_that_never_comes_is_a_date(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "read_date", text) == date(9999, 12, 31)


@pytest.mark.parametrize("text", ["3.40702E+17", "340702199001011200", "340702199001010000"])
def test_float_damage_is_recognised(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(connection, "is_float_damaged", text) is True
    assert read(connection, "read_identity_number", text) is None


@settings(deadline=None, max_examples=50)
@given(
    county=st.integers(110101, 659004),
    born=st.dates(date(1900, 1, 1), date(2026, 11, 20)),
    sequence=st.integers(0, 999),
    check=st.sampled_from("0123456789X"),
)
def test_the_check_character_agrees_with_stdnum(county: int, born: date, sequence: int, check: str) -> None:
    number = f"{county:06d}{born:%Y%m%d}{sequence:03d}{check}"
    with duckdb.connect() as connection:
        connection.execute(PARSING_SQL)
        assert read(connection, "is_identity_number", number) is (ric.calc_check_digit(number) == check)


@pytest.mark.parametrize(
    ("text", "shown"), [("340702199001011234", "340702********1234"), ("张三", "张*"), ("欧阳娜娜", "欧***")]
)
def test_masking_hides_what_identifies(connection: duckdb.DuckDBPyConnection, text: str, shown: str) -> None:
    assert read(connection, "masked", text) == shown
