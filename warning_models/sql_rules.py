"""What a model's SQL may say: the subset that both engines read alike.

sqlglot reads the SQL and never rewrites it. Each refusal names what to write instead;
the reasons are measured (docs/decisions) and the judge stays the two-engine run of every
example. The functions of our own are defined in warehouse/functions/.
"""

from collections.abc import Iterator

from sqlglot import Token, TokenType, exp, parse, tokenize
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

from schemas.messages import Level

OUR_FUNCTIONS = frozenset(
    {
        "full_years", "days_between", "days_before", "months_before", "month_start", "month_end",
        "months_between_starts", "year_of", "month_of", "day_text", "month_text", "quarter_text", "amount_text",
        "joined_text", "birthday", "limit_of_tier",
    }
)  # fmt: skip
_SHARED_FUNCTIONS = frozenset(
    {
        "count", "sum", "min", "max", "bool_or", "bool_and", "coalesce", "nullif", "greatest", "least", "abs",
        "round", "cast", "row_number", "rank", "lag", "lead", "max_by", "min_by", "array_agg",
    }
)  # fmt: skip
APPROVED_FUNCTIONS = OUR_FUNCTIONS | _SHARED_FUNCTIONS

REPLACEMENTS = {
    "now": "use :as_of",
    "today": "use :as_of",
    "current_date": "use :as_of",
    "current_timestamp": "use :as_of",
    "any_value": "use min(…) or max_by(…, …): any_value differs between engines",
    "regexp_replace": "clean texts when conforming: regexp_replace replaces once on DuckDB, all on Spark",
    "concat": "use ||: concat skips nulls on DuckDB",
    "extract": "use year_of, month_of or full_years: weekdays count differently",
    "dayofweek": "do without weekdays: they count differently",
    "date_diff": "use days_between or months_between_starts",
    "datediff": "use days_between or months_between_starts",
    "date_trunc": "use month_start",
    "median": "take the middle of row_number(): median rounds differently",
    "percentile_cont": "take the middle of row_number(): percentiles round differently",
    "strftime": "use day_text, month_text or quarter_text",
    "date_format": "use day_text, month_text or quarter_text",
    "to_date": "use cast(… as date); dates are read when ingesting",
    "date_add": "use days_before or months_before, with minus for later",
    "date_sub": "use days_before or months_before",
    "dateadd": "use days_before or months_before, with minus for later",
    "year": "use year_of",
    "month": "use month_of",
    "day": "compare dates, or use day_text",
    "age": "use full_years",
    "ifnull": "use coalesce",
    "nvl": "use coalesce",
    "if": "use case when … then … else … end",
    "iff": "use case when … then … else … end",
    "count_if": "use sum(case when … then 1 else 0 end)",
    "string_agg": "use joined_text(array_agg(…))",
    "group_concat": "use joined_text(array_agg(…))",
    "listagg": "use joined_text(array_agg(…))",
    "first": "use min_by(…, …)",
    "last": "use max_by(…, …)",
    "substr": "take texts apart when conforming, in the dwd SQL",
    "substring": "take texts apart when conforming, in the dwd SQL",
    "lower": "clean texts when conforming, in the dwd SQL",
    "upper": "clean texts when conforming, in the dwd SQL",
    "trim": "clean texts when conforming, in the dwd SQL",
    "floor": "compare without rounding, or use round(…)",
    "ceil": "compare without rounding, or use round(…)",
    "random": "do without chance: the same night must give the same warnings",
    "avg": "compare sums, as in sum(a) >= ratio * sum(b): avg is a double on DuckDB and a decimal on Spark",
}
_CALLED_BUT_NO_FUNCTION = frozenset(
    {
        "in", "over", "filter", "exists", "as", "and", "or", "not", "when", "then", "else", "on", "where",
        "from", "join", "by", "select", "between", "using", "all", "with", "distinct", "having", "union",
        "decimal", "materialized", "values",
    }
)  # fmt: skip
_DATE_ENDINGS = ("_on", "_from", "_to", "_until", "month", "as_of")
_DATE_FUNCTIONS = frozenset({"days_before", "months_before", "month_start", "month_end"})


class _NullsSmall(DuckDB):
    NULL_ORDERING = "nulls_are_small"


class _NullsLarge(DuckDB):
    NULL_ORDERING = "nulls_are_large"


def sql_failures(sql: str) -> list[str]:
    """Everything in a model's SQL that the engines might read differently, or that reads a clock."""
    try:
        statements = parse(sql, read="duckdb")
    except SqlglotError as broken:
        return [f"does not parse: {str(broken).splitlines()[0]}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        return ["write one select and nothing else"]
    tree = statements[0]
    found = [*_stars(tree), *_clocks(tree), *_unsaid_null_order(sql), *_date_arithmetic(tree), *_divisions(tree)]
    return list(dict.fromkeys([*found, *_casts(sql), *_functions(sql)]))


def tables_used(sql: str) -> set[str]:
    """The tables a model reads, its own CTEs left out."""
    tree = _tree(sql)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table)} - own


def parameters_used(sql: str) -> set[str]:
    """The names behind a colon."""
    return {marker.name for marker in _tree(sql).find_all(exp.Placeholder)}


def columns_given(sql: str) -> list[str]:
    """The columns of the last select, in order."""
    return [column.alias_or_name for column in _tree(sql).selects]


def levels_given(sql: str) -> set[str]:
    """The levels of a warning that the text can give."""
    return {text.name for text in _tree(sql).find_all(exp.Literal) if text.is_string} & set(Level)


def casts_given(sql: str) -> dict[str, str]:
    """The types that the last select casts its columns to, as words in lower case without blanks."""
    columns = {column.alias_or_name: column.unalias() for column in _tree(sql).selects}
    return {
        name: "".join(column.to.sql("spark").lower().split())
        for name, column in columns.items()
        if isinstance(column, exp.Cast)
    }


def leaves_out_the_dead(sql: str) -> bool:
    """Whether a status must differ from deceased, or be living."""
    tests = {exp.NEQ: "deceased", exp.EQ: "living"}
    return any(
        isinstance(test.this, exp.Column) and test.this.name == "status" and test.expression.name == tests[type(test)]
        for test in _tree(sql).find_all(*tests)
    )


def _tree(sql: str) -> exp.Select:
    tree = parse(sql, read="duckdb")[0]
    assert isinstance(tree, exp.Select)
    return tree


def _stars(tree: exp.Select) -> Iterator[str]:
    if any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star)):
        yield "select *: list the columns"


def _clocks(tree: exp.Select) -> Iterator[str]:
    if tree.find(exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime):
        yield "now() or current_date: use :as_of"


def _unsaid_null_order(sql: str) -> Iterator[str]:
    # Read under two opposite defaults: an order that changes was not stated.
    small, large = (
        [item.args.get("nulls_first") for item in parse(sql, read=dialect)[0].find_all(exp.Ordered)]  # type: ignore[union-attr]
        for dialect in (_NullsSmall, _NullsLarge)
    )
    if small != large:
        yield "order by: say nulls first or nulls last"


def _date_arithmetic(tree: exp.Select) -> Iterator[str]:
    for sum_or_difference in tree.find_all(exp.Sub, exp.Add):
        if any(_looks_like_date(side) for side in (sum_or_difference.this, sum_or_difference.expression)):
            yield f"{sum_or_difference.sql('duckdb')}: use days_between, days_before or months_before"


def _looks_like_date(side: exp.Expression) -> bool:
    if isinstance(side, exp.Cast):
        return side.is_type("date")
    if isinstance(side, exp.Anonymous):
        return side.name.lower() in _DATE_FUNCTIONS
    return isinstance(side, exp.Column | exp.Placeholder) and side.name.endswith(_DATE_ENDINGS)


def _divisions(tree: exp.Select) -> Iterator[str]:
    for division in tree.find_all(exp.Div):
        if division.find_ancestor(exp.Predicate):
            yield f"{division.sql('duckdb')} in a test: multiply instead, as in paid > ratio * income"
        cast = division.find_ancestor(exp.Cast)
        if cast and cast.is_type(*exp.DataType.INTEGER_TYPES):
            yield f"{cast.sql('duckdb')}: one engine rounds and the other cuts; round(…) first"


def _casts(sql: str) -> Iterator[str]:
    if any(token.token_type is TokenType.DCOLON for token in tokenize(sql, read="duckdb")):
        yield "a::b: write cast(a as b)"


def _functions(sql: str) -> Iterator[str]:
    tokens = tokenize(sql, read="duckdb")
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        name = token.text.lower()
        if after.token_type is TokenType.L_PAREN and _is_call(before, token) and name not in APPROVED_FUNCTIONS:
            yield f"{name}(): {REPLACEMENTS.get(name, 'not approved; name the idea in warehouse/functions/')}"


def _is_call(before: Token | None, token: Token) -> bool:
    aliased = before is not None and before.token_type is TokenType.ALIAS
    return token.text.isidentifier() and token.text.lower() not in _CALLED_BUT_NO_FUNCTION and not aliased
