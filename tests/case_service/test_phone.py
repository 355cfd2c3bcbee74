"""What a phone takes along, and how orders are put together into trips."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from case_service.tables import ActionLogEntry
from schemas.messages import Level
from tests.case_service.checked_pages import check_page
from tests.case_service.conftest import Door, counted_queries
from tests.case_service.made_up import IDENTITY_NUMBER, NAME, PHONE, SECOND_WORKER, WORKER, warning

MASKED_NUMBER = re.compile(r"\d{6}\*+\d{3}[\dXY]")


def put_at(door: Door, *addresses: str | None, level: Level = Level.ORANGE) -> None:
    """One household at each address."""
    for at, address in enumerate(addresses):
        contact = warning().contact.model_copy(update={"address": address, "name": f"户{at}{level}"})
        door.put(warning(household_key=f"{at}{level}", person_key=f"{at}{level}", level=level, contact=contact))


def test_the_phone_takes_the_open_orders_and_their_forms_along(door: Door, order_number: str) -> None:
    kept = door.browser(WORKER).get("/phone/pages").json()
    path = f"/orders/{order_number}"
    forms = {f"{path}/do/{task}" for task in ("urgent-help", "more-time", "hand-over")}
    assert {one["path"] for one in kept["pages"]} == {"/orders", "/phone/waiting", path, f"{path}/visit"} | forms
    for one in kept["pages"]:
        check_page(one["html"])
    assert kept["account"] == WORKER
    assert len(base64.b64decode(kept["key"])) == 32
    with door.session() as session:
        noted = session.scalars(select(ActionLogEntry).where(ActionLogEntry.action == "files_taken_along")).one()
        assert (noted.purpose, noted.details) == ("working_without_signal", {"orders": [order_number]})


def test_no_identity_number_goes_to_the_phone_not_even_masked(door: Door, order_number: str) -> None:
    kept = door.browser(WORKER).get("/phone/pages").text
    assert NAME in kept
    assert PHONE in kept
    assert IDENTITY_NUMBER not in kept
    assert not MASKED_NUMBER.search(kept)
    assert MASKED_NUMBER.search(door.browser(WORKER).get(f"/orders/{order_number}").text)


def test_every_account_has_a_key_of_its_own_on_every_phone(door: Door) -> None:
    keys = [door.browser(one).get("/phone/pages").json()["key"] for one in (WORKER, WORKER, SECOND_WORKER)]
    assert keys[0] == keys[1] != keys[2]


def test_the_mark_of_the_list_changes_when_the_list_does(door: Door, order_number: str) -> None:
    def mark() -> str:
        page = door.browser(WORKER).get("/orders").text
        shown = re.search(r'data-orders-mark="(\w+)"', page)[1]
        assert shown == door.browser(WORKER).get("/phone/pages").json()["mark"]
        return shown

    marks = [mark()]
    assert mark() == marks[0]
    door.put(warning(level=Level.RED))
    marks.append(mark())
    door.put(warning(household_key="another"))
    marks.append(mark())
    door.visit(order_number)
    marks.append(mark())
    assert len(set(marks)) == 4


def test_orders_that_are_on_the_phone_as_they_are_do_not_go_again(door: Door, order_number: str) -> None:
    door.put(warning(household_key="another"))
    browser = door.browser(WORKER)
    first = browser.get("/phone/pages").json()
    known = ",".join(first["marks"])
    assert {one["mark"] for one in first["pages"]} == {None, *first["marks"]}
    again = browser.get("/phone/pages", params={"known": known}).json()
    assert again["marks"] == first["marks"]
    assert [one["path"] for one in again["pages"]] == ["/orders", "/phone/waiting"]
    door.put(warning(level=Level.RED))
    changed = browser.get("/phone/pages", params={"known": known}).json()
    assert {one["path"].split("/")[2] for one in changed["pages"] if one["mark"]} == {order_number}
    door.clock.moment += timedelta(days=1)
    tomorrow = door.browser(WORKER).get("/phone/pages", params={"known": known}).json()
    assert len(tomorrow["pages"]) == len(first["pages"])


def test_what_is_taken_along_needs_the_same_number_of_queries_for_each_order(door: Door) -> None:
    counts = []
    for start in (0, 4):
        door.put(*(warning(household_key=f"h-{start + n}") for n in range(4)))
        browser = door.browser(WORKER)
        with counted_queries(door.engine) as asked:
            browser.get("/phone/pages")
        counts.append(len(asked))
    assert counts[1] - counts[0] <= 4 * 14


@pytest.mark.parametrize(
    ("addresses", "trips"),
    [
        (["城东村假想路8号", "城东村假想路12号2单元301室", "城东村假想路60号"], ["假想路"]),
        (["城东村假想组八号", "城东村假想组九号", "城东村另一组八号"], ["假想组"]),
        (["城东村假想路8号", "城东村另一路8号"], []),
        ([None, None], []),
    ],
)
def test_near_orders_make_one_trip(door: Door, addresses: list[str | None], trips: list[str]) -> None:
    put_at(door, *addresses)
    page = door.browser(WORKER).get("/orders").text
    assert [one.endswith(place) for one, place in zip(re.findall("顺路：([^<]+)<", page), trips, strict=True)] == [
        True
    ] * len(trips)
    assert ("2 户<" in page) is bool(trips)


def test_a_trip_goes_when_its_most_urgent_order_does(door: Door) -> None:
    put_at(door, "城东村甲路1号", "城东村乙路1号")
    put_at(door, "城东村乙路3号", level=Level.RED)
    page = door.browser(WORKER).get("/orders").text
    places = [page.index(name) for name in ("户0red", "户1orange", "户0orange")]
    assert places == sorted(places)
