"""Every condition of every model can be shown with the values it had, for every example in which the model claims."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.stories.conditions import LAST_STEP, Condition, conditions_of
from warehouse.definitions import layer_definitions
from warehouse.engines import open_engine
from warehouse.engines.engine import Engine
from warning_models.examples import Family, read_families
from warning_models.loader import WarningModel, load_models

MODELS = load_models()
SCHEMAS = {table.sql_name: table.schema for layer in ("dwd", "dws") for table in layer_definitions(layer).values()}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine("duckdb", work_folder=tmp_path) as opened:
        yield opened


def show(engine: Engine, model: WarningModel, family: Family) -> None:
    for table in model.inputs:
        engine.register_table(table, pa.Table.from_pylist(list(family.tables.get(table, [])), schema=SCHEMAS[table]))


def household_of(family: Family, person_key: str) -> str | None:
    people = family.tables.get("dwd_person", [])
    return next((row.get("household_key") for row in people if row["person_key"] == person_key), None)


def asked(engine: Engine, model: WarningModel, family: Family, person_key: str) -> list[Condition]:
    show(engine, model, family)
    return conditions_shown(engine, model, family, person_key)


def conditions_shown(engine: Engine, model: WarningModel, family: Family, person_key: str) -> list[Condition]:
    """Those of a family that is shown."""
    keys = {"person_key": person_key, "household_key": household_of(family, person_key)}
    return conditions_of(engine, model.sql, model.parameters_on(family.as_of), keys)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_where_a_model_claims_its_last_conditions_hold_and_none_is_left_out(
    engine: Engine, model: WarningModel
) -> None:
    claimed = [family for family in read_families(model) if family.expect]
    assert claimed
    named = set()
    for family in claimed:
        show(engine, model, family)
        # Two claims of one person have the same conditions.
        for person_key in dict.fromkeys(row["person_key"] for row in family.expect):
            found = conditions_shown(engine, model, family, person_key)
            assert found, family.name
            last = [one for one in found if one.step == LAST_STEP]
            assert all(one.held >= 1 for one in last if not one.gives), (family.name, last)
            named |= {name for one in found for name in one.parameters}
            for one in found:
                assert one.held <= one.rows
                assert all(len(values) == len(one.values[0]) for values in one.values)
    compared = {marker for marker in model.parameters if f":{marker}" in model.sql}
    assert named <= compared | {"as_of"}


def model_named(model_id: str) -> WarningModel:
    return next(model for model in MODELS if model.id == model_id)


def test_a_condition_shows_what_was_compared_with_which_parameter(engine: Engine) -> None:
    model = model_named("sudden_medical_spending")
    family = next(one for one in read_families(model) if any(row["episode"].startswith("bill") for row in one.expect))
    row = family.expect[0]
    conditions = {one.text: one for one in asked(engine, model, family, row["person_key"])}
    least = conditions["c.self_paid_amount >= :least_bill"]
    assert (least.step, least.parameters) == ("bill", {"least_bill": 3000})
    assert least.held >= 1
    assert least.values[0]["c.self_paid_amount"] >= 3000


def test_what_gives_the_level_is_shown_too(engine: Engine) -> None:
    model = model_named("disability_newly_certified")
    family = next(one for one in read_families(model) if any(row["level"] == "red" for row in one.expect))
    row = next(row for row in family.expect if row["level"] == "red")
    given = {one.gives: one for one in asked(engine, model, family, row["person_key"]) if one.gives}
    assert given["red"].held == 1
    assert given["red"].values[0]["disability_level"] <= 2


def test_somebody_who_misses_a_condition_sees_which(engine: Engine) -> None:
    model = model_named("medical_cost_over_limit")
    family = next(one for one in read_families(model) if not one.expect and one.tables.get("dws_medical_year"))
    person_key = family.tables["dws_medical_year"][0]["person_key"]
    last = [one for one in asked(engine, model, family, person_key) if one.step == LAST_STEP and not one.gives]
    (over,) = [one for one in last if "this_year" in one.text]
    assert over.held == 0
