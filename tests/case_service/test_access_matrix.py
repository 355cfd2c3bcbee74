"""Every route as every role, inside and outside their scope, generated from the route table and the written matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select
from starlette.routing import Mount, Route

from case_service.access_matrix import Bound, access_matrix
from case_service.app import routed_app
from case_service.tables import ReviewFinding, ServiceToken, Staff, Unit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.people import ADMINISTRATORS, Role, UnitLevel
from case_service.visits.photos import keep_photos, photo_ids
from tests.case_service import made_up
from tests.case_service.conftest import Door, opened_door, visit_form
from tests.case_service.made_up import GRID, OTHER_VILLAGE, SHUNAN, VILLAGE, WORKER, YIAN, batch, warning

MATRIX = access_matrix()
VIEWERS = {
    Role.GRID_WORKER: WORKER,
    Role.COMMUNITY: "village",
    Role.TOWN: "wusong",
    Role.COUNTY: "yian",
    Role.CITY: "city",
    Role.DEPARTMENT_HANDLER: "civil",
    Role.ANALYST: "analyst",
    Role.SYSTEM_ADMINISTRATOR: "system",
    Role.SECURITY_ADMINISTRATOR: "security",
    Role.AUDIT_ADMINISTRATOR: "audit",
}
OTHER_CITY, STRANGER = "359900000000", "stranger"
# The nearest place that each role must not look into; everybody else's is the other city.
NEXT_DOOR = {
    Role.GRID_WORKER: made_up.SECOND_GRID,
    Role.COMMUNITY: OTHER_VILLAGE,
    Role.TOWN: SHUNAN,
    Role.COUNTY: made_up.FAR_COUNTY,
    Role.DEPARTMENT_HANDLER: made_up.HOUSING,
}
OWN = {Role.DEPARTMENT_HANDLER: made_up.CIVIL_AFFAIRS}
# The unit whose page a role opens; everybody else's is the village.
OPENED = {Role.GRID_WORKER: GRID, Role.ANALYST: made_up.CITY, **OWN}
PEOPLE = (made_up.NAME, made_up.IDENTITY_NUMBER, made_up.PHONE, made_up.ADDRESS)


@dataclass(frozen=True)
class Town:
    """A service with an order in each unit that a test looks into: its number, its case and its photo."""

    door: Door
    orders: dict[str, str]
    cases: dict[str, str]
    findings: dict[str, str]
    photos: dict[str, int]
    browsers: dict[str, TestClient] = field(default_factory=dict)

    def ask(self, route: str, viewer: str | None, role: Role, is_inside: bool) -> httpx.Response:
        """Open `route` as `viewer`, for something inside or outside the scope of `role`."""
        method, _, path = route.partition(" ")
        browser = self.browser(viewer) if viewer else self.door.anonymous()
        unit = OWN.get(role, GRID) if is_inside else NEXT_DOOR.get(role, OTHER_CITY)
        shown_unit = OPENED.get(role, VILLAGE) if is_inside else unit
        address = path.format(
            number=self.cases[unit] if bounded_by(route) is Bound.CASE else self.orders[unit],
            photo_id=self.photos[unit],
            task="more-time",
            username=WORKER if is_inside else STRANGER,
            name="nightly",
            code=shown_unit,
            kind="housing",
            finding_id=self.findings[unit],
            step="corroborate",
        )
        if bounded_by(route) is Bound.UNIT and "{code}" not in path:
            address += f"?unit={shown_unit}"
        if method == "GET":
            return browser.get(address)
        if path.startswith("/api/"):
            return self.change(browser, method, address, browser.form_token if viewer else "")
        worker = made_up.SECOND_WORKER if is_inside else made_up.OTHER_WORKER
        more = visit_form(browser, self.door.clock()) if viewer else {"form_token": "none"}
        more |= {"person": "person-1", "purpose": "check_identity_at_door", "worker": worker, "name": "x-token"}
        more |= {"unit": shown_unit, "username": "new", "display_name": "新", "role": "grid_worker", "suffix": "009"}
        more |= {"order": self.orders[unit], "reason": "in_hospital", "until": "2025-12-01", "decision": "grant"}
        return browser.post(address, data=more)

    def browser(self, viewer: str) -> TestClient:
        """One browser for each viewer, since nobody signs out in a town that is shared."""
        if viewer not in self.browsers:
            self.browsers[viewer] = self.door.browser(viewer)
        return self.browsers[viewer]

    def change(self, browser: TestClient, method: str, address: str, token: str) -> httpx.Response:
        """A change by the interface for programs, started from what is there now."""
        read = browser.get(address.rpartition("/")[0])
        headers = {"X-Form-Token": token, "Idempotency-Key": uuid4().hex}
        headers |= {"If-Match": read.headers["etag"]} if "etag" in read.headers else {"If-Match": f'"{"0" * 32}"'}
        sent = {"username": made_up.SECOND_WORKER} if address.endswith("assignee") else made_up.visit_answers()
        return browser.request(method, address, json=sent, headers=headers)


def bounded_by(route: str) -> Bound:
    return MATRIX.staff[route].bounded_by


def settle(door: Door) -> Town:
    """Orders in every unit of the tests; those of departments and of the other city are moved there by hand."""
    places = {
        GRID: (VILLAGE, GRID),
        made_up.SECOND_GRID: (VILLAGE, made_up.SECOND_GRID),
        OTHER_VILLAGE: (OTHER_VILLAGE, None),
        SHUNAN: (SHUNAN, None),
        made_up.FAR_COUNTY: (made_up.FAR_COUNTY, None),
        made_up.CIVIL_AFFAIRS: (YIAN, None),
        made_up.HOUSING: (YIAN, None),
        OTHER_CITY: (YIAN, None),
    }
    put = door.put(
        *(
            warning(household_key=f"h-{unit}", village_code=village, grid_code=grid)
            for unit, (village, grid) in places.items()
        )
    )
    orders = {unit: str(one["order_number"]) for unit, one in zip(places, put, strict=True)}
    cases = {unit: str(one["case_number"]) for unit, one in zip(places, put, strict=True)}
    photos: dict[str, int] = {}
    seal = door.app.state.seal
    with door.session() as session:
        session.add(ServiceToken(name="nightly", token_hash="h", rights=[], created_at=door.clock()))
        city = Unit(code=OTHER_CITY, name="他市", level=UnitLevel.CITY, path=f"{OTHER_CITY}/", parent_code=made_up.CITY)
        session.add(city)
        session.flush()
        stranger = Staff(username=STRANGER, display_name="外人", role=Role.CITY, unit_code=OTHER_CITY)
        session.add(stranger)
        session.flush()
        for unit, number in orders.items():
            order = session.scalars(select(WorkOrder).where(WorkOrder.number == number)).one()
            if unit in (made_up.CIVIL_AFFAIRS, made_up.HOUSING, OTHER_CITY):
                order.unit_code = order.case.unit_code = unit
                for received in order.warnings:
                    received.unit_code = unit
            if unit in (made_up.CIVIL_AFFAIRS, made_up.HOUSING):
                holder = select(Staff).where(
                    Staff.username == ("civil" if unit == made_up.CIVIL_AFFAIRS else "housing")
                )
                with session.no_autoflush:
                    order.kind, order.status = OrderKind.DEPARTMENT_HANDLING, OrderStatus.OPEN
                    order.assignee, order.delivered_at = session.scalars(holder).one(), door.clock()
            keep_photos(session, order, (b"picture",), stranger.id, door.clock(), seal)
            (photos[unit],) = photo_ids(session, order)
        session.commit()
    findings = {unit: made_up.finding(village_code=village) for unit, (village, _) in places.items()}
    told = door.pipeline().put("/api/v1/review-findings", json=made_up.finding_batch(*findings.values()))
    assert told.status_code == 200, told.text
    with door.session() as session:
        for unit in (made_up.CIVIL_AFFAIRS, made_up.HOUSING, OTHER_CITY):
            session.get_one(ReviewFinding, findings[unit].finding_id).unit_code = unit
        session.commit()
    return Town(door, orders, cases, {unit: one.finding_id for unit, one in findings.items()}, photos)


@pytest.fixture(scope="module")
def shared_town(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """For asking what changes nothing: reading, and being refused."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("town")) as door:
        yield settle(door)


@pytest.fixture
def own_town(door: Door) -> Town:
    """For what changes something."""
    return settle(door)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app = routed_app()
    found: set[str] = set()
    for route in app.routes:
        assert isinstance(route, APIRoute | Route | Mount), f"{route} is of a kind this test does not know"
        methods = {"GET"} if isinstance(route, Mount) else set(route.methods or ())
        found |= {f"{method} {route.path}" for method in methods - {"HEAD"}}
    assert found == MATRIX.routes


def test_every_role_is_asked_as_and_administrators_only_where_no_order_is_shown() -> None:
    assert set(VIEWERS) == set(Role)
    for route, row in MATRIX.staff.items():
        if row.roles & ADMINISTRATORS:
            assert row.bounded_by is Bound.NOBODY or route.split()[1].startswith("/administration/"), route


ROUTES = sorted(MATRIX.staff)
SHOWN = (*PEOPLE, "章*")


@pytest.mark.parametrize("route", ROUTES)
def test_whoever_the_matrix_does_not_name_is_refused(shared_town: Town, route: str) -> None:
    for role in set(Role) - MATRIX.staff[route].roles:
        for is_inside in (True, False):
            answer = shared_town.ask(route, VIEWERS[role], role, is_inside)
            assert answer.status_code == 403, (role, is_inside)
            assert not any(one in answer.text for one in SHOWN), (role, is_inside)


@pytest.mark.parametrize("route", [route for route in ROUTES if bounded_by(route) is not Bound.NOBODY])
def test_outside_their_scope_nothing_exists(shared_town: Town, route: str) -> None:
    for role in MATRIX.staff[route].roles:
        answer = shared_town.ask(route, VIEWERS[role], role, is_inside=False)
        assert answer.status_code == 404, role
        assert not any(one in answer.text for one in SHOWN), role


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET")])
def test_inside_their_scope_they_see(shared_town: Town, route: str) -> None:
    for role in MATRIX.staff[route].roles:
        answer = shared_town.ask(route, VIEWERS[role], role, is_inside=True)
        assert answer.status_code in (200, 303), role
        if role not in (Role.GRID_WORKER, Role.DEPARTMENT_HANDLER):  # who hold the orders
            assert not any(one in answer.text for one in PEOPLE), role


# What is sent may still need mending; or there is nothing to decide on, or nothing that came too late.
LET_IN = {
    "POST /account/password": 422,
    "POST /account/second-factor": 422,
    "POST /sign-in/second-factor": 401,
    "POST /orders/{number}/addition": 409,
    "POST /orders/{number}/more-time-decision": 409,
    "POST /administration/tokens": 422,
    "POST /orders/{number}/clock/pause": 422,
    "POST /orders/{number}/clock/resume": 409,
    "POST /calendar/preview": 422,
    "POST /calendar/notice": 422,
    "POST /calendar/override": 422,
    "POST /administration/dispatch/{kind}": 422,
    "POST /cases/{number}/referrals": 422,
    "POST /reviews/{finding_id}/{step}": 422,
    "POST /orders/{number}/approval": 409,
    "POST /orders/{number}/sending-back": 409,
    "POST /orders/{number}/settlement": 409,
    "POST /orders/{number}/resolution": 422,
}


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith("GET")])
def test_inside_their_scope_they_act(own_town: Town, route: str) -> None:
    for role in MATRIX.staff[route].roles:
        answer = own_town.ask(route, VIEWERS[role], role, is_inside=True)
        assert answer.status_code in ({LET_IN[route]} if route in LET_IN else {200, 201, 303}), (role, answer.text)


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_sign_in_every_route_leads_to_the_sign_in_page(shared_town: Town, route: str) -> None:
    answer = shared_town.ask(route, None, Role.GRID_WORKER, is_inside=True)
    if "/api/" in route:
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    else:
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("route", sorted(MATRIX.pipeline))
def test_no_sign_in_opens_the_doors_of_the_pipeline(shared_town: Town, route: str) -> None:
    method, _, path = route.partition(" ")
    for viewer in ("city", WORKER, "system"):
        assert shared_town.browser(viewer).request(method, path, json=batch(warning())).status_code == 401


@pytest.mark.parametrize("route", [one for one in [*ROUTES, "POST /sign-in"] if not one.startswith("GET")])
def test_every_change_needs_the_token_of_its_session(shared_town: Town, route: str) -> None:
    roles = MATRIX.staff[route].roles if route in MATRIX.staff else {Role.GRID_WORKER}
    role = sorted(roles, key=list(Role).index)[0]
    browser = shared_town.browser(VIEWERS[role])
    numbers = shared_town.cases if "/cases/" in route else shared_town.orders
    number = numbers[OWN.get(role, GRID)]
    method, _, path = route.partition(" ")
    address = path.format(
        number=number,
        username=WORKER,
        name="nightly",
        task="more-time",
        photo_id=1,
        kind="housing",
        finding_id=shared_town.findings[GRID],
        step="corroborate",
    )
    for token in ("", "wrong"):
        if path.startswith("/api/"):
            assert shared_town.change(browser, method, address, token).status_code == 403
        else:
            data = visit_form(browser, shared_town.door.clock()) | {"form_token": token}
            assert browser.post(address, data=data).status_code == 403
