"""Findings that might end a benefit: two sources, notice, a hearing, another person's decision, and never help."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from case_service.reviews.states import PREPARED, STEPS, may_take
from case_service.tables import ActionLogEntry, Base, Case, ReviewFinding, WorkOrder
from case_service.tables.reviews import ReviewStatus
from schemas.messages import ReviewFindingMessage
from tests.case_service import made_up
from tests.case_service.conftest import Door, act
from tests.case_service.made_up import FAR_COUNTY, finding, finding_batch

APART = {"review_finding", "review_step"}


@pytest.fixture
def finding_id(door: Door) -> str:
    """A finding about somebody of the first village."""
    one = finding()
    assert tell(door, one) == [one.finding_id]
    return one.finding_id


def tell(door: Door, *findings: ReviewFindingMessage) -> list[str]:
    answer = door.pipeline().put("/api/v1/review-findings", json=finding_batch(*findings))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["finding_ids"])


def step(door: Door, who: str, finding_id: str, name: str, decision: str = "") -> int:
    return act(door, who, f"/reviews/{finding_id}/{name}", text="已核对", decision=decision).status_code


def status_of(door: Door, finding_id: str) -> ReviewStatus:
    with door.session() as session:
        return session.get_one(ReviewFinding, finding_id).status


def test_a_finding_is_kept_once_and_opens_nothing(door: Door, finding_id: str) -> None:
    with door.session() as session:
        first = session.get_one(ReviewFinding, finding_id)
        changed = finding(finding_id=finding_id, source_count=9)
        assert tell(door, changed) == [finding_id]
        session.refresh(first)
        assert first.source_count == 2, "what came before stays"
        assert session.scalars(select(WorkOrder)).all() == session.scalars(select(Case)).all() == []
        received = select(ActionLogEntry).where(ActionLogEntry.action == "review_finding_received")
        assert len(session.scalars(received).all()) == 1


def test_no_warning_is_taken_for_a_finding_nor_a_finding_for_a_warning(door: Door) -> None:
    pipeline = door.pipeline()
    assert pipeline.put("/api/v1/warnings", json=finding_batch(finding())).status_code == 422
    assert pipeline.put("/api/v1/review-findings", json=made_up.batch(made_up.warning())).status_code == 422
    one = finding_batch(finding())
    one["findings"] = [finding().model_dump(mode="json") | {"finding_id": "w-1"}]
    assert pipeline.put("/api/v1/review-findings", json=one).status_code == 422


def test_the_tables_of_reviews_and_those_of_help_never_refer_to_each_other() -> None:
    for table in Base.metadata.tables.values():
        reaches = {key.column.table.name for key in table.foreign_keys}
        allowed = {*APART, "staff", "unit"} if table.name in APART else set(Base.metadata.tables) - APART
        assert reaches <= allowed, table.name


def test_the_way_of_a_finding_from_its_second_source_to_the_end(door: Door, finding_id: str) -> None:
    assert step(door, "yian", finding_id, "corroborate") == 303
    assert step(door, "yian", finding_id, "give_notice") == 303
    assert step(door, "yian", finding_id, "hold_hearing") == 303
    assert step(door, "yian", finding_id, "decide", "stop") == 409, "whoever prepared it decides nothing"
    assert step(door, "yian2", finding_id, "decide") == 409, "a decision says what it decides"
    assert step(door, "yian2", finding_id, "decide", "stop") == 303
    assert step(door, "yian2", finding_id, "close") == 409, "the term of appeal runs"
    assert step(door, "yian", finding_id, "take_appeal") == 303
    for who in ("yian", "yian2"):
        assert step(door, who, finding_id, "decide_appeal", "keep") == 409
    assert step(door, "yian3", finding_id, "decide_appeal", "keep") == 303
    assert status_of(door, finding_id) is ReviewStatus.CLOSED
    page = door.browser("yian").get(f"/reviews/{finding_id}").text
    assert "申诉决定：维持待遇" in page
    assert made_up.NAME not in page
    assert 'action="/reviews/' not in page, "nothing is left to do"


def test_nobody_is_decided_on_unheard_before_the_term_is_over(door: Door, finding_id: str) -> None:
    step(door, "yian", finding_id, "corroborate")
    assert step(door, "yian2", finding_id, "decide_unheard", "stop") == 409
    step(door, "yian", finding_id, "give_notice")
    door.clock.moment += timedelta(days=7)
    assert step(door, "yian2", finding_id, "decide_unheard", "stop") == 409, "the last day is theirs"
    door.clock.moment += timedelta(days=1)
    assert step(door, "yian2", finding_id, "decide_unheard", "stop") == 303
    door.clock.moment += timedelta(days=61)
    assert step(door, "yian", finding_id, "close") == 303


def test_what_does_not_hold_is_dismissed(door: Door, finding_id: str) -> None:
    assert step(door, "yian", finding_id, "dismiss") == 303
    assert status_of(door, finding_id) is ReviewStatus.DISMISSED
    assert step(door, "yian", finding_id, "corroborate") == 409


def test_reviewers_see_the_findings_of_their_scope(door: Door, finding_id: str) -> None:
    other = finding(village_code=FAR_COUNTY)
    tell(door, other, finding(village_code=None))
    page = door.browser("yian").get("/reviews").text
    assert finding_id in page
    assert other.finding_id not in page
    assert "共 3 条" in door.browser("city").get("/reviews").text
    assert "共 0 条" in door.browser("city").get("/reviews", params={"status": "closed"}).text


@given(
    taken=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(1, 3)), max_size=12),
)
def test_no_way_leads_to_a_decision_past_the_second_source_the_notice_and_another_person(
    taken: list[tuple[str, int]],
) -> None:
    status = ReviewStatus.RECEIVED
    done: list[tuple[str, int]] = []
    for name, who in taken:
        one = STEPS[name]
        if may_take(one, status, {before for before, by in done if by == who}, None, made_up.BUSINESS_DATE) is None:
            status = one.goes_to
            done.append((name, who))
    names = [name for name, _ in done]
    if "decide" in names:
        assert {"corroborate", "give_notice", "hold_hearing"} <= set(names[: names.index("decide")])
        decider = done[names.index("decide")][1]
        assert not {name for name, by in done[: names.index("decide")] if by == decider} & PREPARED
    assert "decide_unheard" not in names, "without a day that has passed"
