"""A held delivery as a question, and the answer as the decision that the command makes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobs import approval
from jobs.errors import DecisionError
from jobs.ingest import decisions, ingest_department, ledger
from jobs.installation import Installation
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import on_dibao

SHRUNKEN = "civil_affairs.dibao.20261120.01"
NINE_IN_SHANGHAI = datetime(2026, 11, 20, 9, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def held(installation: Installation) -> Installation:
    """A shrunken delivery, which may be let in, and one that breaks its manifest, which may not."""
    landing = installation.settings.landing_folder
    deliver(landing, "dibao", [on_dibao(n) for n in range(10)], NIGHT_1)
    deliver(landing, "dibao", [on_dibao(n) for n in range(6)], NIGHT_2)
    deliver(landing, "dibao", [on_dibao(n) for n in range(9)], NIGHT_2, sequence=2, row_count=99)
    for night in (NIGHT_1, NIGHT_2):
        ingest_department(installation, "civil_affairs", night)
    return installation


def test_asked_is_what_a_person_may_let_in_until_somebody_decided(held: Installation) -> None:
    (record,) = approval.undecided(held)
    assert record.delivery_id == SHRUNKEN
    assert approval.question_id(record).startswith(f"{SHRUNKEN}~")
    assert approval.question_id(replace(record, content_hash="other")) != approval.question_id(record)
    assert "由数据团队放行或退回" in approval.question(held, SHRUNKEN)
    decisions.release(held, SHRUNKEN, "四户迁出", "chen", datetime(2026, 11, 20))  # noqa: DTZ001
    assert approval.undecided(held) == []


@pytest.mark.parametrize(("approved", "verdict"), [(True, "released"), (False, "rejected")])
def test_the_answer_is_the_decision(held: Installation, approved: bool, verdict: str) -> None:
    approval.answer(held, SHRUNKEN, approved, "民政局电话确认", "chen", NINE_IN_SHANGHAI)
    (decision,) = decisions.decisions(held)
    assert (decision.verdict, decision.reason, decision.decided_by) == (verdict, "民政局电话确认", "chen")
    assert decision.decided_at == NINE_IN_SHANGHAI.astimezone(UTC).replace(tzinfo=None)
    ingest_department(held, "civil_affairs", NIGHT_2)
    record = ledger.record_of_delivery(held, SHRUNKEN)
    assert record is not None
    assert record.status == ("ingested" if approved else "rejected")


def test_an_answer_after_another_decision_changes_nothing(held: Installation) -> None:
    decisions.reject(held, SHRUNKEN, "漏报一个街道", "chen", datetime(2026, 11, 20))  # noqa: DTZ001
    earlier = approval.answer(held, SHRUNKEN, True, "too late", "li", NINE_IN_SHANGHAI)
    assert earlier is not None
    assert earlier.verdict == "rejected"
    assert [item.decided_by for item in decisions.decisions(held)] == ["chen"]


def test_an_answer_without_a_reason_or_a_delivery_is_refused(held: Installation) -> None:
    with pytest.raises(DecisionError, match="Give a reason"):
        approval.answer(held, SHRUNKEN, True, " ", "chen", NINE_IN_SHANGHAI)
    with pytest.raises(DecisionError, match="There is no delivery"):
        approval.question(held, "civil_affairs.dibao.20200101.01")
    assert decisions.decisions(held) == []
