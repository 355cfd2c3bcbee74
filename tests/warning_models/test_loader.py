"""Models are read exactly, and what cannot be read is named with its cure."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from warning_models.loader import MODELS_FOLDER, ModelError, WarningModel, load_model, load_models, readable_models


def copy_of(model: WarningModel, tmp_path: Path, old: str = "", new: str = "") -> Path:
    folder = tmp_path / "hardship" / model.id
    shutil.copytree(model.folder, folder)
    file = folder / "model.yaml"
    assert old in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    return folder


def test_all_models_are_found_by_number() -> None:
    assert [model.number for model in load_models()] == [f"W{number:02d}" for number in range(1, 17)]
    assert len(list(MODELS_FOLDER.rglob("model.sql"))) == 16


def test_fractions_are_read_as_written(models: dict[str, WarningModel]) -> None:
    assert models["income_dropped"].parameters_on(date(2026, 11, 19))["drop_ratio"] == Decimal("0.50")
    assert models["sudden_medical_spending"].parameters_on(date(2026, 11, 19))["records_begin_on"] == date(2026, 1, 1)


def test_parameters_follow_the_date_and_the_county(models: dict[str, WarningModel], tmp_path: Path) -> None:
    folder = copy_of(
        models["medical_cost_over_limit"],
        tmp_path,
        "    values: {2025-01-01: {value: 1000,",
        '    counties: {"340722": {2026-07-01: {value: 800, reference: made up}}}\n'
        "    values: {2027-01-01: {value: 1200, reference: made up}, 2025-01-01: {value: 1000,",
    )
    model = load_model(folder)

    def limit(as_of: date, county: str | None = None) -> object:
        return model.parameters_on(as_of, county)["tekun_limit"]

    assert limit(date(2026, 12, 31)) == 1000
    assert limit(date(2027, 1, 1)) == 1200
    assert limit(date(2026, 6, 30), "340722") == 1000
    assert limit(date(2026, 7, 1), "340722") == 800
    assert limit(date(2027, 1, 1), "340705") == 1200
    assert model.parameters_on(date(2026, 7, 1))["as_of"] == date(2026, 7, 1)
    with pytest.raises(ModelError, match="tekun_limit has no value on 2024-12-31"):
        limit(date(2024, 12, 31))


def test_the_output_schema_is_the_contract(models: dict[str, WarningModel]) -> None:
    schema = models["medical_cost_over_limit"].output_schema
    assert schema.names[:3] == ["person_key", "episode", "level"]
    assert schema.field("self_paid_total").type == pa.decimal128(16, 2)
    assert schema.field("year").type == pa.int32()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("owner:", "ownr:", r"ownr: .*[Uu]nexpected"),
        ("status: active", "status: aktive", "status: Input should be 'draft', 'shadow'"),
        ("version: 3", "version: 0", "version: Input should be greater"),
        ("kind: help", "kind: hinder", "kind: say `help` .* or `review`"),
        ("same_cause: [illness]", "same_cause: illness", "same_cause: Input should be"),
        ("{type: integer,", "{type: float,", "evidence.*type: Input should be"),
        ("  red:", "  purple:", "levels"),
        ("id:", "[id:", "not YAML"),
        ("2025-01-01", "someday", "values"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    models: dict[str, WarningModel], tmp_path: Path, old: str, new: str, words: str
) -> None:
    folder = copy_of(models["medical_cost_over_limit"], tmp_path, old, new)
    with pytest.raises(ModelError, match=words) as refused:
        load_model(folder)
    assert str(folder / "model.yaml") in str(refused.value)


def test_a_model_without_sql_is_refused(models: dict[str, WarningModel], tmp_path: Path) -> None:
    folder = copy_of(models["income_dropped"], tmp_path)
    (folder / "model.sql").unlink()
    with pytest.raises(ModelError, match=r"model\.sql: missing; write the one select"):
        load_models(tmp_path)


def test_all_that_cannot_be_read_is_named_together(models: dict[str, WarningModel], tmp_path: Path) -> None:
    for model_id in ("income_dropped", "employment_lost"):
        copy_of(models[model_id], tmp_path, "owner:", "ownr:")
    copy_of(models["medical_cost_over_limit"], tmp_path)
    readable, unreadable = readable_models(tmp_path)
    assert [model.id for model in readable] == ["medical_cost_over_limit"]
    assert len(unreadable) == 2
    with pytest.raises(ModelError, match=r"(?s)employment_lost.*income_dropped"):
        load_models(tmp_path)


def test_models_may_not_name_an_engine_or_our_other_folders() -> None:
    for file in MODELS_FOLDER.rglob("*.py"):
        text = file.read_text("utf-8")
        assert not any(f"import {name}" in text or f"from {name}" in text for name in ("duckdb", "pyspark", "jobs"))
        assert "warehouse" not in text.replace("warehouse/functions/", "")
