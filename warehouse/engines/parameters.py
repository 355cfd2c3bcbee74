"""Parameters in SQL text: where the `:name` markers stand, and values as typed literals.

Found by sqlglot's tokens, so that a colon in a string, a comment or a `::` cast is none.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlglot import Token, TokenType, tokenize

from warehouse.engines.engine import EngineError


@lru_cache(maxsize=1024)
def markers(sql: str) -> tuple[Token, ...]:
    """The names of the parameters in a text, as tokens, in order, each directly behind its colon."""
    if ":" not in sql:
        return ()
    tokens = tokenize(sql, read="duckdb")
    return tuple(
        name
        for colon, name in pairwise(tokens)
        if colon.token_type is TokenType.COLON and name.start == colon.end + 1 and name.text.isidentifier()
    )


def used_params(sql: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `params` that the text uses; refused when one is missing."""
    names = {token.text for token in markers(sql)}
    missing = sorted(names - params.keys())
    if missing:
        raise EngineError(f"no value given for {', '.join(':' + name for name in missing)} in: {sql.strip()[:200]}")
    return {name: params[name] for name in names}


def with_dollar_markers(sql: str) -> str:
    """The text with `:name` turned into `$name`, as DuckDB wants it."""
    return _replaced(sql, {token.start: "$" + token.text for token in markers(sql)})


def with_literals(sql: str, params: Mapping[str, Any]) -> str:
    """The text with each `:name` turned into its value: a view cannot hold parameters."""
    values = used_params(sql, params)
    return _replaced(sql, {token.start: literal(values[token.text]) for token in markers(sql)})


def literal(value: Any) -> str:
    """A value as an SQL literal of the type that binding it would give.

    >>> literal(date(2026, 11, 19)), literal("it's"), literal(Decimal("0.50"))
    ("date '2026-11-19'", "'it''s'", "cast('0.50' as decimal(2,2))")
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return f"({value})" if value < 0 else str(value)
        case str():
            return "'" + value.replace("'", "''") + "'"
        case Decimal():
            return _decimal_literal(value)
        case date() if not isinstance(value, datetime):
            return f"date '{value.isoformat()}'"
    raise EngineError(
        f"a parameter may be a date, int, Decimal, str, bool or None, not {type(value).__name__} {value!r}"
    )


def _decimal_literal(value: Decimal) -> str:
    text = format(value, "f")
    scale = len(text.partition(".")[2])
    digits = len(text.lstrip("-").replace(".", "").lstrip("0"))
    return f"cast('{text}' as decimal({max(digits, scale, 1)},{scale}))"


def _replaced(sql: str, by_start: Mapping[int, str]) -> str:
    for token in reversed(markers(sql)):
        sql = sql[: token.start - 1] + by_start[token.start] + sql[token.end + 1 :]
    return sql
