"""What supervisors see: counts that add up, and the orders behind them."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from case_service.tables import ClockPause, WorkOrder
from schemas.messages import CONTROL_VISIT
from tests.case_service.conftest import Door
from tests.case_service.made_up import (
    GRID,
    NAME,
    OTHER_GRID,
    OTHER_VILLAGE,
    OTHER_WORKER,
    SECOND_GRID,
    VILLAGE,
    WUSONG,
    YIAN,
    warning,
)


@pytest.fixture
def busy(door: Door) -> Door:
    """Eight days on: one overdue, one due soon, two on time, one in the queue, three closed (two with yield)."""
    overdue, *closed = door.put(*(warning(household_key=f"old-{n}") for n in range(3)))
    for order, outcome in zip(closed, ("helped", "refused"), strict=True):
        door.visit(str(order["order_number"]), outcome=outcome)
    door.clock.moment += timedelta(days=4)
    door.put(warning(household_key="soon", grid_code=SECOND_GRID))
    door.clock.moment += timedelta(days=6)
    door.put(
        warning(household_key="fresh"),
        warning(household_key="other", village_code=OTHER_VILLAGE, grid_code=OTHER_GRID),
        warning(household_key="queued", grid_code=None),
    )
    (last,) = door.put(warning(household_key="last", village_code=OTHER_VILLAGE, grid_code=OTHER_GRID))
    door.visit(str(last["order_number"]), OTHER_WORKER, outcome="referred")
    assert overdue["kind"] == "opened"
    return door


def row(page: str, unit: str) -> list[str]:
    found = re.search(rf'<th scope="row">(?:<a [^>]*>)?{unit}(?:</a>)?</th>(.*?)</tr>', page, re.DOTALL)
    assert found, unit
    return [re.sub(r"<[^>]+>|\s", "", cell) for cell in re.findall(r"<td>(.*?)</td>", found[1], re.DOTALL)]


def test_counts_by_unit_add_up_at_every_level(busy: Door) -> None:
    browser = busy.browser("yian")
    page = browser.get("/supervision").text
    assert row(page, "五松镇") == row(page, "合计") == ["4", "1", "1", "1", "0", "0", "3", "66.7%"]
    page = browser.get("/supervision", params={"unit": WUSONG}).text
    assert row(page, "城东村委会") == ["3", "1", "1", "1", "0", "0", "2", "50.0%"]
    assert row(page, "联盟村委会") == ["1", "0", "0", "0", "0", "0", "1", "100.0%"]
    page = browser.get("/supervision", params={"unit": VILLAGE}).text
    assert row(page, "第一网格") == ["2", "1", "0", "0", "0", "0", "2", "50.0%"]
    assert row(page, "第二网格") == ["1", "0", "1", "0", "0", "0", "0", "–"]
    assert row(page, "城东村委会（本级队列）") == ["0", "0", "0", "1", "0", "0", "0", "–"]


def test_the_way_down_starts_at_ones_own_unit_and_leads_nowhere_else(busy: Door) -> None:
    browser = busy.browser("village")
    assert browser.get("/supervision", params={"unit": YIAN}).status_code == 404
    assert browser.get("/supervision", params={"unit": OTHER_VILLAGE}).status_code == 404
    page = browser.get("/supervision").text
    assert "五松镇" not in page
    assert "共 6 件" in page


@pytest.mark.parametrize(
    ("standing", "count"),
    [("", 8), ("open", 4), ("overdue", 1), ("due_soon", 1), ("on_time", 2), ("unassigned", 1), ("closed", 3)],
)
def test_the_list_shows_what_the_counts_count(busy: Door, standing: str, count: int) -> None:
    page = busy.browser("city").get("/supervision", params={"standing": standing}).text
    assert f"共 {count} 件" in page
    assert page.count('<a href="/orders/GD') == count
    assert NAME not in page
    assert "章*" in page


def test_filters_that_do_not_exist_are_ignored_and_levels_narrow(busy: Door) -> None:
    browser = busy.browser("city")
    assert "共 8 件" in browser.get("/supervision", params={"standing": "x", "level": "y"}).text
    assert "共 0 件" in browser.get("/supervision", params={"level": "red"}).text
    assert "共 8 件" in browser.get("/supervision", params={"level": "orange"}).text


def test_a_paused_order_is_not_overdue(busy: Door) -> None:
    with busy.session() as session:
        oldest = session.scalars(select(WorkOrder).order_by(WorkOrder.id)).first()
        assert oldest is not None
        pause = ClockPause(order_id=oldest.id, paused_on=date(2025, 11, 24), resumed_on=None, reason="全家在外地治疗")
        session.add(pause)
        session.commit()
    browser = busy.browser("city")
    assert row(browser.get("/supervision").text, "合计")[:3] == ["4", "0", "1"]
    assert "共 3 件" in browser.get("/supervision", params={"standing": "on_time"}).text
    assert "计时暂停" in browser.get("/supervision", params={"standing": "on_time"}).text


def test_long_lists_come_in_pages(door: Door) -> None:
    door.put(*(warning(household_key=f"h-{n}", grid_code=GRID) for n in range(60)))
    browser = door.browser("city")
    pages = [browser.get("/supervision", params={"page": n}).text for n in (1, 2, 3)]
    assert [page.count('<a href="/orders/GD') for page in pages] == [25, 25, 10]
    assert "第 3 页，共 3 页" in pages[2]
    assert browser.get("/supervision", params={"page": 0}).status_code == 422


def test_the_pipeline_learns_how_work_stands_against_its_deadlines(busy: Door) -> None:
    report = busy.pipeline().get("/api/v1/deadlines").json()
    (county,) = [one for one in report["counties"] if one["unit_name"] == "义安区"]
    counts = {name: county[name] for name in ("open", "due_soon", "overdue", "unassigned")}
    assert counts == {"open": 4, "due_soon": 1, "overdue": 1, "unassigned": 1}
    assert report["provisional"] is False
    assert NAME not in str(report)


def test_what_a_control_visit_finds_is_no_yield_until_a_warning_joins_it(busy: Door) -> None:
    (drawn,) = busy.put(warning(household_key="drawn", model_id=CONTROL_VISIT))
    (joined,) = busy.put(warning(household_key="drawn-too", model_id=CONTROL_VISIT))
    busy.put(warning(household_key="drawn-too"))
    busy.visit(str(drawn["order_number"]), outcome="helped")
    page = busy.browser("yian").get("/supervision").text
    assert row(page, "合计")[6:] == ["4", "66.7%"], "closed, and no part of the yield"
    busy.visit(str(joined["order_number"]), outcome="helped")
    page = busy.browser("yian").get("/supervision").text
    assert row(page, "合计")[6:] == ["5", "75.0%"]
