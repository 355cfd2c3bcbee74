"""The rules hold over the whole set, and each of them bites."""

import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.loader import CONTRACTS_FOLDER
from schemas.messages import Text
from warehouse.engines.engine import FUNCTIONS_FOLDER
from warning_models.loader import DatedValue, Parameter, ReviewModel, WarningModel
from warning_models.lock import lock_failures, locked, read_lock
from warning_models.rules import failures
from warning_models.sql_rules import OUR_FUNCTIONS, sql_failures

TODAY = date(2026, 11, 21)
CLASSES = {file.name.removesuffix(".odcs.yaml") for file in CONTRACTS_FOLDER.glob("*/*.odcs.yaml")}


def failures_of(models: Sequence[WarningModel], on: date = TODAY) -> list[str]:
    return failures(models, locked(models, {}), on, CLASSES)


def test_the_house_rules_hold(models: dict[str, WarningModel]) -> None:
    assert failures(list(models.values()), read_lock(), TODAY, CLASSES) == []


def test_the_functions_named_here_are_those_the_engines_define() -> None:
    for file in FUNCTIONS_FOLDER.glob("*.sql"):
        text = file.read_text("utf-8")
        assert all(f" {name}(" in text for name in OUR_FUNCTIONS)
        assert text.count("create or replace temp") == len(OUR_FUNCTIONS)


@pytest.mark.parametrize(
    ("sql", "cure"),
    [
        ("select * from t", "list the columns"),
        ("select t.* from t", "list the columns"),
        ("select a from t where b = now()", "use :as_of"),
        ("select a from t where b = current_date", "use :as_of"),
        ("select a from t where b < current_timestamp", "use :as_of"),
        ("select row_number() over (order by a) as n from t", "nulls first or nulls last"),
        ("select row_number() over (order by a nulls last, b desc) as n from t", "nulls first or nulls last"),
        ("select born_on - died_on as n from t", "days_between"),
        ("select a from t where settled_on >= :as_of - 90", "days_before"),
        ("select cast(a as date) + 1 as b from t", "days_before"),
        ("select month_start(a) - 1 as b from t", "days_before"),
        ("select extract(dow from a) as b from t", "weekdays count differently"),
        ("select any_value(a) as b from t", "min(…) or max_by"),
        ("select regexp_replace(a, 'b', 'c') as b from t", "clean texts when conforming"),
        ("select concat(a, b) as c from t", "use ||"),
        ("select a::integer as b from t", "cast(a as b)"),
        ("select a from t where a / b > 0.5", "multiply instead"),
        ("select case when a / b > 0.5 then 1 end as c from t", "multiply instead"),
        ("select cast(a / b as integer) as c from t", "round(…) first"),
        ("select median(a) as b from t", "row_number()"),
        ("select avg(a) as b from t", "compare sums"),
        ("select strftime(a, '%Y') as b from t", "use day_text, month_text or quarter_text"),
        ("select ifnull(a, 0) as b from t", "use coalesce"),
        ("select date_add(a, 3) as b from t", "use days_before or months_before"),
        ("select string_agg(a) as b from t", "use joined_text(array_agg(…))"),
        ("select year(a) as b from t", "use year_of"),
        ("select horoscope(a) as b from t", "name the idea in warehouse/functions/"),
        ("select a from t; select b from t", "one select"),
        ("select a from t union all select b from t", "one select"),
        ("delete from t", "one select"),
        ("select a from from", "does not parse"),
    ],
)
def test_what_the_engines_read_differently_is_refused_with_its_cure(sql: str, cure: str) -> None:
    assert any(cure in failure for failure in sql_failures(sql)), sql_failures(sql)


def test_all_refusals_come_together() -> None:
    assert len(sql_failures("select *, a::integer as b, median(c) as d from t where e > now()")) == 4


def test_what_both_engines_read_alike_passes() -> None:
    sql = """
        with a as (select b, count(*) as n, sum(c) filter (where d > 0) as total from t group by b)
        select b, cast(total * 0.5 as decimal(16,2)) as half, total / 2 as shown, 'now() a::b' as note
        from a where b in ('x', 'y') and exists (select 1 from t where not (t.d = 1)) -- order by b
        qualify row_number() over (partition by b order by n desc nulls last, b nulls first) = 1
    """
    assert sql_failures(sql) == []


def as_review(model: WarningModel) -> ReviewModel:
    """The same claim, if its findings might end a benefit."""
    return ReviewModel(**{field.name: getattr(model, field.name) for field in fields(model)} | {"kind": "review"})


def breach(model: WarningModel, tmp_path: Path) -> dict[str, tuple[WarningModel, str]]:
    """One model broken in many ways: name of the breach to (model, words of its failure)."""
    limit = model.parameters["tekun_limit"]
    value = DatedValue(1000, "made up")
    bare = tmp_path / model.id
    bare.mkdir()

    def parameters(**changed: Any) -> WarningModel:
        return replace(model, parameters={**model.parameters, "tekun_limit": replace(limit, **changed)})

    return {
        "no question": (replace(model, question=""), "question is empty"),
        "no owner": (replace(model, owner=""), "owner is empty"),
        "no legal basis": (replace(model, legal_basis=[]), "legal_basis is empty"),
        "no limits said": (replace(model, known_limits=[]), "known_limits is empty"),
        "no not-used": (replace(model, not_used=[]), "not_used is empty"),
        "overdue": (replace(model, review_by=date(2026, 11, 20)), "review was due by 2026-11-20"),
        "no guide": (replace(model, folder=bare), "guide.md is missing"),
        "no examples": (replace(model, folder=bare), "examples.yaml is missing"),
        "folder name": (replace(model, id="other"), "call it other"),
        "undated": (parameters(values={}), "tekun_limit has no dated value"),
        "unsourced": (parameters(values={TODAY: DatedValue(1000, " ")}), "value without reference"),
        "fen": (parameters(values={TODAY: DatedValue(Decimal("0.5"), "x")}), "whole yuan"),
        "undescribed": (parameters(description=""), "tekun_limit has no description"),
        "unused parameter": (
            replace(model, parameters={**model.parameters, "spare": Parameter("days", "Spare.", {TODAY: value})}),
            "in parameters but not markers used: spare",
        ),
        "undeclared parameter": (
            replace(model, sql=model.sql.replace(":tekun_limit", ":secret")),
            "markers used but not in parameters: secret",
        ),
        "unused input": (replace(model, inputs=[*model.inputs, "dwd_household"]), "not tables used: dwd_household"),
        "undeclared input": (
            replace(model, sql=model.sql.replace("from dws_medical_year", "from dwd_medical_cost")),
            "tables used but not in inputs: dwd_medical_cost",
        ),
        "no person": (replace(model, inputs=["dws_medical_year"]), "inputs lack dwd_person"),
        "the dead": (
            replace(model, sql=model.sql.replace("where p.status <> 'deceased'", "")),
            "nobody visits the dead",
        ),
        "one source": (as_review(model), "give the evidence source_count"),
        "unknown cause": (replace(model, same_cause=["luck"]), "same_cause has luck"),
        "aid not shown": (
            replace(model, parameters={k: v for k, v in model.parameters.items() if k != "recent_aid_days"}),
            "give the parameter recent_aid_days",
        ),
        "columns": (replace(model, evidence=dict(list(model.evidence.items())[:-1])), "model.sql gives"),
        "cast": (
            replace(model, sql=model.sql.replace("cast(s.tier as string) as tier", "s.tier as tier")),
            "write cast(… as string) as tier",
        ),
        "level": (replace(model, sql=model.sql.replace("'yellow'", "'orange'")), "in levels but not levels given"),
        "sql": (replace(model, sql=model.sql.replace("cast(year_of(:as_of)", "cast(now()")), "model.sql: now()"),
        "reason": (replace(model, reason={"": Text(zh="{name}", en="")}), "reason text names name"),
        "labels": (replace(model, value_labels={"name": {}}), "value_labels has name"),
        "source": (replace(model, sources=["horoscope"]), "sources without a contract: horoscope"),
    }


def test_each_rule_bites(models: dict[str, WarningModel], tmp_path: Path) -> None:
    for name, (broken, words) in breach(models["medical_cost_over_limit"], tmp_path).items():
        found = failures_of([broken])
        assert any(words in failure for failure in found), (name, found)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("    shows: [wrong_tier]\n", "", "no example shows wrong_tier"),
        ("    shows: [recent_aid]\n", "", "no example shows recent_aid"),
        ("    shows: [person_dead]\n", "", "no example shows person_dead"),
        ("    shows: [fires]\n", "    shows: [fires, person_dead]\n", "杨女士家 says that it shows person_dead"),
        ("    shows: [fires]\n", "    shows: [fires, just_under]\n", "杨女士家 says that it shows just_under"),
        ("    shows: [fires]\n", "    shows: [fires, missing_source]\n", "杨女士家 says that it shows missing_source"),
        ("    shows: [fires]\n", "    shows: [fires, recent_aid]\n", "杨女士家 says that it shows recent_aid"),
        ("    shows: [just_under]\n", "    shows: [fires]\n", "says that it shows fires, but it does not"),
        ("    shows: [fires]\n", "    shows: [luck]\n", "examples.yaml names luck"),
        ("families:\n", "does_not_apply: {wrong_tier: why}\nfamilies:\n", "wrong_tier does not apply, and shows it"),
        ("families:\n", "does_not_apply: {wrong_tier: ''}\nfamilies:\n", "wrong_tier does not apply; say why"),
    ],
)  # fmt: skip
def test_examples_show_every_kind_and_what_they_say(
    models: dict[str, WarningModel], tmp_path: Path, before: str, after: str, words: str
) -> None:
    model = models["medical_cost_over_limit"]
    folder = Path(shutil.copytree(model.folder, tmp_path / model.id))
    text = (folder / "examples.yaml").read_text("utf-8")
    assert before in text
    (folder / "examples.yaml").write_text(text.replace(before, after), "utf-8")
    found = failures_of([replace(model, folder=folder)])
    assert any(words in failure for failure in found), found
    assert failures_of([replace(model, folder=folder, status="draft")]) == []


def test_ids_and_numbers_are_never_reused(models: dict[str, WarningModel]) -> None:
    model = models["income_dropped"]
    found = failures_of([model, model])
    assert [failure.split(";")[0] for failure in found] == [
        "income_dropped: id used by 2 models",
        "W07: number used by 2 models",
    ]


def test_a_limit_cannot_drift_between_models(models: dict[str, WarningModel]) -> None:
    model = models["sudden_medical_spending"]
    limit = replace(model.parameters["dibao_limit"], values={TODAY: DatedValue(6000, "made up")})
    drifted = replace(model, parameters={**model.parameters, "dibao_limit": limit})
    (failure,) = failures_of([models["medical_cost_over_limit"], drifted])
    assert "dibao_limit differs" in failure


def test_the_lock_notices_every_change_that_decides(models: dict[str, WarningModel]) -> None:
    model = models["income_dropped"]
    lock = locked([model], {})
    changes: list[dict[str, Any]] = [
        {"sql": model.sql + " "},
        {"quiet_days": 1},
        {"same_cause": []},
        {"folder": model.folder.parent.parent / "other" / model.id},
        {"reason": {"": Text(zh="变了", en="changed")}},
        {"parameters": {**model.parameters, "low_months": replace(model.parameters["low_months"], values={})}},
    ]
    for change in changes:
        (failure,) = lock_failures([replace(model, **change)], lock)
        assert f"changed under version {model.version}; raise the version" in failure
    assert "changed under version" in lock_failures([as_review(model)], lock)[0]
    assert lock_failures([replace(model, owner="别的科室")], lock) == []


def test_the_lock_wants_new_versions_and_keeps_the_old(models: dict[str, WarningModel]) -> None:
    model = models["income_dropped"]
    lock = locked([model], {})
    newer = replace(model, version=model.version + 1, quiet_days=1)
    assert "not locked" in lock_failures([newer], lock)[0]
    relocked = locked([newer], lock)
    assert lock_failures([newer], relocked) == []
    assert f"below the locked {newer.version}" in lock_failures([model], relocked)[0]
    assert "keep it with status retired" in lock_failures([], lock)[0]
