"""The dashboard: figures that add up and open what is behind them, and small ones that nobody can work out."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.messages import Text
from schemas.small_counts import suppressed
from tests.case_service import made_up
from tests.case_service.conftest import Door, opened_door
from tests.case_service.made_up import CITY, OTHER_GRID, OTHER_VILLAGE, VILLAGE, WUSONG, YIAN, warning

LEAST = 5


@pytest.fixture(scope="module")
def door(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Seven orders in one village, of which one was closed late and one referred; two in the next."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("board"), smallest_count_shown=1) as door:
        there = {"village_code": OTHER_VILLAGE, "grid_code": OTHER_GRID}
        put = door.put(
            *(warning(household_key=f"h{n}") for n in range(6)),
            warning(household_key="h6", model_id="job_lost", model_title=Text(zh="失业", en="Job lost")),
            *(warning(household_key=f"o{n}", **there) for n in range(2)),
        )
        numbers = [str(one["order_number"]) for one in put]
        door.visit(numbers[0], outcome="helped")
        door.visit(numbers[1], outcome="referred", help_kind=["housing"])
        door.clock.moment += timedelta(days=15)
        door.visit(numbers[2], outcome="refused")
        door.pipeline().put("/api/v1/freshness", json=made_up.freshness())
        yield door


def table(page: str, theme: str) -> dict[str, list[str]]:
    """The rows of one theme, by what they are called."""
    part = page[page.index(f'id="theme-{theme}"') :]
    part = part[: part.index("</section>")]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', part, re.DOTALL)
    return {
        name: [re.sub(r"<[^>]+>|\s", "", cell) for cell in re.findall(r"<td>(.*?)</td>", cells, re.DOTALL)]
        for name, cells in rows
    }


def test_every_theme_is_counted(door: Door) -> None:
    page = door.browser("city").get("/dashboard", params={"unit": WUSONG}).text
    assert table(page, "by_unit") == {
        "城东村委会": ["4", "4", "0", "3"],
        "联盟村委会": ["2", "2", "0", "0"],
        "合计": ["6", "6", "0", "3"],
    }
    assert table(page, "in_time") == {"城东村委会": ["2", "1", "66.7%"], "合计": ["2", "1", "66.7%"]}
    assert table(page, "by_model") == {
        "年度自付医疗费用过高": ["8", "3", "1", "1", "66.7%"],
        "失业": ["1", "0", "0", "0", "–"],
    }
    assert table(page, "by_month")["2025年11月"] == ["9", "2"]
    assert table(page, "by_month")["2025年12月"] == ["0", "1"]
    page = door.browser("city").get("/dashboard", params={"unit": YIAN}).text
    assert table(page, "by_help") == {"住房保障": ["2", "0"]}
    assert table(page, "by_department")["义安区民政局"] == ["1", "0", "0", "0", "0", "0"]
    assert "逾期未更新" in page


@pytest.mark.parametrize("unit", [WUSONG, YIAN])
def test_every_figure_opens_a_list_of_as_many(door: Door, unit: str) -> None:
    browser = door.browser("city")
    page = browser.get("/dashboard", params={"unit": unit}).text
    links = set(re.findall(r'<a href="(/supervision\?[^"]*)#orders">(\d+)</a>', page))
    assert len(links) > 10
    assert re.findall(r"<td[^>]*>\s*[1-9]\d*\s*</td>", page) == [], "no count but zero stands without its list"
    for address, count in links:
        assert f"共 {count} 件" in browser.get(html.unescape(address)).text, address


def test_whoever_may_see_no_order_sees_figures_and_no_way_to_the_lists(door: Door) -> None:
    page = door.browser("analyst").get("/dashboard").text
    assert table(page, "by_unit")["合计"] == ["8", "6", "0", "3"], "with the departments' orders"
    assert "/supervision?" not in page


def told_by_subtraction(door: Door, username: str, whole: str, parts: Sequence[str]) -> dict[tuple[str, str, int], int]:
    """What a page leaves out, by theme, line and column, worked out from the page above less those beside it."""
    browser, pages = door.browser(username), {}
    for unit in (whole, *parts):
        answer = browser.get("/dashboard", params={"unit": unit})
        if answer.status_code == 200:
            pages[unit] = {theme: table(answer.text, theme) for theme in ("by_month", "by_model")}
    told = {}
    for left_out in [one for one in parts if one in pages and whole in pages]:
        beside = [pages[one] for one in parts if one in pages and one != left_out]
        for theme, lines in pages[left_out].items():
            for label, cells in lines.items():
                for column in [place for place, cell in enumerate(cells[:4]) if cell == "–"]:
                    others = [page[theme].get(label, ["0"] * 4)[column] for page in (pages[whole], *beside)]
                    if all(one.isdigit() for one in others) and len(beside) == len(parts) - 1:
                        above, *rest = map(int, others)
                        told[theme, label, column] = above - sum(rest)
    return told


def test_no_small_count_is_told_by_the_pages_of_other_units_less_each_other(door: Door) -> None:
    door.settings.smallest_count_shown = LEAST
    try:
        by_supervisor = told_by_subtraction(door, "city", WUSONG, [VILLAGE, OTHER_VILLAGE])
        by_analyst = told_by_subtraction(door, "analyst", WUSONG, [VILLAGE, OTHER_VILLAGE])
    finally:
        door.settings.smallest_count_shown = 1
    assert by_supervisor["by_month", "2025年11月", 0] == 2, "who may open the list behind it anyway"
    assert by_analyst == {}
    analyst = door.browser("analyst")
    for path in ("/dashboard", "/dashboard/figures"):
        answers = {unit: analyst.get(path, params={"unit": unit}).status_code for unit in (CITY, YIAN, WUSONG, VILLAGE)}
        assert answers == {CITY: 200, YIAN: 404, WUSONG: 404, VILLAGE: 404}, "one page has nothing to be taken from"


def test_nobody_counts_outside_their_scope(door: Door) -> None:
    for path in ("/dashboard", "/dashboard/figures"):
        assert door.browser("village").get(path, params={"unit": OTHER_VILLAGE}).status_code == 404
        assert door.browser("village").get(path).status_code == 200


def test_the_charts_get_what_the_tables_show_and_no_more(door: Door) -> None:
    browser = door.browser("city")
    sent = browser.get("/dashboard/figures", params={"unit": WUSONG}).json()
    assert sent["by_unit"]["labels"] == ["城东村委会", "联盟村委会"]
    assert [one["values"] for one in sent["by_unit"]["series"]] == [[4, 2], [4, 2], [0, 0], [3, 0]]
    door.settings.smallest_count_shown = LEAST
    try:
        hidden = browser.get("/dashboard/figures", params={"unit": WUSONG}).json()
        page = browser.get("/dashboard", params={"unit": WUSONG}).text
    finally:
        door.settings.smallest_count_shown = 1
    assert [one["values"] for one in hidden["by_unit"]["series"]] == [[None, None], [None, None], [0, 0], [None, 0]]
    assert table(page, "by_unit")["合计"] == ["6", "6", "0", "–"]
    assert table(page, "in_time")["合计"] == ["–", "–", "–"], "no rate tells what no count may"


def test_a_wall_screen_asks_again_by_itself(door: Door) -> None:
    page = door.browser("city").get("/dashboard", params={"wall": "1"}).text
    assert 'hx-trigger="every 60s"' in page
    assert 'class="wide wall"' in page
    assert "hx-trigger" not in door.browser("city").get("/dashboard").text


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=1, max_size=5),
    rows_add_up=st.booleans(),
)
def test_no_small_cell_can_be_worked_out(rows: list[list[int]], rows_add_up: bool) -> None:
    whole = [*rows, [sum(column) for column in zip(*rows, strict=True)]]
    if rows_add_up:
        whole = [[*row, sum(row)] for row in whole]
    shown = suppressed(whole, LEAST, rows_add_up)
    for row, seen in zip(whole, shown, strict=True):
        assert all(one is None or one == value for value, one in zip(row, seen, strict=True))
        assert all(one is None for value, one in zip(row, seen, strict=True) if 0 < value < LEAST)
    lines = [list(line) for line in zip(*shown, strict=True)]
    true_lines = [list(line) for line in zip(*whole, strict=True)]
    if rows_add_up:
        lines, true_lines = lines + shown, true_lines + whole
    for seen, true in zip(lines, true_lines, strict=True):
        *parts, total = seen
        hidden = [value for value, one in zip(true[:-1], parts, strict=True) if one is None]
        if total is not None and hidden:
            assert len(hidden) > 1, "one hidden cell is the total less the others"
            assert sum(hidden) >= LEAST, "so little in all tells what each must be"
        if total is None:
            assert hidden, "a hidden total is the sum of what is shown"


def test_large_tables_stay_as_they_are() -> None:
    assert suppressed([[9, 0], [7, 0], [16, 0]], LEAST) == [[9, 0], [7, 0], [16, 0]]
