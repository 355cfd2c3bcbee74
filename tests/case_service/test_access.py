"""Nobody sees a person outside their scope, by any route."""

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.routing import Mount, Route

from case_service.tables import WorkOrder
from tests.case_service.conftest import Door, visit_form
from tests.case_service.made_up import (
    ADDRESS,
    IDENTITY_NUMBER,
    NAME,
    OTHER_WORKER,
    PHONE,
    SECOND_GRID,
    SECOND_WORKER,
    VILLAGE,
    WORKER,
    batch,
    warning,
)

NOBODY = "nobody"
HOLDER = {WORKER}
ABOVE = {"village", "wusong", "yian", "city"}
ELSEWHERE_WORKERS = {SECOND_WORKER, OTHER_WORKER}
ELSEWHERE_SUPERVISORS = {"shunan", "far"}
WORKERS = HOLDER | ELSEWHERE_WORKERS
SUPERVISORS = ABOVE | ELSEWHERE_SUPERVISORS
EVERYBODY = WORKERS | SUPERVISORS

# For each route about people: what each viewer gets for an order of the first grid. Nobody is sent to sign in.
GUARDED: dict[tuple[str, str], dict[int, set[str]]] = {
    ("GET", "/"): {303: EVERYBODY},
    ("GET", "/orders"): {200: WORKERS, 403: SUPERVISORS},
    ("GET", "/orders/{number}"): {200: HOLDER | ABOVE, 404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS},
    ("POST", "/orders/{number}/identity-number"): {
        200: HOLDER,
        403: ABOVE,
        404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS,
    },
    ("POST", "/orders/{number}/assignment"): {
        303: ABOVE,
        403: HOLDER,
        404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS,
    },
    ("GET", "/orders/{number}/visit"): {200: HOLDER, 403: ABOVE, 404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS},
    ("POST", "/orders/{number}/visit"): {303: HOLDER, 403: SUPERVISORS, 404: ELSEWHERE_WORKERS},
    ("POST", "/orders/{number}/visit/questions"): {200: HOLDER, 403: SUPERVISORS, 404: ELSEWHERE_WORKERS},
    # Only whoever does not hold the open order any more may add to it.
    ("POST", "/orders/{number}/addition"): {409: HOLDER, 403: SUPERVISORS, 404: ELSEWHERE_WORKERS},
    # There is no such photo; the one that there is has its own test.
    ("GET", "/orders/{number}/photos/{photo_id}"): {404: EVERYBODY},
    ("GET", "/orders/{number}/do/{task}"): {
        200: HOLDER,
        403: ABOVE,
        404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS,
    },
    ("POST", "/orders/{number}/do/{task}"): {303: HOLDER, 403: SUPERVISORS, 404: ELSEWHERE_WORKERS},
    # Nothing was asked for, so nothing can be granted.
    ("POST", "/orders/{number}/more-time-decision"): {
        409: ABOVE,
        403: HOLDER,
        404: ELSEWHERE_WORKERS | ELSEWHERE_SUPERVISORS,
    },
    ("GET", "/phone/pages"): {200: WORKERS, 403: SUPERVISORS},
    ("GET", "/phone/standing"): {200: WORKERS, 403: SUPERVISORS},
    ("GET", "/phone/waiting"): {200: WORKERS, 403: SUPERVISORS},
    ("GET", "/supervision"): {403: WORKERS, 200: ABOVE, 404: ELSEWHERE_SUPERVISORS},
    ("GET", "/supervision/freshness"): {403: WORKERS, 200: ABOVE | ELSEWHERE_SUPERVISORS},
    ("POST", "/sign-out"): {303: EVERYBODY},
}
FOR_THE_PIPELINE = {
    ("PUT", "/api/v1/warnings"),
    ("GET", "/api/v1/outcomes"),
    ("GET", "/api/v1/deadlines"),
    ("PUT", "/api/v1/freshness"),
}
# Show nothing about people, and are open to all.
PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/language/{language}"),
    ("GET", "/healthz"),
    ("GET", "/static/htmx.min.js"),
    ("GET", "/static/idb.js"),
    ("GET", "/service-worker.js"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/static"),
}
CASES = [
    (route, viewer, status)
    for route, answers in GUARDED.items()
    for status, viewers in answers.items()
    for viewer in sorted(viewers)
]


def all_routes(door: Door) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in door.app.routes:
        assert isinstance(route, APIRoute | Route | Mount), f"{route} is of a kind this test does not know"
        methods = {"GET"} if isinstance(route, Mount) else set(route.methods or ())
        found |= {(method, route.path) for method in methods - {"HEAD"}}
    return found


def ask(door: Door, route: tuple[str, str], viewer: str, number: str):
    method, path = route
    browser = door.anonymous() if viewer == NOBODY else door.browser(viewer)
    address = path.format(number=number, task="more-time", photo_id=1) + (
        f"?unit={VILLAGE}" if path == "/supervision" else ""
    )
    if method == "GET":
        return browser.get(address)
    data = {"form_token": "none"} if viewer == NOBODY else visit_form(browser, door.clock())
    data |= {"person": "person-1", "purpose": "check_identity_at_door", "worker": SECOND_WORKER}
    data |= {"reason": "in_hospital", "until": "2025-12-01", "decision": "grant"}
    return browser.post(address, data=data)


def test_every_route_is_in_this_table(door: Door) -> None:
    assert all_routes(door) == set(GUARDED) | FOR_THE_PIPELINE | PUBLIC


def test_every_guarded_route_says_what_each_viewer_gets() -> None:
    for route, answers in GUARDED.items():
        assert set().union(*answers.values()) == EVERYBODY, route


@pytest.mark.parametrize(("route", "viewer", "status"), CASES)
def test_nobody_sees_a_person_outside_their_scope_by_any_route(
    door: Door, order_number: str, route: tuple[str, str], viewer: str, status: int
) -> None:
    response = ask(door, route, viewer, order_number)
    assert response.status_code == status
    secrets = {NAME, IDENTITY_NUMBER, PHONE, ADDRESS}
    if viewer != WORKER:
        assert not any(secret in response.text for secret in secrets)
    if status not in (200, 303):
        assert "章*" not in response.text


@pytest.mark.parametrize("route", sorted(GUARDED))
def test_without_a_sign_in_every_guarded_route_leads_to_the_sign_in_page(
    door: Door, order_number: str, route: tuple[str, str]
) -> None:
    response = ask(door, route, NOBODY, order_number)
    assert (response.status_code, response.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("route", sorted(FOR_THE_PIPELINE))
def test_no_sign_in_opens_the_doors_of_the_pipeline(door: Door, route: tuple[str, str]) -> None:
    for viewer in ("city", WORKER):
        assert door.browser(viewer).request(*route, json=batch(warning())).status_code == 401


@pytest.mark.parametrize("route", sorted(one for one in set(GUARDED) | PUBLIC if one[0] == "POST"))
@pytest.mark.parametrize("token", ["", "wrong"])
def test_every_form_needs_its_token(door: Door, order_number: str, route: tuple[str, str], token: str) -> None:
    viewer = "village" if route[1].endswith(("assignment", "decision")) else WORKER
    browser = door.browser(viewer)
    data = visit_form(browser, door.clock()) | {"form_token": token, "worker": SECOND_WORKER, "person": "person-1"}
    path = route[1].format(number=order_number, task="more-time")
    assert browser.post(path, data=data).status_code == 403


def test_the_token_of_another_session_does_not_count(door: Door, order_number: str) -> None:
    browser, other = door.browser(WORKER), door.browser(WORKER)
    assert browser.post(f"/orders/{order_number}/visit", data=visit_form(other, door.clock())).status_code == 403


def test_a_colleague_of_the_village_may_cover_and_then_sees_the_order(door: Door, order_number: str) -> None:
    supervisor = door.browser("village")
    data = {"form_token": supervisor.form_token, "worker": SECOND_WORKER}
    assert supervisor.post(f"/orders/{order_number}/assignment", data=data).status_code == 303
    assert NAME in door.browser(SECOND_WORKER).get(f"/orders/{order_number}").text
    assert door.browser(WORKER).get(f"/orders/{order_number}").status_code == 404


def test_an_order_cannot_be_assigned_outside_its_village(door: Door, order_number: str) -> None:
    supervisor = door.browser("city")
    for worker in (OTHER_WORKER, "city", "nobody"):
        data = {"form_token": supervisor.form_token, "worker": worker}
        assert supervisor.post(f"/orders/{order_number}/assignment", data=data).status_code == 422


def test_a_worker_who_moved_to_another_village_leaves_its_people_behind(door: Door, order_number: str) -> None:
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        order.assignee.unit_code = "340706100208001"
        session.commit()
    assert door.browser(WORKER).get(f"/orders/{order_number}").status_code == 404


def test_once_closed_even_the_worker_sees_the_order_masked(door: Door, order_number: str) -> None:
    door.visit(order_number)
    browser = door.browser(WORKER)
    text = browser.get(f"/orders/{order_number}").text + browser.get("/orders").text
    assert not any(secret in text for secret in (NAME, IDENTITY_NUMBER, PHONE, ADDRESS))
    data = {"form_token": browser.form_token, "person": "person-1", "purpose": "check_identity_at_door"}
    assert browser.post(f"/orders/{order_number}/identity-number", data=data).status_code == 403


def test_the_unassigned_are_seen_by_supervisors_above_and_by_no_worker(door: Door) -> None:
    (answer,) = door.put(warning(grid_code=f"{VILLAGE}003"))
    path = f"/orders/{answer['order_number']}"
    assert [door.browser(one).get(path).status_code for one in (WORKER, SECOND_WORKER, "shunan")] == [404, 404, 404]
    supervisor = door.browser("wusong")
    assert supervisor.get(path).status_code == 200
    data = {"form_token": supervisor.form_token, "worker": f"g{SECOND_GRID}"}
    assert supervisor.post(f"{path}/assignment", data=data).status_code == 303
    assert door.browser(SECOND_WORKER).get(path).status_code == 200
