"""From a warning to a closed case, in a real browser, at the width of a phone and of a desk."""

import httpx
from playwright.sync_api import Browser, expect

from case_service.settings import DEMO_SERVICE_TOKEN
from schemas.messages import Contact, Figure, Level, Text
from tests.case_service import made_up
from tests.case_service.chromium import DESK, PHONE, open_page, sign_in


def put_warnings(base_url: str) -> None:
    """A night's warnings: the household of the journey, and a few neighbours."""
    others = [
        ("乔试验", Level.RED, "突发大病", "90 天内住院两次，个人自付 31,207 元，是前一年每季平均的 9 倍。"),
        (
            "欧阳试验",
            Level.YELLOW,
            "失业金即将期满",
            "失业金只剩最后 1 个月，家里有两个上学的孩子，没有新的参保单位。",
        ),
        ("田试验", Level.ORANGE, "新办重度残疾证", "11 月 6 日新办肢体二级残疾证，目前没有享受重度残疾人护理补贴。"),
    ]
    warnings = [made_up.warning(warning_id="journey", household_key="journey", person_key="journey")]
    warnings.append(
        made_up.warning(
            household_key="journey",
            person_key="journey",
            level=Level.YELLOW,
            model_title=Text(zh="收入骤降", en="Income fell"),
            reason=Text(zh="近三个月养老金和工资合计比去年同期少一半以上。", en="Income of three months fell by half."),
        )
    )
    for place, (name, level, title, reason) in enumerate(others):
        warnings.append(
            made_up.warning(
                household_key=f"h{place}",
                person_key=f"p{place}",
                level=level,
                model_title=Text(zh=title, en=title),
                reason=Text(zh=reason, en=reason),
                figures=[Figure(label=Text(zh="发生日期", en="Date"), value="2025-11-06")],
                contact=Contact(name=name, identity_number=made_up.IDENTITY_NUMBER, phone="13000005678"),
            )
        )
    warnings.append(made_up.warning(household_key="queue", person_key="q", grid_code=None))
    warnings.append(
        made_up.warning(
            household_key="far",
            person_key="f",
            village_code=made_up.OTHER_VILLAGE,
            grid_code=made_up.OTHER_GRID,
        )
    )
    response = httpx.put(
        f"{base_url}/api/v1/warnings",
        json=made_up.batch(*warnings),
        headers={"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"},
        trust_env=False,
    )
    assert response.status_code == 200


def test_a_warning_becomes_a_visit_and_a_closed_case_on_a_phone_and_the_supervisor_sees_it(
    browser: Browser, base_url: str
) -> None:
    put_warnings(base_url)
    phone = open_page(browser, base_url, PHONE)
    page = phone.page
    sign_in(phone, made_up.WORKER)
    expect(page.get_by_role("heading", level=1)).to_have_text("我的工单")
    phone.check()

    page.get_by_role("link", name=f"{made_up.NAME} 家").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"走访 {made_up.NAME} 家")
    phone.check()
    page.get_by_text("查看完整号码").first.click()
    page.get_by_role("button", name="查看完整号码").click()
    expect(page.get_by_text(made_up.IDENTITY_NUMBER)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"走访 {made_up.NAME} 家")
    phone.check()

    page.get_by_role("link", name="登记走访结果").click()
    phone.check()
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_text("请写下看到的情况")).to_be_visible()
    expect(page.get_by_text("请选择走访结果")).to_be_visible()
    phone.check()
    expect(page.get_by_label("哪一项数据有误")).to_be_hidden()
    page.get_by_text("数据有误", exact=True).click()
    expect(page.get_by_label("哪一项数据有误")).to_be_visible()
    page.get_by_text("属实，已救助", exact=True).click()
    page.get_by_label("看到了什么").fill("老人刚出院，已帮助申请临时救助。")
    expect(page.get_by_text("缺什么", exact=True)).to_be_hidden()
    page.get_by_text("有些紧张", exact=True).click()
    page.get_by_text("吃的", exact=True).click()
    phone.check()
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_role("heading", name="已办结")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(made_up.NAME)
    phone.check()

    desk = open_page(browser, base_url, DESK)
    sign_in(desk, "yian")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("工单督办 · 义安区")
    desk.check("supervisor.png")
    desk.page.get_by_label("状态").select_option("unassigned")
    expect(desk.page.locator("#order-list")).to_contain_text("共 1 件")
    assert "standing=unassigned" in desk.page.url
    desk.page.locator(".order-table a").first.click()
    expect(desk.page.get_by_role("heading", name="分派给网格员")).to_be_visible()
    desk.check("supervisor-order.png")
    desk.page.set_viewport_size(PHONE)
    desk.page.goto(f"{base_url}/supervision")
    desk.check("phone-supervisor.png")


def test_supervisors_see_how_fresh_the_data_is(browser: Browser, base_url: str) -> None:
    told = httpx.put(
        f"{base_url}/api/v1/freshness",
        json=made_up.freshness(),
        headers={"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"},
        trust_env=False,
    )
    assert told.status_code == 204
    for size, picture in ((DESK, "freshness.png"), (PHONE, "phone-freshness.png")):
        watched = open_page(browser, base_url, size)
        sign_in(watched, "yian")
        watched.page.get_by_role("link", name="数据新鲜度").click()
        expect(watched.page.get_by_role("heading", level=1)).to_have_text("数据新鲜度")
        expect(watched.page.locator(".sources li").filter(has_text="低保家庭及成员")).to_contain_text("逾期未更新")
        watched.check(picture)
