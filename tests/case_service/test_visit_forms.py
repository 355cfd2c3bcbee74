"""The visit form: what it asks, what it fills in by itself, and the photos it takes."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from case_service.tables import ActionLogEntry, Photo, Visit
from case_service.visits import photos
from schemas.messages import Text
from tests.case_service.conftest import Door, visit_form
from tests.case_service.made_up import SECOND_WORKER, WORKER, household, warning
from tests.case_service.photographs import announcing, notes_in, photograph


def shown_questions(page: str) -> set[str]:
    """The ids of the questions that a page asks, without any script."""
    parts = re.split(r'<div class="question"', page)[1:]
    return {re.search(r'name="question_(\w+)"', part)[1] for part in parts if " hidden" not in part.partition(">")[0]}


def test_a_question_appears_only_when_an_earlier_answer_calls_for_it(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    path = f"/orders/{order_number}/visit"
    at_first = shown_questions(browser.get(path).text)
    assert {"living", "house", "illness", "service"} <= at_first
    assert not {"lacks", "house_danger", "cost_ahead", "change"} & at_first
    data = visit_form(browser, door.clock(), visit_kind="changed", question_living="lacking", question_illness="yes")
    response = browser.post(f"{path}/questions", data=data)
    assert response.status_code == 200
    assert shown_questions(response.text) == at_first | {"change", "lacks", "cost_ahead", "carer"}
    assert "住院三次，家里只有老伴照顾" in response.text
    with door.session() as session:
        assert session.scalars(select(Visit)).all() == []


def test_an_answer_nobody_asked_for_is_not_kept(door: Door, order_number: str) -> None:
    door.visit(order_number, question_living="secure", question_house_danger="屋顶漏水", question_carer="老伴")
    page = door.browser(WORKER).get(f"/orders/{order_number}").text
    assert "屋顶漏水" not in page
    assert "有保障" in page


def test_several_answers_to_one_question_are_kept_and_read_back(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    data = visit_form(browser, door.clock(), question_living="short") | {"question_lacks": ["food", "money"]}
    assert browser.post(f"/orders/{order_number}/visit", data=data).status_code == 303
    assert "吃的、现钱" in browser.get(f"/orders/{order_number}").text


def test_what_is_known_is_filled_in_and_says_where_from(door: Door) -> None:
    (answer,) = door.put(warning(household=household(), hardship="medical"))
    page = door.browser(WORKER).get(f"/orders/{answer['order_number']}/visit").text
    assert re.search(r'name="question_people_at_home" value="3"', page)
    assert re.search(r'id="question_illness-yes"[^>]* checked', page)
    for words in ("户籍登记 3 人", "查到已享受：城乡低保", "数据显示：个人自付医疗费用 16,842.50 元"):
        assert words in page


def test_the_order_says_what_may_be_reachable_and_where_the_household_is(door: Door) -> None:
    (answer,) = door.put(warning(may_reach=[Text(zh="临时救助", en="Temporary aid")]))
    browser = door.browser(WORKER)
    page = browser.get(f"/orders/{answer['order_number']}").text
    assert "可能可以享受" in page
    assert "临时救助" in page
    assert 'href="geo:0,0?q=%E5%9F%8E%E4%B8%9C%E6%9D%91' in page
    browser.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"
    assert 'href="iosamap://poi?' in browser.get(f"/orders/{answer['order_number']}").text


def test_an_order_of_the_first_form_still_asks_and_shows_the_first_form(door: Door, order_number: str) -> None:
    with door.session() as session:
        session.connection().exec_driver_sql("update work_order set form_version = 'home_visit/1'")
        session.commit()
    page = door.browser(WORKER).get(f"/orders/{order_number}/visit").text
    assert shown_questions(page) == {"daily_life", "care_and_school", "work", "policy", "service"}
    door.visit(order_number, question_daily_life="吃穿有着落")
    assert "吃穿有着落" in door.browser(WORKER).get(f"/orders/{order_number}").text


def send_photos(door: Door, order_number: str, *contents: bytes):
    browser = door.browser(WORKER)
    files = [("photos", (f"{at}.jpg", content, "image/jpeg")) for at, content in enumerate(contents)]
    data = visit_form(browser, door.clock())
    return browser, browser.post(f"/orders/{order_number}/visit", data=data, files=files)


def test_photos_lose_what_the_camera_noted_and_are_sealed(door: Door, order_number: str) -> None:
    taken = photograph()
    assert notes_in(taken)
    browser, response = send_photos(door, order_number, taken, photograph(format_="PNG"))
    assert response.status_code == 303
    page = browser.get(f"/orders/{order_number}").text
    paths = re.findall(r'<img src="(/orders/[^"]+/photos/\d+)"', page)
    assert len(paths) == 2
    for path in paths:
        shown = browser.get(path)
        assert shown.headers["content-type"] == "image/jpeg"
        assert notes_in(shown.content) == {}
        with Image.open(BytesIO(shown.content)) as picture:
            assert picture.size == (480, 640)
            assert picture.getpixel((240, 20))[0] > 200  # upright: what the camera saw on its left is above
    with door.session() as session:
        sealed = session.scalars(select(Photo.sealed_picture)).all()
        assert not any(b"JFIF" in one for one in sealed)
        looks = session.scalars(select(ActionLogEntry).where(ActionLogEntry.action == "photo_read")).all()
        assert len(looks) == 2
    assert [door.browser(one).get(paths[0]).status_code for one in ("village", SECOND_WORKER, "far")] == [200, 404, 404]


def test_a_large_photo_is_made_smaller(door: Door, order_number: str) -> None:
    assert photos.written_anew(photograph(4_000, 3_000)) is not None
    with Image.open(BytesIO(photos.written_anew(photograph(4_000, 3_000)))) as picture:
        assert picture.size == (1_200, 1_600)


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ([b"no photo at all"], "有照片打不开"),
        ([photograph()[:400]], "有照片打不开"),
        ([photograph(format_="TIFF")], "有照片打不开"),
        ([photograph(10, 10)] * 7, "照片太多，最多 6 张"),
        ([b"x" * (photos.LARGEST_BYTES + 1)], "有照片超过 12 MB"),
    ],
)
def test_a_photo_that_cannot_be_taken_is_told_and_nothing_is_recorded(
    door: Door, order_number: str, contents: list[bytes], words: str
) -> None:
    _, response = send_photos(door, order_number, *contents)
    assert response.status_code == 422
    assert words in response.text
    assert "住院三次，家里只有老伴照顾" in response.text
    with door.session() as session:
        assert session.scalars(select(Visit)).all() == []


def test_a_picture_of_too_many_pixels_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MOST_PIXELS", 100)
    assert photos.written_anew(photograph(20, 20)) is None


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 20_000])
def test_a_picture_that_announces_too_many_pixels_is_not_unpacked(side: int) -> None:
    assert photos.written_anew(announcing(side, side)) is None


def test_more_than_may_be_sent_at_once_is_refused_before_it_is_read(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    response = browser.post(f"/orders/{order_number}/visit", headers={"Content-Length": "50000000"}, content=b"x")
    assert response.status_code == 413
    assert "照片合计超过 40 MB" in response.text
    response = door.anonymous().post("/sign-in", headers={"Content-Length": "1048577"}, content=b"x")
    assert response.status_code == 413, "nobody need sign in to fill the service's memory"


def test_the_place_is_noted_only_when_the_worker_says_so(door: Door, order_number: str) -> None:
    door.visit(order_number, position="30.945100,117.801900,12")
    assert "30.945100,117.801900,12" in door.browser(WORKER).get(f"/orders/{order_number}").text
    with door.session() as session:
        assert b"30.9451" not in session.scalars(select(Visit.sealed_answers)).one()
