"""Asked of some people only, models say what they would say asked of everybody."""

from collections.abc import Iterator

import pytest
from sqlglot import exp, parse_one
from sqlglot.optimizer.scope import Scope, traverse_scope

from jobs.claims.concerned import ASKED_OF_ALL
from warning_models.loader import load_models


def asked_of_everybody(sql: str) -> Iterator[tuple[set[str], set[str]]]:
    """The tables and columns of each part of a model that is not about somebody: one person, household or family."""
    for scope in traverse_scope(parse_one(sql, read="duckdb")):
        tables = {source.name for source in scope.sources.values() if isinstance(source, exp.Table)}
        if not isinstance(scope.expression, exp.Select):
            continue
        if not (_names_somebody(scope.columns) and _keeps_people_apart(scope)):
            yield tables, {column.name for column in scope.columns}


def _keeps_people_apart(scope: Scope) -> bool:
    windows = list(scope.find_all(exp.Window))
    adds_up = any(not one.find_ancestor(exp.Window) for one in scope.find_all(exp.AggFunc))
    group = scope.expression.args.get("group")
    return all(_names_somebody(_columns(window.args.get("partition_by"))) for window in windows) and (
        not adds_up or _names_somebody(_columns([group] if group else None))
    )


def _columns(parts: list[exp.Expression] | None) -> list[exp.Column]:
    return [column for part in parts or [] for column in part.find_all(exp.Column)]


def _names_somebody(columns: list[exp.Column]) -> bool:
    return any(column.name.endswith("_key") for column in columns)


def test_models_ask_of_everybody_only_what_is_named() -> None:
    """Whatever else a model asked of a whole table would be wrong where only a few people are concerned."""
    found = {model.id: list(asked_of_everybody(model.sql)) for model in load_models()}
    named = [({table.replace(".", "_")}, {column}) for table, column in ASKED_OF_ALL.items()]
    assert {model: asked for model, asked in found.items() if asked} == {"entitlement_unclaimed": named}


@pytest.mark.parametrize(
    "sql",
    [
        "select person_key from dwd_person where born_on > (select avg(born_on) from dwd_person)",
        "select person_key, row_number() over (order by amount) as place from dwd_income_month",
        "select max(person_key) as person_key, sum(amount) as amount from dwd_income_month group by month",
    ],
)
def test_a_model_that_compares_people_is_found(sql: str) -> None:
    assert list(asked_of_everybody(sql))
