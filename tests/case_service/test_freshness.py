"""How fresh the data is: told by the pipeline, shown to supervisors, and beside each warning."""

import re
from datetime import timedelta

from tests.case_service.conftest import Door
from tests.case_service.made_up import BUSINESS_DATE, WORKER, freshness, warning

PAGE = "/supervision/freshness"


def tell(door: Door, **changes: object) -> None:
    response = door.pipeline().put("/api/v1/freshness", json=freshness(**changes))
    assert response.status_code == 204, response.text


def shown(door: Door) -> dict[str, str]:
    """By class: the words of its status."""
    text = door.browser("yian").get(PAGE).text
    found = re.findall(r"<b>(.*?)</b>\s*<span class=\"level source-\w+\">(.*?)</span>", text)
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_class_stands_under_its_department_with_its_status(door: Door) -> None:
    tell(door)
    assert shown(door) == {
        "住院结算": "已接入",
        "门诊慢特病结算": "已接入",
        "低保家庭及成员": "逾期未更新",
        "低保边缘与刚性支出困难": "已接入",
        "在押与强制隔离戒毒": "未接入",
    }
    text = door.browser("yian").get(PAGE).text
    assert re.findall(r"<h2 [^>]*>(.*?)</h2>", text) == ["市医疗保障局", "市民政局", "市公安局"]
    assert re.search("数据截至 2025-09-20</span> <span>最近到达 2025-11-21</span> <span>12,347 行", text)
    assert "从未收到数据" in text
    assert "2025-11-21 夜间作业后" in text


def test_a_late_class_says_which_models_it_keeps_on_hold_and_where(door: Door) -> None:
    tell(door)
    text = door.browser("yian").get(PAGE).text
    late = text.index("低保家庭及成员")
    for where in ("义安区", "全市"):
        assert text.index(f"因此暂停：年度自付医疗费用超限（{where}，2025-11-19 起）") > late
    tell(door, late="none")
    assert "因此暂停" not in door.browser("yian").get(PAGE).text


def test_the_page_speaks_english_too(door: Door) -> None:
    tell(door)
    browser = door.browser("city")
    browser.cookies.set("language", "en")
    text = browser.get(PAGE).text
    assert "Custody and compulsory rehabilitation" in text
    assert "Nothing ever came in" in text


def test_before_the_first_night_the_page_says_so(door: Door) -> None:
    assert "夜间作业还没有报送数据新鲜度" in door.browser("village").get(PAGE).text


def test_telling_it_again_changes_nothing_and_an_older_night_hides_no_newer_one(door: Door) -> None:
    tell(door, late="inpatient_settlement")
    tell(door)
    tell(door, business_date=BUSINESS_DATE - timedelta(days=1), late="marginal_and_rigid")
    assert (shown(door)["住院结算"], shown(door)["低保边缘与刚性支出困难"]) == ("已接入", "已接入")
    tell(door, business_date=BUSINESS_DATE + timedelta(days=1), late="inpatient_settlement")
    assert (shown(door)["住院结算"], shown(door)["低保家庭及成员"]) == ("逾期未更新", "已接入")


def test_grid_workers_do_not_see_the_page_and_only_the_pipeline_may_tell(door: Door) -> None:
    assert door.browser(WORKER).get(PAGE).status_code == 403
    assert door.browser("yian").put("/api/v1/freshness", json=freshness()).status_code == 401
    assert door.pipeline().put("/api/v1/freshness", json={"business_date": "2025-11-21"}).status_code == 422


def test_an_order_says_which_sources_its_warning_rests_on_and_until_when(door: Door) -> None:
    number = door.put(warning())[0]["order_number"]
    text = door.browser(WORKER).get(f"/orders/{number}").text
    assert "数据来源：住院结算（至 2025-11-20）、低保家庭及成员（未接入）" in text


def test_an_order_of_before_says_only_how_far_its_data_reached(door: Door) -> None:
    number = door.put(warning(rests_on=[]))[0]["order_number"]
    text = door.browser(WORKER).get(f"/orders/{number}").text
    assert "数据截至 2025-11-20" in text
    assert "数据来源" not in text
