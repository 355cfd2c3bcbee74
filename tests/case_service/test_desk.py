"""A supervisor's desk: approving, moving many, load by worker, a case and its story, and what is taken along."""

import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from case_service.access import Viewer
from case_service.official_calendar import due_rule
from case_service.supervision.export import as_text
from case_service.supervision.queries import Standing, judge, tallies, total
from case_service.supervision.workload import loads
from case_service.tables import Case, Unit, Visit, WorkOrder
from case_service.tables.casework import CaseStatus, OrderStatus
from case_service.tables.people import Role
from schemas.messages import Contact, Text
from tests.case_service import made_up
from tests.case_service.conftest import Door, StoppedClock, act, counted_queries, opened_door
from tests.case_service.made_up import (
    GRID,
    OTHER_GRID,
    OTHER_VILLAGE,
    SECOND_GRID,
    SECOND_WORKER,
    VILLAGE,
    YIAN,
    warning,
)


@pytest.fixture
def strict(database: str, clock: StoppedClock, tmp_path: Path) -> Iterator[Door]:
    """A city whose plan lets nobody be gone or dead without a second look."""
    with opened_door(database, tmp_path, clock, outcomes_to_approve=["deceased", "moved_or_absent"]) as door:
        yield door


def status_of(door: Door, number: str) -> OrderStatus:
    with door.session() as session:
        return session.scalars(select(WorkOrder.status).where(WorkOrder.number == number)).one()


def test_a_closure_that_the_plan_names_waits_for_approval_and_nothing_follows_before(strict: Door) -> None:
    number = str(strict.put(warning())[0]["order_number"])
    strict.visit(number, outcome="moved_or_absent")
    assert status_of(strict, number) is OrderStatus.AWAITING_APPROVAL
    assert strict.pipeline().get("/api/v1/outcomes").json()["outcomes"] == []
    assert "共 1 件" in strict.browser("yian").get("/supervision", params={"standing": "awaiting_approval"}).text
    assert act(strict, "village", f"/orders/{number}/approval").status_code == 303
    assert status_of(strict, number) is OrderStatus.CLOSED
    (outcome,) = strict.pipeline().get("/api/v1/outcomes").json()["outcomes"]
    assert outcome["outcome"] == "moved_or_absent"
    with strict.session() as session:
        assert session.scalars(select(Case.status)).one() is CaseStatus.CLOSED


def test_other_outcomes_close_at_once(strict: Door) -> None:
    number = str(strict.put(warning())[0]["order_number"])
    strict.visit(number, outcome="resolved_by_itself")
    assert status_of(strict, number) is OrderStatus.CLOSED


def test_what_is_sent_back_is_visited_again_and_the_first_visit_stays(strict: Door) -> None:
    number = str(strict.put(warning())[0]["order_number"])
    strict.visit(number, outcome="deceased")
    assert act(strict, "village", f"/orders/{number}/sending-back", reason="").status_code == 422
    sent = act(strict, "village", f"/orders/{number}/sending-back", reason="请核对是不是本人")
    assert sent.status_code == 303
    page = strict.browser(made_up.WORKER).get(f"/orders/{number}").text
    assert "请核对是不是本人" in page
    strict.visit(number, outcome="resolved_by_itself")
    with strict.session() as session:
        visits = session.scalars(select(Visit).order_by(Visit.id)).all()
    assert [(one.outcome.value, one.sent_back_reason) for one in visits] == [
        ("deceased", "请核对是不是本人"),
        ("resolved_by_itself", None),
    ]
    assert "请核对是不是本人" not in strict.browser(made_up.WORKER).get(f"/orders/{number}").text
    (outcome,) = strict.pipeline().get("/api/v1/outcomes").json()["outcomes"]
    assert outcome["outcome"] == "resolved_by_itself"


def test_help_asked_for_goes_out_once_the_closure_is_approved(strict: Door) -> None:
    strict.settings.outcomes_to_approve = frozenset({"referred"})
    number = str(strict.put(warning())[0]["order_number"])
    strict.visit(number, outcome="referred", help_kind=["emergency"])
    assert "1 件要办理" not in strict.browser("civil").get("/handling").text
    act(strict, "village", f"/orders/{number}/approval")
    assert "1 件要办理" in strict.browser("civil").get("/handling").text


def test_of_two_supervisors_one_approves_and_the_other_is_told(strict: Door) -> None:
    number = str(strict.put(warning())[0]["order_number"])
    strict.visit(number, outcome="deceased")
    assert act(strict, "village", f"/orders/{number}/approval").status_code == 303
    assert act(strict, "yian", f"/orders/{number}/sending-back", reason="再查").status_code == 409
    assert act(strict, "yian", f"/orders/{number}/approval").status_code == 409


def test_many_orders_go_to_one_worker_and_those_of_other_villages_stay(door: Door) -> None:
    here = door.put(*(warning(household_key=f"h{n}") for n in range(3)))
    there = door.put(warning(household_key="o", village_code=OTHER_VILLAGE, grid_code=OTHER_GRID))
    numbers = [str(one["order_number"]) for one in (*here, *there)]
    done = act(door, "wusong", "/supervision/assignment", order=numbers, worker=SECOND_WORKER)
    assert "已分派 3 件" in done.text
    assert "1 件没有分派" in done.text
    with door.session() as session:
        holders = [order.assignee.username for order in session.scalars(select(WorkOrder).order_by(WorkOrder.id))]
    assert holders == [SECOND_WORKER] * 3 + [made_up.OTHER_WORKER]


def test_many_are_moved_only_within_ones_scope(door: Door, order_number: str) -> None:
    there = door.put(warning(household_key="o", village_code=OTHER_VILLAGE, grid_code=OTHER_GRID))
    numbers = [order_number, str(there[0]["order_number"])]
    assert act(door, "village", "/supervision/assignment", order=numbers, worker=SECOND_WORKER).status_code == 404
    assert act(door, "village", "/supervision/assignment", order=[], worker=SECOND_WORKER).status_code == 422
    assert (
        act(door, "village", "/supervision/assignment", order=numbers, worker=made_up.OTHER_WORKER).status_code == 422
    )


def test_the_load_of_each_worker_is_counted(door: Door) -> None:
    first = door.put(*(warning(household_key=f"h{n}") for n in range(2)))
    door.visit(str(first[0]["order_number"]), outcome="helped")
    door.clock.moment += timedelta(days=10)
    door.put(warning(household_key="new", grid_code=SECOND_GRID))
    page = door.browser("village").get("/supervision/workers").text
    rows = [cells.split("<td") for cells in page.split("<tr>")[2:]]
    figures = [[cell.split(">")[1].split("<")[0] for cell in cells[1:]] for cells in rows]
    assert figures == [["1", "1", "0", "1"], ["1", "0", "0", "0"]], "the worker with what is late comes first"
    assert "葛一" in rows[0][0]


def test_what_is_delivered_or_paused_while_a_page_is_counted_counts_as_on_time(door: Door, order_number: str) -> None:
    with door.session() as session:
        unit = session.get_one(Unit, YIAN)
        viewer = Viewer(1, "yian", "易安", Role.COUNTY, unit.code, unit.name, unit.path, form_token="")
        at, rule = door.clock(), due_rule(session, door.settings)
        before = judge(session, viewer, rule, at)
        act(door, "village", f"/orders/{order_number}/clock/pause", reason="disaster")
        door.clock.moment += timedelta(days=3)
        door.put(warning(household_key="since"))
        session.rollback()
        whole = total(unit, tallies(session, viewer, unit, before))
        (most, *_), _ = loads(session, viewer, unit, before, at)
        assert whole.counts[Standing.ON_TIME] == most.counts[Standing.ON_TIME] == whole.open == 2


def test_the_page_of_a_case_tells_its_story(door: Door, order_number: str) -> None:
    door.put(warning(model_title=Text(zh="收入骤降", en="Income fell")))
    door.visit(order_number, outcome="referred", note="家里断了收入", help_kind=["emergency"])
    with door.session() as session:
        case = session.scalars(select(Case)).one().number
        handling = session.scalars(select(WorkOrder.number).order_by(WorkOrder.id.desc())).first()
    act(door, "civil", f"/orders/{handling}/acceptance")
    act(door, "civil", f"/orders/{handling}/resolution", result="helped", text="发放临时救助")
    page = door.browser("village").get(f"/cases/{case}").text
    story = page[page.index("全过程") :]
    told = ["预警生成工单", "预警并入工单", "收入骤降", "登记走访结果：属实，已转办", "转办：临时救助", "部门接收",
            "部门办结：已落实救助"]  # fmt: skip
    places = [story.index(one) for one in told]
    assert places == sorted(places)
    for one in ("家里断了收入", "发放临时救助", "葛一", "闵正", "救助后回访"):
        assert one in page
    assert made_up.NAME not in page
    assert "章*" in page
    assert "其他记录" not in page
    assert "查看 1 次" in door.browser("village").get(f"/cases/{case}").text


def test_a_case_is_referred_from_its_page_and_opened_again_for_it(door: Door, order_number: str) -> None:
    door.visit(order_number, outcome="already_receiving")
    with door.session() as session:
        case = session.scalars(select(Case)).one().number
    refused = act(door, "village", f"/cases/{case}/referrals", note="x")
    assert refused.status_code == 422
    sent = act(door, "village", f"/cases/{case}/referrals", note="补办住房保障", help_kind=["housing"])
    assert sent.headers["location"] == f"/cases/{case}"
    with door.session() as session:
        assert session.scalars(select(Case.status)).one() is CaseStatus.OPEN
    assert "补办住房保障" in door.browser("village").get(f"/cases/{case}").text


def exported(door: Door, username: str, **params: str) -> list[list[str]]:
    answer = door.browser(username).get("/supervision/orders.xlsx", params=params)
    assert answer.status_code == 200
    with zipfile.ZipFile(BytesIO(answer.content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    cells = re.findall(r"<c [^>]*>", sheet)
    assert cells
    assert all('t="s"' in cell for cell in cells), "everything is text, so no number is rounded and nothing is run"
    rows = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]


def test_a_list_is_taken_along_masked_and_within_ones_scope(door: Door) -> None:
    door.put(
        warning(household_key="here"),
        warning(household_key="there", village_code=OTHER_VILLAGE, grid_code=OTHER_GRID),
    )
    header, *rows = exported(door, "village")
    assert len(rows) == 1
    line = dict(zip(header, rows[0], strict=True))
    assert (line["姓名"], line["身份证号（脱敏）"], line["电话（脱敏）"]) == (
        "章*",
        "340706********000Y",
        "130****1234",
    )
    assert len(exported(door, "city")) == 3
    assert len(exported(door, "city", level="red")) == 1
    assert door.browser("village").get("/supervision/orders.xlsx", params={"unit": OTHER_VILLAGE}).status_code == 404
    assert made_up.NAME not in str(rows)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_no_cell_runs_as_a_formula(door: Door, start: str) -> None:
    dangerous = f'{start}HYPERLINK("http://x")'
    contact = Contact(name=f"{start}乙", identity_number=made_up.IDENTITY_NUMBER)
    door.put(warning(model_title=Text(zh=dangerous, en="x"), contact=contact))
    header, row = exported(door, "village")
    line = dict(zip(header, row, strict=True))
    assert line["预警"] == "'" + dangerous
    assert line["姓名"].startswith("'")
    assert as_text("普通") == "普通"


@pytest.mark.parametrize(
    "path", ["/supervision", "/supervision/workers", "/handling", "/cases/{case}", "/dashboard", "/dashboard/figures"]
)
def test_a_page_asks_as_many_questions_for_many_orders_as_for_few(door: Door, path: str) -> None:
    viewer = "civil" if path == "/handling" else "village"
    first = door.put(warning(household_key="h0"))[0]
    door.visit(str(first["order_number"]), outcome="referred", help_kind=["emergency"])
    address = path.format(case=first["case_number"])
    few = queries_for(door, viewer, address)
    for order in door.put(*(warning(household_key=f"h{n}", grid_code=GRID) for n in range(20))):
        if order["kind"] == "opened" and viewer == "civil":
            door.visit(str(order["order_number"]), outcome="referred", help_kind=["emergency"])
    assert queries_for(door, viewer, address) == few


def queries_for(door: Door, viewer: str, address: str) -> int:
    browser = door.browser(viewer)
    browser.get(address)
    with counted_queries(door.engine) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def test_the_list_can_be_narrowed_as_the_dashboard_asks(door: Door) -> None:
    put = door.put(*(warning(household_key=f"h{n}") for n in range(3)), warning(household_key="x", model_id="other"))
    door.visit(str(put[0]["order_number"]), outcome="helped")
    door.clock.moment += timedelta(days=20)
    door.visit(str(put[1]["order_number"]), outcome="refused")
    browser = door.browser("city")
    counted = {
        "model=other": 1,
        "outcome=helped": 1,
        "outcome=refused": 1,
        "keeping=late": 1,
        "keeping=in_time": 1,
        "opened=2025-11": 4,
        "opened=2025-12": 0,
        "closed=2025-12": 1,
        "kind=department_handling": 0,
        "opened=2025-13": 4,
        f"unit={VILLAGE}&kind=home_visit": 4,
    }
    for query, count in counted.items():
        assert f"共 {count} 件" in browser.get(f"/supervision?{query}").text, query
