"""Markers are found by tokens, and a value keeps its type as a literal."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from warehouse.engines import EngineError
from warehouse.engines.parameters import literal, markers, used_params, with_dollar_markers, with_literals

TRICKY = """select '说: :no' as a, b::int, "x:y" -- :not_this
from t /* :nor_this */ where c = :as_of and d >= :limit and e=:year"""


def test_markers_in_strings_comments_and_casts_are_none() -> None:
    assert [token.text for token in markers(TRICKY)] == ["as_of", "limit", "year"]


def test_only_the_markers_change() -> None:
    assert with_dollar_markers(TRICKY) == (
        TRICKY.replace(":as_of", "$as_of").replace(":limit", "$limit").replace(":year", "$year")
    )


def test_a_value_that_holds_a_marker_is_not_read_again() -> None:
    sql = "select * from t where a = :a and b = :b"
    assert with_literals(sql, {"a": ":b", "b": "it's"}) == "select * from t where a = ':b' and b = 'it''s'"


def test_only_the_values_used_are_passed() -> None:
    assert used_params("select :a", {"a": 1, "b": 2}) == {"a": 1}


def test_a_missing_value_is_named() -> None:
    with pytest.raises(EngineError, match=":b"):
        used_params("select :a, :b", {"a": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (-7, "(-7)"),
        ("王'--", "'王''--'"),
        (date(2024, 2, 29), "date '2024-02-29'"),
        (Decimal("0.50"), "cast('0.50' as decimal(2,2))"),
        (Decimal("-1234.5"), "cast('-1234.5' as decimal(5,1))"),
        (Decimal("1E+3"), "cast('1000' as decimal(4,0))"),
    ],
)
def test_each_kind_of_value_has_its_literal(value: object, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("value", [0.5, datetime(2026, 1, 1, tzinfo=UTC), [1], b"x"])
def test_values_of_doubtful_type_are_refused(value: object) -> None:
    with pytest.raises(EngineError, match="may be a date, int, Decimal"):
        literal(value)
