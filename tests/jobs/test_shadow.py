"""A model in shadow computes and is counted every night, and nobody is ever visited because of it."""

from dataclasses import replace

import pytest

from jobs import warn as warning
from jobs.conform import conform
from jobs.dispatch import dispatch, outbox
from jobs.evaluation.report import shadow_claims
from jobs.ingest import ingest_department
from jobs.installation import Installation
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import registered, settlement
from warning_models.loader import WarningModel, load_models

MODEL = "medical_cost_over_limit"
BILL = dict.fromkeys(("medfee_sumamt", "inscp_scp_amt", "psn_part_amt", "psn_cash_pay"), "90000.00")
BILL["fund_pay_sumamt"] = "0.00"


@pytest.fixture
def over_limit(installation: Installation) -> Installation:
    """Two people who paid far more than their limit; conformed."""
    landing = installation.settings.landing_folder
    deliver(landing, "household_register", [registered(1), registered(2)])
    deliver(landing, "inpatient_settlement", [settlement(1, **BILL), settlement(2, **BILL)])
    for department in ("public_security", "medical_insurance"):
        ingest_department(installation, department, NIGHT_1)
    conform(installation, NIGHT_1)
    return installation


def only(status: str) -> list[WarningModel]:
    return [replace(model, status=status) for model in load_models() if model.id == MODEL]


def test_a_model_in_shadow_is_counted_and_never_dispatched(
    over_limit: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning, "load_models", lambda: only("shadow"))
    report = warning.warn(over_limit, NIGHT_1).report
    assert (report["shadow"], report["warnings"]) == ({MODEL: 2}, {})
    claims = over_limit.warehouse.rows("ads.claim").to_pylist()
    assert {(claim["status"], claim["warning_id"]) for claim in claims} == {("shadow", None)}
    assert over_limit.warehouse.rows("ads.warning").num_rows == 0
    assert outbox(over_limit, NIGHT_2) == []
    fates = dispatch(over_limit, NIGHT_1).report
    assert (fates["opened"], fates["joined"], fates["withheld"], fates["undelivered"]) == (0, 0, 0, 0)
    assert [row["claims"] for row in shadow_claims(over_limit, NIGHT_1)] == [2]


def test_the_same_claims_of_an_active_model_are_dispatched(
    over_limit: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warning, "load_models", lambda: only("active"))
    assert warning.warn(over_limit, NIGHT_1).report["warnings"] == {MODEL: 2}
    assert len(outbox(over_limit, NIGHT_1)) == 2
    assert shadow_claims(over_limit, NIGHT_1) == []
