"""What the grid worker sees, and recording a visit."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from case_service.tables import Case, Visit, WorkOrder
from case_service.tables.casework import CaseStatus, OrderStatus
from schemas.messages import Level, OutcomeKind, Text
from tests.case_service.conftest import Door, counted_queries, visit_form
from tests.case_service.made_up import ADDRESS, NAME, PHONE, WORKER, warning


def test_the_list_shows_whom_why_and_until_when(door: Door, order_number: str) -> None:
    page = door.browser(WORKER).get("/orders").text
    for words in (f"{NAME} 家", "城东村委会 · 第一网格", "今年以来看病个人自付", "橙色", "1 户等您走访"):
        assert words in page
    assert "还剩 5 个工作日 · 11月28日(周五)截止" in page


@pytest.mark.parametrize(
    ("days_later", "words"),
    [(5, "还剩 2 个工作日"), (6, "还剩 1 个工作日"), (7, "今天截止"), (8, "已超期 · 应于11月28日(周五)办结")],
)
def test_the_time_left_is_told_in_working_days(door: Door, order_number: str, days_later: int, words: str) -> None:
    door.clock.moment += timedelta(days=days_later)
    assert words in door.browser(WORKER).get("/orders").text


def test_overdue_comes_first_then_by_due_time_and_level(door: Door) -> None:
    def put(household: str, level: Level) -> None:
        contact = warning().contact.model_copy(update={"name": household})
        door.put(warning(household_key=household, person_key=household, level=level, contact=contact))

    put("甲旧", Level.YELLOW)
    door.clock.moment += timedelta(days=10)
    put("乙黄", Level.YELLOW)
    put("丙红", Level.RED)
    page = door.browser(WORKER).get("/orders").text
    assert page.index("甲旧") < page.index("丙红") < page.index("乙黄")


def test_the_list_needs_the_same_number_of_queries_however_long(door: Door) -> None:
    counts = []
    door.browser(WORKER).get("/orders")  # reads the calendar, which the next one need not
    for start in (0, 10):
        door.put(*(warning(household_key=f"h-{start + n}") for n in range(start + 2)))
        browser = door.browser(WORKER)
        with counted_queries(door.engine) as asked:
            browser.get("/orders")
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 15


def test_the_order_page_tells_all_that_is_needed_at_the_door(door: Door, order_number: str) -> None:
    door.put(warning(level=Level.YELLOW, model_title=Text(zh="新办残疾证", en="New disability card")))
    page = door.browser(WORKER).get(f"/orders/{order_number}").text
    for words in (
        f"走访 {NAME} 家",
        "16,842.50",
        "数据截至 2025-11-20",
        "城乡低保",
        "还有多少医药费没有报销",
        f'href="tel:{PHONE}"',
        ADDRESS,
        "新办残疾证",
    ):
        assert words in page


def test_a_due_date_in_an_unpublished_year_says_it_is_provisional(door: Door) -> None:
    door.clock.moment = door.clock.moment.replace(year=2026, month=12, day=28)
    (answer,) = door.put(warning())
    browser = door.browser(WORKER)
    assert "暂定" in browser.get("/orders").text
    assert "国务院尚未公布该年放假安排" in browser.get(f"/orders/{answer['order_number']}").text


def test_recording_a_visit_closes_order_and_case(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    assert browser.get(f"/orders/{order_number}/visit").status_code == 200
    response = browser.post(f"/orders/{order_number}/visit", data=visit_form(browser, door.clock(), outcome="referred"))
    assert (response.status_code, response.headers["location"]) == (303, f"/orders/{order_number}")
    page = browser.get(f"/orders/{order_number}").text
    for words in ("已办结", "属实，已转办", "有保障", "住院三次，家里只有老伴照顾"):
        assert words in page
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        assert (order.status, order.closed_at) == (OrderStatus.CLOSED, door.clock())
        assert (order.case.status, order.case.outcome) == (CaseStatus.CLOSED, OutcomeKind.REFERRED)
        assert session.scalars(select(Visit)).one().form_version == order.form_version == "home_visit/2"
    assert "没有待走访的工单" in browser.get("/orders").text


def test_sending_the_form_twice_records_one_visit(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock())
    answers = [browser.post(f"/orders/{order_number}/visit", data=data).status_code for _ in range(2)]
    assert answers == [303, 303]
    with door.session() as session:
        assert len(session.scalars(select(Visit)).all()) == 1
    assert browser.get(f"/orders/{order_number}/visit").status_code == 303


@pytest.mark.parametrize("outcome", OutcomeKind)
def test_every_outcome_of_the_vocabulary_can_be_recorded(door: Door, order_number: str, outcome: OutcomeKind) -> None:
    assert f'value="{outcome}"' in door.browser(WORKER).get(f"/orders/{order_number}/visit").text
    door.visit(order_number, outcome=outcome, data_error_field="medical_cost")
    with door.session() as session:
        assert session.scalars(select(Case)).one().outcome is outcome


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"outcome": ""}, "请选择走访结果"),
        ({"outcome": "cured"}, "请选择走访结果"),
        ({"outcome": "data_error"}, "请选择哪一项数据有误"),
        ({"outcome": "data_error", "data_error_field": "杂项"}, "请选择哪一项数据有误"),
        ({"note": " "}, "请写下看到的情况"),
        ({"note": "长" * 1001}, "请缩短到 1000 字以内"),
        (
            {"question_living": "short", "question_house": "none", "question_house_danger": "长" * 201},
            "请缩短到 200 字以内",
        ),
        ({"question_living": "rich"}, "请从给出的选项中选择"),
        ({"question_people_at_home": "五"}, "请填 0 至 99 的数字"),
        ({"note": "户主 34070619500101000Ｘ 住院"}, "请不要写身份证号"),
        ({"position": "在家"}, "位置不对"),
        ({"visit_kind": "x"}, "请选择属于哪一种必访"),
        ({"place": "x"}, "请从列表中选择地点"),
        ({"visited_at": ""}, "请填写走访时间"),
        ({"visited_at": "2025-11-22T09:00"}, "走访时间不能晚于现在"),
        ({"visited_at": "2025-11-20T09:00"}, "走访时间不能早于工单送达的日期"),
    ],
)
def test_a_form_with_mistakes_says_what_to_mend_and_keeps_what_was_entered(
    door: Door, order_number: str, answers: dict[str, str], words: str
) -> None:
    browser = door.browser(WORKER)
    known = {"question_benefits_right": "no", "question_benefits_wrong": "没有<低保>"}
    data = visit_form(browser, door.clock(), **known) | answers
    response = browser.post(f"/orders/{order_number}/visit", data=data)
    assert response.status_code == 422
    assert words in response.text
    assert "没有&lt;低保&gt;" in response.text
    assert "还有 1 处要补充或修改" in response.text
    with door.session() as session:
        assert session.scalars(select(WorkOrder)).one().status is OrderStatus.OPEN


def test_pages_are_complete_in_english_too(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    browser.get("/language/en")
    assert "5 working days left · due Fri 28 Nov" in browser.get("/orders").text
    assert "Why visit" in browser.get(f"/orders/{order_number}").text
    assert "Save and close" in browser.get(f"/orders/{order_number}/visit").text
    door.visit(order_number)
    assert "True, helped" in browser.get(f"/orders/{order_number}").text
    supervisor = door.browser("city")
    supervisor.get("/language/en")
    assert "Progress by unit" in supervisor.get("/supervision").text


def test_errors_speak_plainly(door: Door) -> None:
    browser = door.browser(WORKER)
    assert "没有找到这个页面" in browser.get("/nowhere").text
    assert "不能这样操作" in browser.get("/supervision").text
    assert browser.put("/orders").status_code == 405


def test_a_breakdown_is_an_answer_too(door: Door, order_number: str) -> None:
    browser = door.anonymous(raise_server_exceptions=False)
    door.app.state.seal = None
    browser.cookies = door.browser(WORKER).cookies
    response = browser.get("/orders")
    assert response.status_code == 500
    assert "系统出错了" in response.text
