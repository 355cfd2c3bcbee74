"""Every example of every model gives what it says, on either engine, types included."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import pyarrow as pa
import pytest

from warehouse.engines import Engine
from warning_models.examples import differences, differences_from, read_families, results
from warning_models.loader import WarningModel, load_models

MODELS = load_models()
IDS = [model.id for model in MODELS]


Answers = Callable[[str, str], dict[str, pa.Table]]


@pytest.fixture(scope="module")
def answers(models: dict[str, WarningModel], engines: dict[str, Engine], schemas: Mapping[str, pa.Schema]) -> Answers:
    """What an engine says of a model's families; Spark is asked once."""

    @cache
    def ask(engine: str, model: str) -> dict[str, pa.Table]:
        return results(models[model], engines[engine], schemas)

    return ask


@pytest.mark.parametrize("model", MODELS, ids=IDS)
@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_examples_hold(model: WarningModel, engine: str, answers: Answers) -> None:
    assert differences_from(model, answers(engine, model.id)) == []


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_engines_agree(model: WarningModel, answers: Answers) -> None:
    on_duckdb, on_spark = (answers(engine, model.id) for engine in ("duckdb", "spark"))
    assert on_duckdb == on_spark
    assert all(table.schema == model.output_schema for table in on_duckdb.values())


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_every_model_shows_families_that_are_warned_and_families_that_are_not(model: WarningModel) -> None:
    families = read_families(model)
    assert len(families) >= 8
    assert {bool(family.expect) for family in families} == {True, False}
    assert len({family.name for family in families}) == len(families)


@pytest.mark.parametrize("model", MODELS, ids=IDS)
def test_every_level_that_a_model_knows_is_shown_by_an_example(model: WarningModel) -> None:
    assert {row["level"] for family in read_families(model) for row in family.expect} == set(model.levels)


def test_an_example_that_does_not_hold_is_reported(
    models: dict[str, WarningModel], engines: dict[str, Engine], schemas: Mapping[str, pa.Schema]
) -> None:
    model = models["medical_cost_over_limit"]
    not_strict = replace(model, sql=model.sql.replace("s.this_year > s.limit_amount", "s.limit_amount >= 0"))
    found = differences(not_strict, engines["duckdb"], schemas)
    assert any("刘先生家: unexpected" in failure for failure in found)
    shouting = replace(model, sql=model.sql.replace("'yellow'", "'red'"))
    found = differences(shouting, engines["duckdb"], schemas)
    assert any("杨女士家" in failure and "level is 'red', not 'yellow'" in failure for failure in found)


def test_a_wrong_output_type_is_reported(
    models: dict[str, WarningModel], engines: dict[str, Engine], schemas: Mapping[str, pa.Schema]
) -> None:
    model = models["disability_newly_certified"]
    wide = replace(
        model, sql=model.sql.replace("cast(disability_level as integer)", "cast(disability_level as bigint)")
    )
    (failure,) = differences(wide, engines["duckdb"], schemas)
    assert "int64" in failure
