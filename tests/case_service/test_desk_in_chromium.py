"""A supervisor's and a department's day, in a real browser, at the width of a phone and of a desk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from case_service.reviews.states import STEPS
from case_service.settings import DEMO_SERVICE_TOKEN
from case_service.tables.reviews import Decision
from case_service.words import WORDS
from schemas.messages import Contact, Level, Text, WarningMessage
from tests.case_service import made_up
from tests.case_service.chromium import DESK, PHONE, Watched, open_page, sign_in
from tests.case_service.running_service import running_case_service

MODELS = (
    ("medical_self_paid_year", "年度自付医疗费用超限"),
    ("job_lost", "失业且无新参保"),
    ("newly_disabled", "新办重度残疾证"),
)
SETTINGS = {"SHOUWANG_OUTCOMES_TO_APPROVE": '["moved_or_absent"]', "SHOUWANG_FOLLOW_UP_WORKING_DAYS": "0"}
TOWN_VILLAGES = ("340706100200", "340706100208", "340706101000")
WALL = {"width": 1920, "height": 1080}
STEP = {name: WORDS[f"review_step.{name}"].zh for name in STEPS}
DECISION = {one.value: WORDS[f"review_decision.{one}"].zh for one in Decision}
OUTCOMES = ("helped", "helped", "referred", "resolved_by_itself", "already_receiving", "data_error")


@pytest.fixture(scope="module")
def base_url(browser: Browser) -> Iterator[str]:
    """A running service in which nobody is gone without a second look, with warnings in it, some of them visited."""
    home = Path(tempfile.mkdtemp(prefix="sw"))
    made_up.write_directory(home / "demo" / "directory")
    with running_case_service(home, SETTINGS) as address:
        put(address, "warnings", made_up.batch(*warnings()))
        put(address, "freshness", made_up.freshness())
        for worker in (made_up.WORKER, made_up.SECOND_WORKER):
            phone = open_page(browser, address, PHONE)
            sign_in(phone, worker)
            visit_all(phone, (*OUTCOMES, "moved_or_absent"))
        yield address
    shutil.rmtree(home, ignore_errors=True)


def put(base_url: str, what: str, content: dict[str, object]) -> None:
    headers = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
    answer = httpx.put(f"{base_url}/api/v1/{what}", json=content, headers=headers, trust_env=False)
    assert answer.is_success, answer.text


def warnings() -> list[WarningMessage]:
    """Fifty households; those of the first village's grids have workers."""
    surnames = "赵钱孙李周吴郑王冯陈"
    made = []
    for n in range(50):
        model, title = MODELS[n % 3]
        village = TOWN_VILLAGES[0 if n < 24 else 1 + n % 2]
        grids = {TOWN_VILLAGES[0]: (made_up.GRID, made_up.SECOND_GRID)[n % 2], TOWN_VILLAGES[1]: made_up.OTHER_GRID}
        contact = Contact(
            name=f"{surnames[n % 10]}试验", identity_number=made_up.IDENTITY_NUMBER, phone="13000005678",
            address=made_up.ADDRESS,
        )  # fmt: skip
        made.append(
            made_up.warning(
                household_key=f"h{n}", person_key=f"p{n}", model_id=model, model_title=Text(zh=title, en=model),
                level=(Level.ORANGE, Level.YELLOW, Level.RED)[n % 7 % 3], village_code=village,
                grid_code=grids.get(village), contact=contact,
            )
        )  # fmt: skip
    return made


def visit_all(worker: Watched, outcomes: tuple[str, ...]) -> None:
    """Answer the orders of a worker's list as their phone would, one outcome after the other."""
    page = worker.page
    page.goto(f"{worker.base_url}/orders")
    links = page.locator("main .card a")
    paths = sorted({str(one.get_attribute("href")) for one in links.all()})
    token = page.locator("input[name=form_token]").first.get_attribute("value") or ""
    now = page.evaluate("new Date(Date.now() - 60000).toLocaleString('sv').slice(0, 16).replace(' ', 'T')")
    for path, outcome in zip(paths, outcomes, strict=False):
        answers = {"form_token": token, "visited_at": now, "visit_kind": "warned", "place": "home", "outcome": outcome}
        answers |= {"note": "入户核实，情况属实", "submission_key": f"key-{path}-0123456789abcdef"}
        answers |= {"data_error_field": "income"} if outcome == "data_error" else {}
        answers |= {"help_kind": "housing"} if outcome == "referred" else {}
        answered = page.request.post(f"{worker.base_url}{path}/visit", form=answers, max_redirects=0)
        assert answered.status == 303, answered.text()


def test_a_supervisors_day(browser: Browser, base_url: str) -> None:
    desk = open_page(browser, base_url, DESK)
    sign_in(desk, "yian")
    page = desk.page
    expect(page.get_by_role("heading", level=1)).to_have_text("工单督办 · 义安区")
    desk.check("supervisor.png")

    page.get_by_label("状态").select_option("awaiting_approval")
    expect(page.locator("#order-list")).to_contain_text("共 2 件")
    desk.follow(page.locator(".order-table a").first)
    desk.check("supervisor-approval.png")
    page.get_by_role("button", name="批准办结").click()
    expect(page.locator(".order-tags .due")).to_have_text("已办结")
    page.go_back()
    page.go_back()
    desk.follow(page.locator(".order-table a").first)
    page.get_by_label("退回原因").fill("请到他儿子家再核实一次")
    page.get_by_role("button", name="退回重访").click()
    expect(page.get_by_role("heading", name="走访结果被退回")).to_be_visible()

    page.goto(f"{base_url}/supervision?unit={made_up.VILLAGE}&standing=on_time")
    page.locator(".choose label").nth(0).click()
    page.locator(".choose label").nth(1).click()
    desk.check("supervisor-many.png")
    page.locator("#worker").select_option(made_up.SECOND_WORKER)
    page.get_by_role("button", name="批量分派").click()
    expect(page.get_by_role("heading", name="已分派 2 件")).to_be_visible()
    desk.check()
    page.goto(f"{base_url}/supervision/workers?unit={made_up.VILLAGE}")
    desk.check("supervisor-workload.png")
    with page.expect_download() as taken:
        page.goto(f"{base_url}/supervision")
        page.get_by_role("link", name="导出 Excel").click()
    assert taken.value.suggested_filename.endswith(".xlsx")
    for path in ("/supervision", f"/supervision?unit={made_up.VILLAGE}", "/supervision/workers"):
        narrow = page
        narrow.set_viewport_size(PHONE)
        narrow.goto(f"{base_url}{path}")
        desk.check("phone-supervisor.png" if path == "/supervision" else None)


def test_a_departments_day_and_the_case_afterwards(browser: Browser, base_url: str) -> None:
    desk = open_page(browser, base_url, DESK)
    sign_in(desk, "housing")
    page = desk.page
    expect(page.get_by_role("heading", level=1)).to_have_text("部门工单")
    desk.check("department.png")
    page.locator(".card a").first.click()
    expect(page.get_by_role("heading", name="接收办理")).to_be_visible()
    desk.check()
    desk.follow(page.get_by_role("button", name="接收办理"))
    page.get_by_label("结果", exact=True).select_option("helped")
    page.get_by_label("处理情况").fill("已纳入今年危房改造计划，下月开工。")
    desk.check("department-order.png")
    page.set_viewport_size(PHONE)
    desk.check("phone-department-order.png")
    page.get_by_role("button", name="上报并办结").click()
    expect(page.locator(".order-tags .due")).to_have_text("已办结")
    page.goto(f"{base_url}/handling")
    desk.follow(page.locator("#group-offered + .cards a").first)
    page.get_by_label("原因", exact=True).fill("宅基地纠纷，请由民政部门先行救助")
    page.get_by_role("button", name="退回县（区）").click()
    expect(page.locator(".order-tags .due")).to_contain_text("已退回")

    county = open_page(browser, base_url, DESK)
    sign_in(county, "yian")
    page = county.page
    page.goto(f"{base_url}/supervision?standing=returned")
    county.follow(page.locator(".order-table a").first)
    county.check("supervisor-returned.png")
    page.get_by_label("改派部门").select_option("civil_affairs")
    page.get_by_label("原因", exact=True).fill("由民政局先行救助")
    county.follow(page.get_by_role("button", name="确定"))
    county.follow(page.get_by_role("link", name="GA"))
    expect(page.get_by_role("heading", name="全过程")).to_be_visible()
    county.check("case.png")
    page.emulate_media(media="print")
    expect(page.locator(".only-printed")).to_be_visible()
    expect(page.locator(".masthead-actions")).to_be_hidden()
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)
    county.check("phone-case.png")


def test_an_administrator_keeps_the_dispatch_table(browser: Browser, base_url: str) -> None:
    desk = open_page(browser, base_url, DESK)
    sign_in(desk, "system")
    page = desk.page
    page.goto(f"{base_url}/administration/dispatch")
    first = page.locator("section.panel").first
    first.get_by_text("修改", exact=True).click()
    first.get_by_label("办理时限（工作日）").fill("0")
    first.get_by_role("button", name="保存并生效").click()
    expect(page.locator(".mistake").first).to_be_visible()
    desk.complaints = [one for one in desk.complaints if "422" not in one]
    first.get_by_label("办理时限（工作日）").fill("10")
    first.get_by_label("修改原因").fill("按新规缩短")
    desk.check("dispatch-table.png", full_page=False)
    first.get_by_role("button", name="保存并生效").click()
    expect(page.locator(".history")).to_contain_text("按新规缩短")
    page.set_viewport_size(PHONE)
    desk.check()


def test_the_dashboard_on_a_desk_a_phone_and_a_wall(browser: Browser, base_url: str) -> None:
    for size, query, picture in ((DESK, "", "dashboard.png"), (PHONE, "", None), (WALL, "&wall=1", "wall.png")):
        watched = open_page(browser, base_url, size)
        sign_in(watched, "yian")
        watched.page.goto(f"{base_url}/dashboard?unit={made_up.YIAN}{query}")
        expect(watched.page.locator("body[data-charts-drawn]")).to_be_attached()
        assert watched.page.locator("[data-chart] canvas").count() >= 5
        watched.check(picture, full_page=size is not WALL)
    page = watched.page
    page.evaluate("document.body.removeAttribute('data-charts-drawn')")
    page.evaluate("htmx.ajax('GET', location.href, {target: '#figures', select: '#figures', swap: 'outerHTML'})")
    expect(page.locator("body[data-charts-drawn]")).to_be_attached()
    watched.check()
    page.locator(".tiles a").first.click()
    expect(page.locator("#orders")).to_be_visible()


def test_findings_for_review_go_from_two_sources_over_a_hearing_to_an_appeal(browser: Browser, base_url: str) -> None:
    one = made_up.finding()
    put(base_url, "review-findings", made_up.finding_batch(one))
    # Three people of the county: whoever prepared a decision does not take it, nor decides on the appeal.
    desks = [open_page(browser, base_url, DESK) for _ in range(3)]
    for desk, username in zip(desks, ("yian", "yian2", "yian3"), strict=True):
        sign_in(desk, username)
        desk.page.goto(f"{base_url}/reviews")
        desk.follow(desk.page.get_by_role("link", name=one.finding_id))
    prepares, decides, hears_appeal = desks

    def take(desk: Watched, step: str, text: str, decision: str = "") -> None:
        desk.page.reload()
        form = desk.page.locator("form.stack").filter(has=desk.page.get_by_role("button", name=step, exact=True))
        if decision:
            form.get_by_label("决定", exact=True).select_option(label=decision)
        form.get_by_role("textbox").fill(text)
        desk.follow(form.get_by_role("button", name=step, exact=True))

    prepares.check("review-received.png")
    take(prepares, STEP["corroborate"], "与殡葬火化记录一致")
    take(prepares, STEP["give_notice"], "已书面告知，五个工作日内可以要求听证")
    expect(prepares.page.get_by_text("期限至")).to_be_visible()
    take(prepares, STEP["hold_hearing"], "家属到场，说明了情况")
    expect(prepares.page.get_by_text("家属到场，说明了情况")).to_be_visible()
    expect(prepares.page.get_by_role("button", name=STEP["decide"], exact=True)).to_have_count(0)
    take(decides, STEP["decide"], "停发并说明理由", DECISION["stop"])
    take(prepares, STEP["take_appeal"], "家属不服")
    take(hears_appeal, STEP["decide_appeal"], "维持", DECISION["stop"])
    expect(hears_appeal.page.get_by_text("已了结")).to_be_visible()
    story = hears_appeal.page.locator("ol.story > li")
    expect(story).to_have_count(6)
    hears_appeal.check("review-closed.png")
    hears_appeal.page.set_viewport_size(PHONE)
    hears_appeal.check("phone-review-closed.png")


def test_requests_for_more_time_are_decided_one_after_the_other(browser: Browser, base_url: str) -> None:
    worker = open_page(browser, base_url, PHONE)
    sign_in(worker, made_up.WORKER)
    worker.page.goto(f"{base_url}/orders")
    links = worker.page.locator(".card:not(.card-closed) a[data-order]")
    paths = [links.nth(at).get_attribute("data-order") for at in range(2)]
    for path in paths:
        worker.page.goto(f"{base_url}{path}/do/more-time")
        worker.page.get_by_text("对象住院", exact=True).click()
        worker.page.get_by_label("从哪天起继续计时").evaluate(
            "e => { const d = new Date(Date.now() + 10 * 864e5); e.value = d.toISOString().slice(0, 10); }"
        )
        worker.page.get_by_label("说明").fill("老人在市医院")
        worker.page.get_by_role("button", name="提交申请").click()
        expect(worker.page.get_by_text("等待审批")).to_be_visible()
    desk = open_page(browser, base_url, DESK)
    sign_in(desk, "wusong")
    desk.page.get_by_role("link", name="2 件延期申请待批").click()
    expect(desk.page.get_by_text("共 2 件待批")).to_be_visible()
    desk.check("more-time.png")
    desk.page.set_viewport_size(PHONE)
    desk.check("phone-more-time-queue.png")
    desk.page.get_by_role("button", name="批准", exact=True).first.click()
    expect(desk.page.get_by_text("共 1 件待批")).to_be_visible()
    desk.page.get_by_role("button", name="不批准").click()
    expect(desk.page.get_by_text("共 0 件待批")).to_be_visible()
    worker.page.goto(f"{base_url}/messages")
    expect(worker.page.get_by_text("已暂停计时")).to_be_visible()
