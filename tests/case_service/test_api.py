"""The interface for programs of staff: pages, entity tags, changes that are safe to repeat, two people at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from case_service.tables import ActionLogEntry, Outcome
from tests.case_service import made_up
from tests.case_service.conftest import Door, counted_queries
from tests.case_service.made_up import GRID, NAME, OTHER_WORKER, SECOND_WORKER, VILLAGE, WORKER, warning


def change(browser: TestClient, method: str, path: str, sent: object, etag: str, key: str = "") -> httpx.Response:
    headers = {"X-Form-Token": browser.form_token, "If-Match": etag, "Idempotency-Key": key or uuid4().hex}
    return browser.request(method, f"/api/v1{path}", json=sent, headers=headers)


def etag_of(browser: TestClient, number: str) -> str:
    return browser.get(f"/api/v1/orders/{number}").headers["etag"]


def test_orders_come_in_pages_that_lead_on_and_name_nobody(door: Door) -> None:
    door.put(*(warning(household_key=f"h{n}") for n in range(5)))
    browser, found, cursor = door.browser("village"), [], ""
    for expected in (2, 2, 1):
        page = browser.get("/api/v1/orders", params={"limit": 2, **({"after": cursor} if cursor else {})}).json()
        assert len(page["items"]) == expected
        assert NAME not in str(page)
        assert "章" not in str(page)
        found += [one["number"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(set(found)) == 5
    assert browser.get("/api/v1/orders", params={"status": "closed"}).json()["items"] == []


@pytest.mark.parametrize("path", ["/orders?limit=200", "/cases?limit=200", "/units?limit=200"])
def test_a_page_takes_the_same_queries_however_long_it_is(door: Door, path: str) -> None:
    def queries() -> int:
        browser = door.browser("village")
        with counted_queries(door.engine) as asked:
            assert browser.get(f"/api/v1{path}").status_code == 200
        return len(asked)

    door.put(warning())
    queries()  # reads the calendar, which the next ones need not
    few = queries()
    door.put(*(warning(household_key=f"h{n}") for n in range(20)))
    assert queries() == few


def test_the_holder_reads_an_order_in_full_others_masked_and_the_reading_is_recorded(
    door: Door, order_number: str
) -> None:
    own, above = (door.browser(one).get(f"/api/v1/orders/{order_number}") for one in (WORKER, "city"))
    assert own.json()["people"][0]["name"] == NAME
    assert own.json()["people"][0]["identity_number"] == "340706********000Y"
    assert above.json()["people"][0]["name"] == "章*"
    with door.session() as session:
        read = session.execute(select(ActionLogEntry.actor, ActionLogEntry.action, ActionLogEntry.purpose)).all()
    assert read[-2:] == [(WORKER, "file_read", "preparing_visit"), ("city", "masked_file_read", "following_up")]


def test_whoever_has_it_already_is_not_sent_it_again(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    etag = etag_of(browser, order_number)
    again = browser.get(f"/api/v1/orders/{order_number}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    door.put(warning())
    assert etag_of(browser, order_number) != etag, "another warning has joined"


def test_a_visit_is_recorded_once_however_often_it_is_sent(door: Door, order_number: str) -> None:
    browser, path = door.browser(WORKER), f"/orders/{order_number}/visit"
    etag = etag_of(browser, order_number)
    answers = [change(browser, "POST", path, made_up.visit_answers(), etag, "the-same-key") for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 201, 201]
    assert [one.headers.get("Idempotency-Replayed") for one in answers] == [None, "true", "true"]
    assert {one.json()["status"] for one in answers} == {"closed"}
    other = change(browser, "POST", path, made_up.visit_answers(note="anders"), etag, "the-same-key")
    assert other.status_code == 409
    with door.session() as session:
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1
    case = browser.get(f"/api/v1/cases/{answers[0].json()['case_number']}").json()
    assert (case["status"], case["outcome"], case["order_numbers"]) == ("closed", "helped", [order_number])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"visited_at": "2025-11-22T09:00:00+08:00"}, "cannot lie in the future"),
        ({"visit_kind": "party"}, "kind of visit"),
        ({"questions": {"nobody_asked": "x"}}, "no such questions"),
        ({"note": ""}, "does not keep to the contract"),
        ({"outcome": "data_error"}, "which figure is wrong"),
        ({"more": "x"}, "does not keep to the contract"),
    ],
)
def test_what_is_wrong_with_a_visit_is_told_and_nothing_is_written(
    door: Door, order_number: str, wrong: dict[str, object], words: str
) -> None:
    browser = door.browser(WORKER)
    sent = made_up.visit_answers(**wrong)
    etag = etag_of(browser, order_number)
    refused = change(browser, "POST", f"/orders/{order_number}/visit", sent, etag, "key-of-mine")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert words in refused.json()["detail"]
    right = change(browser, "POST", f"/orders/{order_number}/visit", made_up.visit_answers(), etag, "key-of-mine")
    assert right.status_code == 201, "a refused change has not used up its key"


def test_of_two_who_act_on_one_order_one_wins_and_the_other_is_told(door: Door, order_number: str) -> None:
    people = [door.browser("village"), door.browser("wusong")]
    etags = [etag_of(one, order_number) for one in people]

    def reassign(place: int) -> int:
        sent = {"username": (SECOND_WORKER, WORKER)[place]}
        path = f"/orders/{order_number}/assignee"
        return change(people[place], "PUT", path, sent, etags[place]).status_code

    assert reassign(0) == 200
    assert reassign(1) == 412
    fresh = [etag_of(one, order_number) for one in people]
    etags[:] = fresh
    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(reassign, (1, 1))) == [200, 412]


def test_of_two_supervisors_with_the_same_page_open_one_wins_and_the_other_is_told(
    door: Door, order_number: str
) -> None:
    first, second = door.browser("village"), door.browser("wusong")
    seen = [one.get(f"/orders/{order_number}").text.partition('name="seen" value="')[2][:16] for one in (first, second)]
    answers = [
        one.post(
            f"/orders/{order_number}/assignment", data={"form_token": one.form_token, "worker": worker, "seen": mark}
        ).status_code
        for one, worker, mark in zip((first, second), (SECOND_WORKER, WORKER), seen, strict=True)
    ]
    assert answers == [303, 409]


def test_an_order_goes_to_workers_of_its_village_only_and_a_closed_one_to_nobody(door: Door, order_number: str) -> None:
    browser, path = door.browser("yian"), f"/orders/{order_number}/assignee"
    for worker in (OTHER_WORKER, "city", "nobody"):
        assert change(browser, "PUT", path, {"username": worker}, etag_of(browser, order_number)).status_code == 422
    door.visit(order_number)
    closed = change(browser, "PUT", path, {"username": WORKER}, etag_of(browser, order_number))
    assert (closed.status_code, closed.headers["content-type"]) == (409, "application/problem+json")


def test_units_are_those_at_or_below_ones_own(door: Door) -> None:
    page = door.browser("village").get("/api/v1/units").json()
    assert [one["code"] for one in page["items"]][:2] == [VILLAGE, GRID]
    assert page["next_cursor"] is None


def test_the_document_says_who_may_and_how(door: Door) -> None:
    document = door.anonymous().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    visit = document["paths"]["/api/v1/orders/{number}/visit"]["post"]
    assert visit["security"] == [{"session": [], "form_token": []}]
    assert "`grid_worker`" in visit["description"]
    put = document["paths"]["/api/v1/warnings"]["put"]
    assert put["security"] == [{"service_token": []}]
    assert "HTTPValidationError" not in str(document)


@pytest.mark.parametrize("path", ["/warnings", "/review-findings", "/orders/1/visit"])
def test_more_json_than_may_be_sent_at_once_is_refused_before_it_is_read(door: Door, path: str) -> None:
    client = door.anonymous()
    refused = client.put(f"/api/v1{path}", headers={"Content-Length": str(64 * 1024 * 1024 + 1)}, content=b"[]")
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert "send it in several smaller requests" in refused.json()["detail"]
    chunks = {"Content-Length": "2", "Transfer-Encoding": "chunked"}
    endless = client.put(f"/api/v1{path}", headers=chunks, content=b"[]")
    assert endless.status_code == 411, "what comes in chunks is read whatever length was said"
    assert client.post("/sign-in", headers=chunks, content=b"x=").status_code == 411
