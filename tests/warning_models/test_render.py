"""People read the evidence in their language; nothing is lost on the way through JSON."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from warehouse.engines import Engine
from warning_models.examples import results
from warning_models.loader import ModelError, WarningModel
from warning_models.render import as_json, figures, from_json, reason

YANG = {
    "year": 2026,
    "self_paid_total": Decimal("15000.01"),
    "limit_amount": Decimal("15000.00"),
    "tier": "general",
    "labels": "dibao,relapse_monitored",
    "inpatient_total": Decimal("15000.01"),
    "outpatient_total": Decimal("0.00"),
    "inpatient_count": 2,
    "last_settled_on": date(2026, 10, 30),
    "rolling_total": Decimal("16200.00"),
    "recent_total": Decimal("9000.00"),
    "aided_on": date(2026, 9, 1),
    "aided_amount": Decimal("3000.00"),
}


def test_the_reason_is_a_sentence_in_two_languages(models: dict[str, WarningModel]) -> None:
    text = reason(models["medical_cost_over_limit"], "2026:15000", YANG)
    assert text.zh == (
        "2026年1月1日以来个人自付医疗费用累计 15,000.01 元，近365天累计 16,200.00 元，"
        "超过一般居民限额 15,000.00 元；今年住院 2 次，最近一次结算在2026年10月30日。"
    )
    assert text.en.startswith("Paid 15,000.01 yuan for care in 2026 and 16,200.00 in 365 days, over the limit of")


def test_each_kind_of_episode_has_its_reason(models: dict[str, WarningModel]) -> None:
    evidence = {"registered_on": date(2026, 9, 20), "unemployment_reason": None, "last_paid_month": date(2026, 7, 1)}
    model = models["employment_lost"]
    assert reason(model, "register:e1", evidence).zh == "2026年9月20日登记失业（未知），户内有低收入人口。"
    assert "最后缴费月份为2026年7月" in reason(model, "lost:2026-07", evidence).zh
    with pytest.raises(ModelError, match=r"add reason\.moved"):
        reason(model, "moved:x", evidence)


def test_figures_show_what_is_there_with_its_label(models: dict[str, WarningModel]) -> None:
    shown = {figure.label.zh: figure.value for figure in figures(models["medical_cost_over_limit"], YANG)}
    assert shown["现有救助身份"] == "低保、防止返贫监测"
    assert shown["年度个人自付累计"] == "15,000.01"
    assert "现有救助身份" not in [
        figure.label.zh for figure in figures(models["medical_cost_over_limit"], {**YANG, "labels": None})
    ]


def test_evidence_survives_json(models: dict[str, WarningModel]) -> None:
    model = models["medical_cost_over_limit"]
    assert from_json(model, as_json(model, {"person_key": "yang", **YANG})) == YANG


def test_every_example_can_be_told(
    models: dict[str, WarningModel], engines: dict[str, Engine], schemas: Mapping[str, pa.Schema]
) -> None:
    for model in models.values():
        for table in results(model, engines["duckdb"], schemas).values():
            for row in table.to_pylist():
                text = reason(model, row["episode"], row)
                assert "{" not in text.zh + text.en
                assert "None" not in text.zh + text.en
                assert "未知" not in text.zh
                assert from_json(model, as_json(model, row)) == {name: row[name] for name in model.evidence}
