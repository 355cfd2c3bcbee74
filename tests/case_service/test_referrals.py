"""A case that goes to departments: who gets it by which rule, what they do with it, and when the case ends."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from case_service.row_security import Looker, Looking, ServiceSession
from case_service.tables import Case, DispatchRule, Handling, Referral, WorkOrder
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus
from schemas.messages import OutcomeKind
from tests.case_service import made_up
from tests.case_service.conftest import Door, act
from tests.case_service.made_up import CITY, CIVIL_AFFAIRS, HOUSING, YIAN, warning

NOTE = "屋顶漏雨，需要危房鉴定"


def refer(door: Door, order_number: str, *kinds: str) -> dict[str, WorkOrder]:
    """Visit, ask for help of these kinds, and say which order each unit got."""
    door.visit(order_number, outcome="referred", note=NOTE, help_kind=list(kinds))
    return {order.unit_code: order for order in handed_out(door)}


def handed_out(door: Door) -> Sequence[WorkOrder]:
    with door.session() as session:
        orders = select(WorkOrder).where(WorkOrder.kind == OrderKind.DEPARTMENT_HANDLING).order_by(WorkOrder.id)
        return session.scalars(orders).all()


def the_case(door: Door) -> Case:
    with door.session() as session:
        return session.scalars(select(Case)).one()


def finish(door: Door, username: str, order: WorkOrder, result: str = "helped") -> None:
    assert act(door, username, f"/orders/{order.number}/acceptance").status_code == 303
    fields = {"result": result, "text": "已纳入危房改造计划"}
    assert act(door, username, f"/orders/{order.number}/resolution", **fields).status_code == 303


def test_each_department_of_the_rule_gets_its_order_and_the_case_stays_open(door: Door, order_number: str) -> None:
    orders = refer(door, order_number, "housing")
    assert {unit: (one.status, one.is_lead, one.working_days) for unit, one in orders.items()} == {
        HOUSING: (OrderStatus.OFFERED, True, 30),
        CIVIL_AFFAIRS: (OrderStatus.OFFERED, False, 30),
    }
    case = the_case(door)
    assert (case.status, case.outcome) == (CaseStatus.OPEN, OutcomeKind.REFERRED)
    outcomes = door.pipeline().get("/api/v1/outcomes").json()["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["referred"], "the pipeline need not wait for the departments"


def test_what_is_passed_on_by_hand_closes_with_the_visit(door: Door, order_number: str) -> None:
    door.visit(order_number, outcome="referred")
    assert (the_case(door).status, handed_out(door)) == (CaseStatus.CLOSED, [])


def test_help_is_asked_only_of_what_the_list_offers(door: Door, order_number: str) -> None:
    answer = act(door, made_up.WORKER, f"/orders/{order_number}/visit", outcome="referred", help_kind=["moon"])
    assert answer.status_code == 422
    assert "请从列表中选择需要的救助" in answer.text


def test_a_department_sees_its_queue_accepts_and_then_sees_whom_to_contact(door: Door, order_number: str) -> None:
    order = refer(door, order_number, "housing")[HOUSING]
    queue = door.browser("housing").get("/handling").text
    assert "1 件要办理" in queue
    assert order.number in queue
    assert made_up.NAME not in queue
    page = door.browser("housing").get(f"/orders/{order.number}").text
    assert NOTE in page
    assert made_up.PHONE not in page
    assert act(door, "housing", f"/orders/{order.number}/acceptance").status_code == 303
    page = door.browser("housing").get(f"/orders/{order.number}").text
    assert made_up.NAME in page
    assert made_up.PHONE in page
    assert made_up.IDENTITY_NUMBER not in page
    fields = {"person": "person-1", "purpose": "register_for_assistance"}
    shown = act(door, "housing", f"/orders/{order.number}/identity-number", **fields)
    assert made_up.IDENTITY_NUMBER in shown.text


def test_a_department_sees_neither_the_visit_nor_the_orders_of_others(door: Door, order_number: str) -> None:
    orders = refer(door, order_number, "housing")
    browser = door.browser("housing")
    for other in (order_number, orders[CIVIL_AFFAIRS].number):
        assert browser.get(f"/orders/{other}").status_code == 404
    assert act(door, "housing", f"/orders/{orders[CIVIL_AFFAIRS].number}/acceptance").status_code == 404


def test_the_case_closes_when_the_last_department_is_done_and_somebody_looks_in_again(
    door: Door, order_number: str
) -> None:
    orders = refer(door, order_number, "housing")
    finish(door, "housing", orders[HOUSING])
    assert the_case(door).status is CaseStatus.OPEN
    finish(door, "civil", orders[CIVIL_AFFAIRS], result="not_eligible")
    case = the_case(door)
    assert (case.status, case.outcome, case.closed_at) == (CaseStatus.CLOSED, OutcomeKind.HELPED, door.clock())
    with door.session() as session:
        look = session.scalars(select(WorkOrder).where(WorkOrder.kind == OrderKind.FOLLOW_UP_VISIT)).one()
    assert (look.status, look.working_days) == (OrderStatus.OPEN, 60)
    own = door.browser(made_up.WORKER).get("/orders").text
    assert look.number in own
    door.visit(look.number, outcome="resolved_by_itself")
    assert the_case(door).outcome is OutcomeKind.HELPED, "the follow-up judges the help, not the warning"


def test_nobody_looks_in_where_nothing_was_given(door: Door, order_number: str) -> None:
    for unit, order in refer(door, order_number, "housing").items():
        finish(door, "housing" if unit == HOUSING else "civil", order, result="not_eligible")
    case = the_case(door)
    assert (case.status, case.outcome) == (CaseStatus.CLOSED, OutcomeKind.REFERRED)
    assert len(handed_out(door)) == 2


def test_a_follow_up_that_finds_hardship_opens_the_case_again(door: Door, order_number: str) -> None:
    finish(door, "civil", refer(door, order_number, "emergency")[CIVIL_AFFAIRS])
    with door.session() as session:
        look = session.scalars(select(WorkOrder).where(WorkOrder.kind == OrderKind.FOLLOW_UP_VISIT)).one()
    door.visit(look.number, outcome="referred", help_kind=["housing"])
    assert the_case(door).status is CaseStatus.OPEN
    assert [order.status for order in handed_out(door)] == ["closed", "offered", "offered"]


def test_a_department_that_returns_it_leaves_it_with_the_county_which_asks_another(
    door: Door, order_number: str
) -> None:
    order = refer(door, order_number, "housing")[HOUSING]
    returned = act(door, "housing", f"/orders/{order.number}/return", reason="宅基地纠纷，不属于住建部门")
    assert returned.status_code == 303
    page = door.browser("yian").get(f"/orders/{order.number}").text
    assert "宅基地纠纷" in page
    assert "处理退回" in page
    settled = act(door, "yian", f"/orders/{order.number}/settlement", department="civil_affairs", reason="由民政办理")
    assert settled.status_code == 303
    statuses = [(one.unit_code, one.status, one.is_lead) for one in handed_out(door)]
    assert statuses[0] == (HOUSING, OrderStatus.CLOSED, True)
    assert statuses[-1] == (CIVIL_AFFAIRS, OrderStatus.OFFERED, True), "it leads in the other's place"
    assert the_case(door).status is CaseStatus.OPEN


def test_what_came_back_may_be_let_rest_and_then_the_case_closes(door: Door, order_number: str) -> None:
    order = refer(door, order_number, "emergency")[CIVIL_AFFAIRS]
    act(door, "civil", f"/orders/{order.number}/acceptance")
    assert act(door, "civil", f"/orders/{order.number}/return", reason="家庭已搬走").status_code == 303
    assert act(door, "yian", f"/orders/{order.number}/settlement", reason="确已搬离").status_code == 303
    assert (the_case(door).status, the_case(door).outcome) == (CaseStatus.CLOSED, OutcomeKind.REFERRED)


def test_a_department_that_the_directory_does_not_know_loses_nothing(door: Door, order_number: str) -> None:
    orders = refer(door, order_number, "medical")
    assert orders[YIAN].status is OrderStatus.RETURNED
    assert orders[CIVIL_AFFAIRS].status is OrderStatus.OFFERED
    assert "名录里没有这个部门" in door.browser("yian").get(f"/orders/{orders[YIAN].number}").text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("return", {"reason": ""}),
        ("resolution", {"result": "helped", "text": ""}),
        ("resolution", {"result": "returned", "text": "x"}),
        ("resolution", {"result": "moon", "text": "x"}),
    ],
)
def test_what_is_missing_is_asked_for(door: Door, order_number: str, path: str, fields: dict[str, str]) -> None:
    order = refer(door, order_number, "emergency")[CIVIL_AFFAIRS]
    act(door, "civil", f"/orders/{order.number}/acceptance")
    assert act(door, "civil", f"/orders/{order.number}/{path}", **fields).status_code == 422


def test_of_two_colleagues_one_acts_and_the_other_is_told(door: Door, order_number: str) -> None:
    order = refer(door, order_number, "emergency")[CIVIL_AFFAIRS]
    act(door, "civil", f"/orders/{order.number}/acceptance")
    fields = {"result": "helped", "text": "已发放"}
    assert act(door, "civil2", f"/orders/{order.number}/resolution", **fields).status_code == 409
    assert act(door, "civil2", f"/orders/{order.number}/acceptance").status_code == 303, "taken over"
    assert act(door, "civil", f"/orders/{order.number}/resolution", **fields).status_code == 409
    assert act(door, "civil2", f"/orders/{order.number}/resolution", **fields).status_code == 303
    assert act(door, "civil2", f"/orders/{order.number}/resolution", **fields).status_code == 409


def test_each_departments_clock_has_its_own_days(door: Door, order_number: str) -> None:
    orders = refer(door, order_number, "emergency", "housing")
    door.clock.moment += timedelta(days=14)
    page = door.browser("yian").get("/supervision", params={"standing": "overdue"}).text
    assert "共 1 件" in page
    overdue = {one.number for one in handed_out(door) if one.number in page}
    (emergency,) = (one.number for one in handed_out(door) if one.working_days == 5)
    assert overdue == {emergency}
    assert orders[HOUSING].number in door.browser("yian").get("/supervision", params={"standing": "on_time"}).text


def test_a_new_warning_joins_the_case_that_departments_are_at_work_on(door: Door, order_number: str) -> None:
    refer(door, order_number, "housing")
    (answer,) = door.put(warning())
    assert answer["kind"] == "opened"
    assert answer["case_number"] == the_case(door).number


def test_the_rows_tell_a_department_only_of_its_own_part(door: Door, order_number: str) -> None:
    refer(door, order_number, "housing")
    finish(door, "housing", refer_again(door))
    places = {"housing": f"{CITY}/{YIAN}/{HOUSING}/", "civil": f"{CITY}/{YIAN}/{CIVIL_AFFAIRS}/"}
    seen = {}
    for name, path in places.items():
        with ServiceSession(door.engine) as session:
            session.looking = Looking(Looker.SUBTREE, path)
            seen[name] = [len(session.scalars(select(one)).all()) for one in (WorkOrder, Referral, Handling)]
    assert seen == {"housing": [1, 1, 1], "civil": [1, 1, 0]}


def refer_again(door: Door) -> WorkOrder:
    return next(order for order in handed_out(door) if order.unit_code == HOUSING)


def changed_rule(**changes: str | list[str]) -> dict[str, str | list[str]]:
    rule: dict[str, str | list[str]] = {"lead": "civil_affairs", "other": ["housing"], "working_days": "8"}
    rule |= {"follow_up_days": "", "reason": "新规"}
    return rule | changes


def test_an_administrator_changes_a_rule_and_every_version_stays(door: Door, order_number: str) -> None:
    before = refer(door, order_number, "housing")[HOUSING]
    assert act(door, "system", "/administration/dispatch/housing", **changed_rule()).status_code == 303
    with door.session() as session:
        rules = session.scalars(select(DispatchRule).where(DispatchRule.kind == "housing").order_by(DispatchRule.id))
        old, new = rules.all()
        kept = session.get_one(WorkOrder, before.id)
    assert (old.superseded_at, new.superseded_at) == (door.clock(), None)
    assert (new.lead, new.others, new.working_days, new.follow_up_days) == ("civil_affairs", ["housing"], 8, None)
    assert kept.working_days == 30, "what is under way keeps its rule"
    page = door.browser("system").get("/administration/dispatch").text
    assert "新规" in page
    assert "席统" in page
    (second,) = door.put(warning(household_key="next"))
    door.visit(str(second["order_number"]), outcome="referred", help_kind=["housing"])
    assert [one.working_days for one in handed_out(door)[-2:]] == [8, 8]


@pytest.mark.parametrize(
    "changes",
    [{"lead": "moon"}, {"other": ["moon"]}, {"working_days": "0"}, {"working_days": "x"}, {"follow_up_days": "300"},
     {"reason": ""}],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_not_put_in_force(door: Door, changes: dict[str, str | list[str]]) -> None:
    answer = act(door, "system", "/administration/dispatch/housing", **changed_rule(**changes))
    assert answer.status_code == 422
    assert 'class="mistake"' in answer.text
    with door.session() as session:
        assert len(session.scalars(select(DispatchRule).where(DispatchRule.kind == "housing")).all()) == 1


def test_the_county_reads_the_table_and_changes_nothing(door: Door) -> None:
    page = door.browser("yian").get("/administration/dispatch").text
    assert "住房和城乡建设局" in page
    assert "medical_insurance（名录里没有）" in page
    assert "保存并生效" not in page
