"""A grid worker's day in a real browser: with signal, without it and back, and what the phone keeps meanwhile."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from case_service.settings import DEMO_SERVICE_TOKEN
from schemas.messages import Contact, Level, Text
from tests.case_service import made_up
from tests.case_service.chromium import DESK, PHONE, Watched, chromium, open_page, sign_in
from tests.case_service.photographs import photograph
from tests.case_service.poor_signal import Fate, PoorSignal, poor_signal
from tests.case_service.running_service import running_with_directory

# Several services and a browser share a machine that may have two cores.
expect.set_options(timeout=20_000)
PIPELINE = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
SURNAMES = "赵钱孙李周吴"
GIVEN_NAMES = iter("东南西北春夏秋冬江河")
REASONS = (
    "今年以来看病个人自付 16,842 元，超过低保家庭 5,000 元的关注线。",
    "11 月 6 日新办肢体二级残疾证，目前没有享受重度残疾人护理补贴。",
    "失业金只剩最后 1 个月，家里有两个上学的孩子，没有新的参保单位。",
)
# Opens everything that the phone's store holds: as it lies there, and as its own account can read it.
READ_EVERYTHING = """async () => {
  const store = await import('/static/phone/store.js');
  const text = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value)
    ? new TextDecoder('latin1').decode(value) : value;
  const asItLies = [], opened = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => {
      const request = indexedDB.open(name); request.onsuccess = () => done(request.result);
    });
    for (const table of database.objectStoreNames) {
      const rows = await new Promise((done) => {
        const request = database.transaction(table).objectStore(table).getAll();
        request.onsuccess = () => done(request.result);
      });
      for (const row of rows) {
        asItLies.push(JSON.stringify(row, (key, value) => text(value)) + unescape(encodeURIComponent(row.path ?? '')));
        if (table === 'pages') opened.push((await store.keptPage(row.path))?.html ?? '');
        if (table === 'drafts' && await store.draftOf(row.path)) {
          for (const [field, value] of (await store.draftOf(row.path)).form) opened.push(field + '=' + value);
        }
        if (table === 'waiting' && await store.waitingRow(row.id)) {
          const form = await store.formOf(row);
          for (const [field, value] of form) opened.push(field + '=' + (value.size ? await value.text() : value));
        }
      }
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      asItLies.push(request.url + await (await cache.match(request)).text());
    }
  }
  for (const storage of [localStorage, sessionStorage]) asItLies.push(JSON.stringify(storage));
  asItLies.push(document.cookie);
  return { asItLies, opened };
}"""


@pytest.fixture(scope="module")
def way() -> Iterator[PoorSignal]:
    """A running service, reached over a way that can lose answers."""
    with running_with_directory() as service_url, poor_signal(service_url) as way:
        yield way


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def with_families(surnames: str) -> pytest.MarkDecorator:
    """The families that a test needs, in the order of SURNAMES."""
    return pytest.mark.parametrize("families", [surnames], indirect=True)


@dataclass(frozen=True)
class Families:
    """The families of one test, by surname; no two tests have one in common."""

    given_name: str
    numbers: dict[str, str]

    def name(self, surname: str) -> str:
        return f"{surname}{self.given_name}"


@pytest.fixture
def families(way: PoorSignal, request: pytest.FixtureRequest) -> Families:
    """An open order for each family the test asks for by surname; 赵 and 钱 are neighbours."""
    given_name, surnames = next(GIVEN_NAMES), request.param
    warnings = [
        made_up.warning(
            household_key=f"{surname}{given_name}",
            person_key=f"{surname}{given_name}",
            level=Level.RED if surname == "赵" else Level.ORANGE,
            hardship="medical",
            reason=Text(zh=reason, en=reason),
            may_reach=[Text(zh="临时救助", en="Temporary aid"), Text(zh="医疗救助", en="Medical aid")],
            contact=Contact(
                name=f"{surname}{given_name}",
                identity_number=made_up.IDENTITY_NUMBER,
                phone="13000001234",
                address=f"城东村{given_name}山路{house}号",
            ),
        )
        for surname, house, reason in zip(SURNAMES, (8, 12, 90, 180, 300, 400), REASONS * 2, strict=True)
        if surname in surnames
    ]
    numbers = [str(one["order_number"]) for one in put(way, *warnings)]
    return Families(given_name, dict(zip(surnames, numbers, strict=True)))


def put(way: PoorSignal, *warnings: object) -> list[dict[str, object]]:
    sent = httpx.put(
        f"{way.service_url}/api/v1/warnings", json=made_up.batch(*warnings), headers=PIPELINE, trust_env=False
    )
    assert sent.status_code == 200
    return list(sent.json()["dispositions"])


def outcomes(way: PoorSignal) -> list[tuple[str, str]]:
    """Every outcome that was ever recorded, in the order of closing."""
    got = httpx.get(f"{way.service_url}/api/v1/outcomes", headers=PIPELINE, trust_env=False).json()
    return [(one["order_number"], one["outcome"]) for one in got["outcomes"]]


def ready(phone: Watched) -> None:
    """Wait until the phone has taken along what it takes."""
    expect(phone.page.locator("html[data-phone=ready]")).to_be_attached()


def start(browser: Browser, way: PoorSignal, username: str = made_up.WORKER) -> Watched:
    phone = open_page(browser, way.base_url, PHONE)
    sign_in(phone, username)
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("我的工单")
    ready(phone)
    return phone


@contextmanager
def without_signal(phone: Watched, way: PoorSignal) -> Iterator[None]:
    """Neither page nor service worker reaches anything, and the browser knows it."""
    way.is_down = True
    phone.page.context.set_offline(True)
    yield
    way.is_down = False
    phone.page.context.set_offline(False)


def record(page: Page, number: str, note: str, outcome: str = "属实，已救助") -> None:
    """Fill and send the visit form, by way of the order's page."""
    page.goto(re.match(r"https?://[^/]+", page.url)[0] + f"/orders/{number}")
    page.get_by_role("link", name="登记走访结果").click()
    page.get_by_label("看到了什么").fill(note)
    page.get_by_text(outcome, exact=True).click()
    page.get_by_role("button", name="提交并办结").click()


def in_waiting(page: Page, name: str):
    return page.locator(".waiting-row").filter(has_text=f"{name} 家")


@with_families("赵钱孙李")
def test_a_worker_with_signal(browser: Browser, way: PoorSignal, families: Families) -> None:
    phone = start(browser, way)
    page = phone.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 30.9451, "longitude": 117.8019, "accuracy": 12})
    trip = page.locator(".trip").filter(has_text=f"{families.given_name}山路")
    expect(trip.locator(".card-name")).to_have_text([f"{families.name('赵')} 家", f"{families.name('钱')} 家"])
    phone.check("phone-orders.png", full_page=False)

    page.get_by_role("link", name=f"{families.name('赵')} 家").click()
    expect(page.get_by_role("heading", name="可能可以享受")).to_be_visible()
    expect(page.get_by_role("link", name="打电话给" + families.name("赵"))).to_have_attribute("href", "tel:13000001234")
    expect(page.get_by_role("link", name="在地图里打开地址")).to_have_attribute("href", re.compile("^geo:0,0"))
    phone.check("phone-order.png", full_page=False)
    phone.check("phone-order-whole.png")

    page.get_by_role("link", name="登记走访结果").click()
    expect(page.get_by_text("数据显示：个人自付医疗费用 16,842.50 元")).to_be_visible()
    expect(page.get_by_text("估计还要自己花多少")).to_be_visible()
    expect(page.get_by_text("缺什么", exact=True)).to_be_hidden()
    page.get_by_text("没有着落", exact=True).click()
    page.get_by_text("吃的", exact=True).click()
    phone.check("phone-visit.png", full_page=False)
    page.get_by_label("照片").set_input_files(
        [{"name": "家里.jpg", "mimeType": "image/jpeg", "buffer": photograph(2_400, 1_800)}]
    )
    expect(page.locator(".thumbnails canvas")).to_have_count(1)
    page.get_by_role("button", name="记录当前位置").click()
    expect(page.get_by_text("30.945100,117.801900,12")).to_be_visible()
    page.get_by_label("看到了什么").fill("户主 340706195001010009 住院")
    page.get_by_text("属实，已转办", exact=True).click()
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_text("请不要写身份证号，写姓名或称呼即可")).to_be_visible()
    page.get_by_label("看到了什么").fill("户主住院，家里断了收入，已转镇里办理。")
    phone.check("phone-visit-whole.png")
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_role("heading", name="已办结")).to_be_visible()
    expect(page.get_by_text("30.945100,117.801900,12")).to_be_visible()
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    phone.check("phone-closed.png")
    assert (families.numbers["赵"], "referred") in outcomes(way)


@with_families("钱孙李")
def test_help_at_once_more_time_and_a_colleague(browser: Browser, way: PoorSignal, families: Families) -> None:
    phone = start(browser, way)
    page = phone.page
    page.goto(f"{way.base_url}/orders/{families.numbers['钱']}")
    page.get_by_role("link", name="先行救助").click()
    page.get_by_text("现金", exact=True).click()
    page.get_by_label("金额").fill("500")
    page.get_by_label("说明").fill("断炊，村干部在场，当场给了现金")
    phone.check("phone-urgent-help.png")
    page.get_by_role("button", name="登记先行救助").click()
    expect(page.get_by_text("500 元 · 断炊")).to_be_visible()
    page.goto(f"{way.base_url}/orders")
    expect(page.locator(".card").filter(has_text="补办手续")).to_contain_text(f"{families.name('钱')} 家")

    page.goto(f"{way.base_url}/orders/{families.numbers['孙']}")
    page.get_by_role("link", name="申请延长时间").click()
    phone.check("phone-more-time.png")
    page.get_by_text("对象住院", exact=True).click()
    page.get_by_label("从哪天起继续计时").evaluate(
        "e => { const d = new Date(Date.now() + 10 * 864e5); e.value = d.toISOString().slice(0, 10); }"
    )
    page.get_by_label("说明").fill("老人在市医院，下周出院")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("等待审批")).to_be_visible()
    desk = open_page(browser, way.base_url, DESK)
    sign_in(desk, "village")
    desk.page.goto(f"{way.base_url}/orders/{families.numbers['孙']}")
    desk.check("supervisor-more-time.png")
    desk.page.get_by_role("button", name="批准", exact=True).click()
    expect(desk.page.get_by_text("已批准")).to_be_visible()

    page.goto(f"{way.base_url}/orders/{families.numbers['李']}")
    page.get_by_role("link", name="转给同事").click()
    page.get_by_label("转给哪位同事").select_option(label="葛二 · 第二网格")
    page.get_by_text("与该户有亲属关系，回避", exact=True).click()
    phone.check("phone-hand-over.png")
    page.get_by_role("button", name="转给 TA").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的工单")
    expect(page.locator("main")).not_to_contain_text(families.name("李"))


@with_families("孙周吴")
def test_without_signal_work_goes_on_and_everything_goes_once_in_order_when_it_returns(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    before = outcomes(way)
    phone = start(browser, way)
    page = phone.page
    with without_signal(phone, way):
        page.goto(f"{way.base_url}/orders")
        expect(page.get_by_text("没有信号，可以照常查看和登记")).to_be_visible()
        page.get_by_role("link", name=f"{families.name('周')} 家").click()
        expect(page.get_by_role("link", name="打电话给" + families.name("周"))).to_be_visible()
        expect(page.get_by_text("身份证号")).to_have_count(0)
        page.get_by_role("link", name="登记走访结果").click()
        page.get_by_role("button", name="提交并办结").click()
        expect(page.get_by_text("请写下看到的情况")).to_be_visible()
        page.get_by_label("看到了什么").fill("老人卧床，儿子失业。")
        page.get_by_label("照片").set_input_files(
            [{"name": "1.jpg", "mimeType": "image/jpeg", "buffer": photograph(1_000, 800)}]
        )
        expect(page.locator(".thumbnails canvas")).to_have_count(1)
        page.get_by_text("属实，已转办", exact=True).click()
        page.get_by_role("button", name="提交并办结").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("待同步")
        expect(in_waiting(page, families.name("周"))).to_contain_text("等待信号")
        record(page, families.numbers["吴"], "已经好转。", "困难已自行化解")
        record(page, families.numbers["孙"], "已办临时救助。")
        expect(page.locator(".waiting-row")).to_have_count(3)
        phone.check("phone-waiting.png")
        page.goto(f"{way.base_url}/orders")
        expect(page.locator("[data-waiting]")).to_contain_text("待同步 3")
        expect(page.locator(".card").filter(has_text=families.name("吴")).get_by_text("待同步")).to_be_visible()
        phone.check("phone-without-signal.png", full_page=False)
        page.goto(f"{way.base_url}/supervision")
        expect(page.get_by_role("heading", level=1)).to_have_text("没有信号")
        phone.check("phone-not-kept.png")
        page.goto(f"{way.base_url}/orders")
        assert outcomes(way) == before
        way.fates = [Fate.LOST] * 2  # the first answers after signal is back get lost

    expect(page.locator("[data-waiting]")).to_contain_text("待同步 3")
    for _ in range(2):  # each opening of a page tries again; both of these answers get lost
        page.reload()
        ready(phone)
    page.reload()
    ready(phone)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert [one.split()[1] for one in way.lost] == ["200", "200"]
    assert outcomes(way)[len(before) :] == [
        (families.numbers["周"], "referred"),
        (families.numbers["吴"], "resolved_by_itself"),
        (families.numbers["孙"], "helped"),
    ]
    page.goto(f"{way.base_url}/orders/{families.numbers['周']}")
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    expect(page.get_by_role("img")).to_have_count(1)


@with_families("赵钱孙")
def test_a_conflict_shows_both_versions_and_the_worker_decides(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    phone = start(browser, way)
    page = phone.page
    with without_signal(phone, way):
        record(page, families.numbers["赵"], "赵家的情况")
        record(page, families.numbers["钱"], "钱家的情况")
        record(page, families.numbers["孙"], "孙家的情况")
        expect(page.locator(".waiting-row")).to_have_count(3)

        put(
            way,
            made_up.warning(
                household_key=families.name("赵"),
                person_key=families.name("赵"),
                level=Level.RED,
                model_title=Text(zh="突发大病", en="Sudden illness"),
                reason=Text(zh="昨天又住院一次，个人自付 9,000 元。", en="Admitted again yesterday."),
            ),
        )
        other = open_page(browser, way.service_url, PHONE)
        sign_in(other, made_up.WORKER)
        expect(other.page.get_by_role("heading", level=1)).to_have_text("我的工单")
        record(other.page, families.numbers["钱"], "另一部手机上先登记的", "属实，已转办")
        expect(other.page.get_by_role("heading", name="已办结")).to_be_visible()
        desk = open_page(browser, way.service_url, DESK)
        sign_in(desk, "village")
        desk.page.goto(f"{way.service_url}/orders/{families.numbers['孙']}")
        desk.page.get_by_label("网格员", exact=True).select_option(made_up.SECOND_WORKER)
        desk.follow(desk.page.get_by_role("button", name="分派"))

    expect(in_waiting(page, families.name("赵"))).to_contain_text("昨天又住院一次")
    expect(in_waiting(page, families.name("赵"))).to_contain_text("赵家的情况")
    expect(in_waiting(page, families.name("钱"))).to_contain_text("另一部手机上先登记的")
    expect(in_waiting(page, families.name("孙"))).to_contain_text("葛二")
    phone.complaints = [one for one in phone.complaints if "409" not in one]
    phone.check("phone-conflict-whole.png")
    page.evaluate("document.querySelector('[data-now]').scrollIntoView({ block: 'center' })")
    phone.check("phone-conflict.png", full_page=False)
    before = outcomes(way)
    in_waiting(page, families.name("赵")).get_by_role("button", name="仍然提交并办结").click()
    expect(in_waiting(page, families.name("赵"))).to_have_count(0)
    in_waiting(page, families.name("孙")).get_by_role("button", name="作为补充记录提交").click()
    expect(in_waiting(page, families.name("孙"))).to_have_count(0)
    in_waiting(page, families.name("钱")).get_by_text("不发送了").click()
    in_waiting(page, families.name("钱")).get_by_role("button", name="确定删除").click()
    expect(page.get_by_text("都已同步")).to_be_visible()
    assert outcomes(way)[len(before) :] == [(families.numbers["赵"], "helped")] * 2
    desk.page.goto(f"{way.service_url}/orders/{families.numbers['孙']}")
    expect(desk.page.get_by_text("孙家的情况")).to_be_visible()


@with_families("李")
def test_what_is_being_entered_outlives_a_reload_without_signal(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    before = outcomes(way)
    phone = start(browser, way)
    page = phone.page
    path = f"{way.base_url}/orders/{families.numbers['李']}/visit"
    with without_signal(phone, way):
        page.goto(path)
        page.get_by_text("没有着落", exact=True).click()
        page.get_by_text("吃的", exact=True).click()
        page.get_by_label("看到了什么").fill("写到一半，手机黑屏了")
        page.get_by_label("照片").set_input_files(
            [{"name": "1.jpg", "mimeType": "image/jpeg", "buffer": photograph(1_000, 800)}]
        )
        expect(page.locator(".thumbnails canvas")).to_have_count(1)
        page.evaluate(
            """async (path) => {
          const store = await import('/static/phone/store.js');
          const photos = async () => (await store.draftOf(path))?.form.getAll('photos') ?? [];
          while (!(await photos()).some((photo) => photo.size > 0)) await new Promise((done) => setTimeout(done, 50));
        }""",
            f"/orders/{families.numbers['李']}/visit",
        )
        page.reload()
        expect(page.get_by_text("已恢复上次没有提交的内容")).to_be_visible()
        expect(page.get_by_label("看到了什么")).to_have_value("写到一半，手机黑屏了")
        expect(page.get_by_label("没有着落")).to_be_checked()
        expect(page.get_by_label("吃的")).to_be_checked()
        expect(page.locator(".thumbnails canvas")).to_have_count(1)
        phone.check("phone-draft.png", full_page=False)
        kept = page.evaluate(READ_EVERYTHING)
        assert "写到一半" in "".join(kept["opened"])
        assert "写到一半".encode().decode("latin1") not in "".join(kept["asItLies"])
        page.get_by_label("看到了什么").fill("户主 340706195001010009")
        page.get_by_text("属实，已救助", exact=True).click()
        page.get_by_role("button", name="提交并办结").click()
        expect(page.get_by_text("请不要写身份证号")).to_be_visible()
        assert "340706195001010009" not in json.dumps(page.evaluate(READ_EVERYTHING))
        page.get_by_label("看到了什么").fill("写完了")
        page.get_by_role("button", name="提交并办结").click()
        expect(in_waiting(page, families.name("李"))).to_contain_text("等待信号")
        page.goto(path)
        expect(page.get_by_label("看到了什么")).to_have_value("")
    page.goto(f"{way.base_url}/orders")
    ready(phone)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    assert outcomes(way)[len(before) :] == [(families.numbers["李"], "helped")]
    page.goto(f"{way.base_url}/orders/{families.numbers['李']}")
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()


@with_families("李")
def test_what_the_service_wants_mended_is_called_back_with_its_photos(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    phone = start(browser, way)
    page = phone.page
    page.goto(f"{way.base_url}/orders/{families.numbers['李']}/visit")
    page.get_by_label("看到了什么").fill("一切都好")
    page.get_by_label("照片").set_input_files(
        [{"name": "1.jpg", "mimeType": "image/jpeg", "buffer": photograph(400, 300)}]
    )
    expect(page.locator(".thumbnails canvas")).to_have_count(1)
    page.get_by_label("走访时间").fill("2020-01-01T09:00")
    page.get_by_text("属实，已救助", exact=True).click()
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_text("走访时间不能早于工单送达的日期")).to_be_visible()
    expect(page.get_by_label("看到了什么")).to_have_value("一切都好")
    expect(page.locator(".thumbnails canvas")).to_have_count(1)
    phone.complaints = [one for one in phone.complaints if "422" not in one]
    phone.check("phone-mend.png", full_page=False)
    page.get_by_label("走访时间").evaluate(
        "e => { const d = new Date(Date.now() + 8 * 36e5 - 6e4); e.value = d.toISOString().slice(0, 16); }"
    )
    page.get_by_role("button", name="提交并办结").click()
    expect(page.get_by_role("heading", name="已办结")).to_be_visible()
    expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()


@with_families("赵")
def test_the_phone_keeps_no_identity_number_and_nothing_that_others_could_read(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    phone = start(browser, way)
    page = phone.page
    # Shown on purpose, and logged; still it must not stay.
    page.goto(f"{way.base_url}/orders/{families.numbers['赵']}")
    page.get_by_text("查看完整号码").first.click()
    page.get_by_role("button", name="查看完整号码").click()
    expect(page.get_by_text(made_up.IDENTITY_NUMBER)).to_be_visible()
    with without_signal(phone, way):
        record(page, families.numbers["赵"], "情况属实")
        expect(page.locator(".waiting-row")).to_have_count(1)
        kept = page.evaluate(READ_EVERYTHING)
        lying, opened = "\n".join(kept["asItLies"]), "\n".join(kept["opened"])
        assert "情况属实" in opened
        assert families.name("赵") in opened
        assert made_up.IDENTITY_NUMBER[-4:] not in opened  # not even masked
        for everything in (lying, opened, json.dumps(kept, ensure_ascii=False)):
            assert made_up.IDENTITY_NUMBER not in everything
            assert not re.search(r"(?<!\d)\d{17}[\dX](?!\d)", everything)
        for secret in (families.name("赵"), "13000001234", "城东村", "情况属实"):
            assert secret not in lying
            assert secret.encode().decode("latin1") not in lying


@with_families("吴")
def test_signing_out_and_another_account_forget_what_was_kept_but_not_what_waits(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    phone = start(browser, way)
    page = phone.page
    with without_signal(phone, way):
        record(page, families.numbers["吴"], "等待本人同步")
        expect(page.locator(".waiting-row")).to_have_count(1)
        page.get_by_role("button", name="退出").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("没有信号")
        page.goto(f"{way.base_url}/orders")
        expect(page.get_by_role("heading", level=1)).to_have_text("没有信号")
        assert page.evaluate(READ_EVERYTHING)["opened"] == []
        phone.complaints.clear()

    page.context.clear_cookies()
    sign_in(phone, made_up.SECOND_WORKER)
    ready(phone)
    expect(page.get_by_text("手机里还有其他账号没有同步的内容")).to_be_visible()
    page.goto(f"{way.base_url}/phone/waiting")
    ready(phone)
    expect(page.locator("main")).not_to_contain_text(families.name("吴"))
    opened = "".join(page.evaluate(READ_EVERYTHING)["opened"])
    assert families.name("吴") not in opened
    assert "等待本人同步" not in opened
    before = outcomes(way)
    page.goto(f"{way.base_url}/orders")
    phone.follow(page.get_by_role("button", name="退出"))
    sign_in(phone, made_up.WORKER)
    ready(phone)
    expect(page.locator("[data-waiting]")).to_be_hidden()
    page.goto(f"{way.base_url}/orders/{families.numbers['吴']}")
    expect(page.get_by_role("heading", name="已办结")).to_be_visible()
    assert outcomes(way)[len(before) :] == [(families.numbers["吴"], "helped")]


@with_families("赵")
def test_a_full_phone_says_so_and_keeps_what_is_entered_on_the_page(
    browser: Browser, way: PoorSignal, families: Families
) -> None:
    phone = start(browser, way)
    page = phone.page
    with without_signal(phone, way):
        page.evaluate(
            """async (path) => {
          const store = await import('/static/phone/store.js');
          for (let at = 0; at < store.MOST_WAITING; at += 1) {
            const form = new FormData();
            form.set('note', String(at));
            await store.addWaiting(path, form);
          }
        }""",
            "/orders/none/visit",
        )
        record(page, families.numbers["赵"], "存不下的一份")
        expect(page.get_by_text("手机也存不下更多了")).to_be_visible()
        expect(page.get_by_label("看到了什么")).to_have_value("存不下的一份")
        expect(page.locator("[data-waiting]")).to_contain_text("50")


@with_families("赵")
def test_pages_hold_at_twice_the_size_of_letters(browser: Browser, way: PoorSignal, families: Families) -> None:
    phone = start(browser, way)
    path = f"{way.base_url}/orders/{families.numbers['赵']}"
    for address in (f"{way.base_url}/orders", path, f"{path}/visit", f"{path}/do/urgent-help", f"{path}/do/more-time"):
        phone.page.goto(address)
        ready(phone)
        phone.page.evaluate("document.documentElement.style.fontSize = '34px'")
        phone.check(f"phone-large-{Path(address).name}.png", full_page=False)
