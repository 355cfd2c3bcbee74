"""Help at once with papers later, more time, and handing over to a colleague."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from case_service.clocks.steps import take_steps
from case_service.official_calendar import due_rule
from case_service.row_security import SYSTEM, ServiceSession
from case_service.tables import (
    ActionLogEntry,
    Case,
    ClockPause,
    HandOver,
    MoreTimeRequest,
    Outcome,
    UrgentHelp,
    WorkOrder,
)
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus
from schemas.messages import OutcomeKind
from tests.case_service.conftest import Door, StoppedClock, act, counted_queries, opened_door
from tests.case_service.made_up import NAME, OTHER_WORKER, SECOND_WORKER, VILLAGE, WORKER, warning

HELP = {"help": "cash", "amount": "500", "given_at": "2025-11-21T09:00", "note": "家中断炊，当场给了现金"}
TIME = {"reason": "in_hospital", "until": "2025-12-01", "note": "老人在市医院，下周出院"}
HAND_OVER = {"colleague": SECOND_WORKER, "reason": "related"}


def do(door: Door, number: str, task: str, username: str = WORKER, **entries: str):
    browser = door.browser(username)
    return browser.post(f"/orders/{number}/do/{task}", data={"form_token": browser.form_token, **entries})


def decide(door: Door, number: str, decision: str, username: str = "village") -> int:
    browser = door.browser(username)
    data = {"form_token": browser.form_token, "decision": decision}
    return browser.post(f"/orders/{number}/more-time-decision", data=data).status_code


def papers_number(door: Door) -> str:
    with door.session() as session:
        return session.scalars(select(WorkOrder.number).where(WorkOrder.kind == OrderKind.FOLLOW_UP)).one()


def test_help_comes_first_and_the_papers_get_an_order_of_their_own(door: Door, order_number: str) -> None:
    assert do(door, order_number, "urgent-help", **HELP).status_code == 303
    browser = door.browser(WORKER)
    page = browser.get(f"/orders/{order_number}").text
    assert "500 元 · 家中断炊，当场给了现金" in page
    assert "登记走访结果" in page
    papers = papers_number(door)
    page = browser.get(f"/orders/{papers}").text
    for words in (f"补办手续：{NAME} 家", "500 元 · 家中断炊", "今年以来看病个人自付", "还剩 10 个工作日"):
        assert words in page
    assert "已经补齐的材料" in browser.get(f"/orders/{papers}/visit").text
    with door.session() as session:
        given = session.scalars(select(UrgentHelp)).one()
        assert "断炊".encode() not in given.sealed_details


@pytest.mark.parametrize("papers_first", [True, False])
def test_the_case_closes_with_the_last_of_its_orders_and_keeps_what_the_visit_found(
    door: Door, order_number: str, papers_first: bool
) -> None:
    do(door, order_number, "urgent-help", **HELP)
    papers = papers_number(door)
    visits = [(order_number, "referred"), (papers, "helped")]
    for number, outcome in reversed(visits) if papers_first else visits:
        with door.session() as session:
            assert session.scalars(select(Case)).one().status is CaseStatus.OPEN
        door.visit(number, outcome=outcome)
    with door.session() as session:
        case = session.scalars(select(Case)).one()
        assert (case.status, case.outcome) == (CaseStatus.CLOSED, OutcomeKind.REFERRED)
        assert [one.kind for one in session.scalars(select(Outcome))] == [OutcomeKind.REFERRED]
    page = door.browser("village").get("/supervision").text
    assert "100.0%" in page


def test_a_warning_that_comes_while_papers_are_open_asks_for_another_visit(door: Door, order_number: str) -> None:
    do(door, order_number, "urgent-help", **HELP)
    door.visit(order_number)
    (answer,) = door.put(warning())
    assert answer["kind"] == "opened"
    assert answer["order_number"] not in (order_number, papers_number(door))


def test_the_papers_offer_only_the_outcomes_that_papers_have(door: Door, order_number: str) -> None:
    do(door, order_number, "urgent-help", **HELP)
    papers = papers_number(door)
    page = door.browser(WORKER).get(f"/orders/{papers}/visit").text
    assert 'id="outcome-helped"' in page
    assert 'id="outcome-data_error"' not in page


def test_time_granted_stands_in_the_ledger_and_moves_the_due_day(door: Door, order_number: str) -> None:
    assert do(door, order_number, "more-time", **TIME).status_code == 303
    assert "11月28日" in door.browser(WORKER).get(f"/orders/{order_number}").text
    page = door.browser("village").get(f"/orders/{order_number}").text
    assert "葛一 申请延长到12月1日(周一)：对象住院" in page
    assert TIME["note"] in page
    assert decide(door, order_number, "grant") == 303
    page = door.browser(WORKER).get(f"/orders/{order_number}").text
    assert "已批准" in page
    assert "12月5日(周五)截止" in page
    with door.session() as session:
        pause = session.scalars(select(ClockPause)).one()
        assert (pause.paused_on.isoformat(), pause.resumed_on.isoformat()) == ("2025-11-21", "2025-12-01")
        assert pause.reason == "in_hospital"


def test_time_refused_leaves_the_clock_running(door: Door, order_number: str) -> None:
    do(door, order_number, "more-time", **TIME)
    assert decide(door, order_number, "refuse") == 303
    page = door.browser(WORKER).get(f"/orders/{order_number}").text
    assert "未批准，照常计时" in page
    assert "11月28日(周五)截止" in page
    assert decide(door, order_number, "grant") == 409
    told = door.browser(WORKER).get("/messages").text
    assert f"工单 {order_number}（城东村委会）的延期申请未批准，照常计时，请在 11月28日" in told
    with door.session() as session:
        assert session.scalars(select(ClockPause)).all() == []
        assert session.scalars(select(MoreTimeRequest)).one().is_granted is False


def test_what_waits_stands_in_a_queue_until_somebody_decides(door: Door, order_number: str) -> None:
    other = str(door.put(warning(household_key="h2"))[0]["order_number"])
    for number in (other, order_number):
        do(door, number, "more-time", **TIME)
        door.clock.moment += timedelta(hours=1)
    desk = door.browser("wusong")
    assert "2 件延期申请待批" in desk.get("/supervision").text
    queue = desk.get("/supervision/more-time").text
    assert queue.index(other) < queue.index(order_number), "whoever has waited longest comes first"
    assert "葛一 申请延长到12月1日(周一)：对象住院" in queue
    assert NAME not in queue
    assert TIME["note"] not in queue
    assert "共 0 件待批" in door.browser("shunan").get("/supervision/more-time").text
    back = "/supervision/more-time?unit=" + VILLAGE
    for number, decision in ((other, "grant"), (order_number, "refuse")):
        data = {"form_token": desk.form_token, "decision": decision, "next": back}
        decided = desk.post(f"/orders/{number}/more-time-decision", data=data)
        assert (decided.status_code, decided.headers["location"]) == (303, back)
    assert "共 0 件待批" in desk.get(back).text
    assert "延期申请待批" not in desk.get("/supervision").text
    told = door.browser(WORKER).get("/messages").text
    assert f"工单 {other}（城东村委会）已暂停计时，时限：12月5日" in told


def test_the_story_of_a_case_tells_in_words_what_was_done_on_the_way(door: Door, order_number: str) -> None:
    do(door, order_number, "urgent-help", **HELP)
    do(door, order_number, "more-time", **TIME)
    decide(door, order_number, "refuse")
    do(door, order_number, "more-time", **TIME)
    decide(door, order_number, "grant")
    act(door, "village", f"/orders/{papers_number(door)}/clock/pause", reason="waiting_for_department")
    act(door, "village", f"/orders/{papers_number(door)}/clock/resume", reason="已核实")
    do(door, order_number, "hand-over", **HAND_OVER)
    for _ in range(25):
        door.clock.moment += timedelta(days=1)
        with ServiceSession(door.engine) as session:
            session.looking = SYSTEM
            take_steps(session, due_rule(session, door.settings), door.clock())
    with door.session() as session:
        case = session.scalars(select(Case.number)).one()
    page = door.browser("village").get(f"/cases/{case}").text
    story = page[page.index("全过程") :]
    for words in ("先行救助：现金", "申请延长到 2025-12-01：对象住院", "未批准延长", "批准延长",
                  "暂停计时：等待部门核实", "恢复计时", "转给 葛二：与该户有亲属关系，回避",
                  "超期，报村（社区）", "超期，报乡镇（街道）", "超期，报县区"):  # fmt: skip
        assert words in story, words
    assert "其他记录" not in story
    assert NAME not in page


@pytest.fixture
def looking_in_again(database: str, clock: StoppedClock, tmp_path: Path) -> Iterator[Door]:
    """A city that visits whoever was helped again after ten working days."""
    with opened_door(database, tmp_path, clock, follow_up_working_days=10) as door:
        yield door


def follow_up_visits(door: Door) -> list[tuple[str, int | None, str]]:
    visits = select(WorkOrder).where(WorkOrder.kind == OrderKind.FOLLOW_UP_VISIT)
    with door.session() as session:
        return [(one.status.value, one.working_days, one.assignee.username) for one in session.scalars(visits)]


@pytest.mark.parametrize("outcome", ["helped", "referred", "already_receiving", "refused"])
def test_whoever_was_helped_is_visited_again_once(looking_in_again: Door, outcome: str) -> None:
    door = looking_in_again
    number = str(door.put(warning())[0]["order_number"])
    door.visit(number, outcome=outcome)
    expected = [("open", 10, WORKER)] if outcome == "helped" else []
    assert follow_up_visits(door) == expected
    if not expected:
        return
    page = door.browser(WORKER).get("/orders").text
    assert "救助后回访" in page
    with door.session() as session:
        again = session.scalars(select(WorkOrder.number).where(WorkOrder.kind == OrderKind.FOLLOW_UP_VISIT)).one()
    assert "今年以来看病个人自付" in door.browser(WORKER).get(f"/orders/{again}").text
    door.visit(again, outcome="helped")
    assert follow_up_visits(door) == [("closed", 10, WORKER)], "the second look is the last"
    with door.session() as session:
        assert [one.kind for one in session.scalars(select(Outcome))] == [OutcomeKind.HELPED]


@pytest.mark.parametrize(
    ("found", "is_visited"), [("referred", True), ("resolved_by_itself", True), ("deceased", False)]
)
def test_whoever_was_helped_at_once_is_visited_again_unless_nobody_is_there(
    looking_in_again: Door, found: str, is_visited: bool
) -> None:
    door = looking_in_again
    number = str(door.put(warning())[0]["order_number"])
    do(door, number, "urgent-help", **HELP)
    door.visit(number, outcome=found)
    assert follow_up_visits(door) == [], "the papers are not there yet"
    door.visit(papers_number(door), outcome="helped")
    assert len(follow_up_visits(door)) == is_visited


def test_a_closed_order_waits_for_nobody(door: Door, order_number: str) -> None:
    do(door, order_number, "more-time", **TIME)
    door.visit(order_number)
    assert "共 0 件待批" in door.browser("village").get("/supervision/more-time").text


def test_the_queue_takes_as_many_questions_for_many_as_for_few(door: Door) -> None:
    counted = []
    for count in (1, 4):
        put = door.put(*(warning(household_key=f"{count}-{n}") for n in range(count)))
        for one in put:
            do(door, str(one["order_number"]), "more-time", **TIME)
        browser = door.browser("village")
        with counted_queries(door.engine) as asked:
            assert browser.get("/supervision/more-time").status_code == 200
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_one_request_waits_at_a_time(door: Door, order_number: str) -> None:
    do(door, order_number, "more-time", **TIME)
    assert "已有一份申请在等" in door.browser(WORKER).get(f"/orders/{order_number}/do/more-time").text
    assert do(door, order_number, "more-time", **TIME).status_code == 409
    assert decide(door, order_number, "maybe") == 422
    assert decide(door, order_number, "grant", "shunan") == 404


def test_a_colleague_takes_over_with_the_clock_running_on(door: Door, order_number: str) -> None:
    response = do(door, order_number, "hand-over", **HAND_OVER)
    assert (response.status_code, response.headers["location"]) == (303, "/orders")
    assert NAME in door.browser(SECOND_WORKER).get(f"/orders/{order_number}").text
    assert door.browser(WORKER).get(f"/orders/{order_number}").status_code == 404
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        assert (order.status, order.assignee.username) == (OrderStatus.OPEN, SECOND_WORKER)
        assert order.delivered_at == door.clock()
        assert session.scalars(select(HandOver)).one().reason == "related"
        noted = session.scalars(select(ActionLogEntry).where(ActionLogEntry.action == "order_handed_over")).one()
        assert noted.purpose == "related"


@pytest.mark.parametrize(
    ("task", "entries", "words"),
    [
        ("urgent-help", HELP | {"help": "loan"}, "请选择给了什么帮助"),
        ("urgent-help", HELP | {"amount": "五百"}, "请填整数金额"),
        ("urgent-help", HELP | {"amount": "100001"}, "请填整数金额"),
        ("urgent-help", HELP | {"amount": "9" * 5_000}, "请填整数金额"),
        ("urgent-help", HELP | {"given_at": "2025-11-22T09:00"}, "走访时间不能晚于现在"),
        ("urgent-help", HELP | {"given_at": ""}, "请填写走访时间"),
        ("urgent-help", HELP | {"note": "34070619500101000X"}, "请不要写身份证号"),
        ("more-time", TIME | {"reason": "lazy"}, "请选择原因"),
        ("more-time", TIME | {"until": "2025-11-21"}, "请选明天起 30 天内的日期"),
        ("more-time", TIME | {"until": "2025-12-22"}, "请选明天起 30 天内的日期"),
        ("more-time", TIME | {"note": ""}, "请写明情况"),
        ("more-time", TIME | {"note": "长" * 201}, "请缩短到 200 字以内"),
        ("hand-over", HAND_OVER | {"colleague": OTHER_WORKER}, "请选择同事"),
        ("hand-over", HAND_OVER | {"colleague": WORKER}, "请选择同事"),
        ("hand-over", HAND_OVER | {"reason": "assigned_anew"}, "请选择原因"),
    ],
)
def test_a_short_form_with_mistakes_says_what_to_mend(
    door: Door, order_number: str, task: str, entries: dict[str, str], words: str
) -> None:
    response = do(door, order_number, task, **entries)
    assert response.status_code == 422
    assert words in response.text
    with door.session() as session:
        assert len(session.scalars(select(WorkOrder)).all()) == 1
        assert session.scalars(select(MoreTimeRequest)).all() == []


@pytest.mark.parametrize(
    ("task", "entries"), [("urgent-help", HELP), ("more-time", TIME), ("hand-over", HAND_OVER)], ids=str
)
def test_nothing_is_done_on_a_closed_order(door: Door, order_number: str, task: str, entries: dict[str, str]) -> None:
    door.visit(order_number)
    assert do(door, order_number, task, **entries).status_code == 409
    assert door.browser(WORKER).get(f"/orders/{order_number}/do/{task}").status_code == 303
