"""Every route as every role, inside and outside their scope, generated from the route table and the written matrix."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.routing import Mount, Route

from case_service.access_matrix import Bound, access_matrix
from case_service.app import create_app
from case_service.settings import read_settings
from case_service.tables import Unit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.people import ADMINISTRATORS, Role, UnitLevel
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
OTHER_CITY = "359900000000"
# The nearest place that each role must not look into; everybody else's is the other city.
NEXT_DOOR = {
    Role.GRID_WORKER: made_up.SECOND_GRID,
    Role.COMMUNITY: OTHER_VILLAGE,
    Role.TOWN: SHUNAN,
    Role.COUNTY: made_up.FAR_COUNTY,
    Role.DEPARTMENT_HANDLER: made_up.HOUSING,
}
OWN = {Role.DEPARTMENT_HANDLER: made_up.CIVIL_AFFAIRS}
PEOPLE = (made_up.NAME, made_up.IDENTITY_NUMBER, made_up.PHONE, made_up.ADDRESS)


@dataclass(frozen=True)
class Town:
    """A service with an order in each unit that a test looks into."""

    door: Door
    orders: dict[str, str]
    cases: dict[str, str]

    def ask(self, route: str, viewer: str | None, role: Role, is_inside: bool) -> httpx.Response:
        """Open `route` as `viewer`, for something inside or outside the scope of `role`."""
        method, _, path = route.partition(" ")
        browser = self.door.browser(viewer) if viewer else self.door.anonymous()
        unit = OWN.get(role, GRID) if is_inside else NEXT_DOOR.get(role, OTHER_CITY)
        names = {"case_number": self.cases[unit], "kind": "housing"}
        address = path.format(number=self.orders[unit], **names)
        if "unit" in bounded_by(route):
            address += f"?unit={OWN.get(role, VILLAGE) if is_inside else unit}"
        if method == "GET":
            return browser.get(address)
        token = browser.form_token if viewer else "none"
        worker = made_up.SECOND_WORKER if is_inside else made_up.OTHER_WORKER
        more = {"form_token": token, "person": "person-1", "purpose": "check_identity_at_door", "worker": worker}
        more |= {"order": self.orders[unit]}
        return browser.post(address, data=visit_form(browser, self.door.clock()) | more if viewer else more)


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
    with door.session() as session:
        session.add(
            Unit(code=OTHER_CITY, name="他市", level=UnitLevel.CITY, path=f"{OTHER_CITY}/", parent_code=made_up.CITY)
        )
        session.flush()
        for unit in (made_up.CIVIL_AFFAIRS, made_up.HOUSING, OTHER_CITY):
            order = session.scalars(select(WorkOrder).where(WorkOrder.number == orders[unit])).one()
            order.unit_code = order.case.unit_code = unit
            for received in order.warnings:
                received.unit_code = unit
            if unit in (made_up.CIVIL_AFFAIRS, made_up.HOUSING):
                order.kind, order.status, order.assignee_id = OrderKind.DEPARTMENT_HANDLING, OrderStatus.OFFERED, None
                order.delivered_at = door.clock()
        session.commit()
    return Town(door, orders, {unit: str(one["case_number"]) for unit, one in zip(places, put, strict=True)})


@pytest.fixture(scope="module")
def shared_town(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """For asking what changes nothing: reading, and being refused."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("town")) as door:
        yield settle(door)


@pytest.fixture
def own_town(door: Door) -> Town:
    """For what changes something."""
    return settle(door)


def cells(is_allowed: bool, methods: set[str] | None = None) -> list[tuple[str, Role]]:
    return [
        (route, role)
        for route, row in sorted(MATRIX.staff.items())
        for role in Role
        if (role in row.roles) is is_allowed and (methods is None or route.split()[0] in methods)
    ]


def test_every_route_has_a_row_and_every_row_a_route(tmp_path: Path) -> None:
    app = create_app(read_settings(mode="demo", home=tmp_path), None)
    found: set[str] = set()
    for route in app.routes:
        assert isinstance(route, APIRoute | Route | Mount), f"{route} is of a kind this test does not know"
        methods = {"GET"} if isinstance(route, Mount) else set(route.methods or ())
        found |= {f"{method} {route.path}" for method in methods - {"HEAD"}}
    assert found == MATRIX.routes


def test_every_role_is_asked_as_and_the_three_administrators_are_let_in_nowhere_near_an_order_or_a_unit() -> None:
    assert set(VIEWERS) == set(Role)
    for route, row in MATRIX.staff.items():
        if row.bounded_by is not Bound.NOBODY:
            assert not row.roles & ADMINISTRATORS, route


@pytest.mark.parametrize(("route", "role"), cells(is_allowed=False))
@pytest.mark.parametrize("is_inside", [True, False])
def test_whoever_the_matrix_does_not_name_is_refused(
    shared_town: Town, route: str, role: Role, is_inside: bool
) -> None:
    answer = shared_town.ask(route, VIEWERS[role], role, is_inside)
    assert answer.status_code == 403
    assert not any(one in answer.text for one in PEOPLE)
    assert "章*" not in answer.text


@pytest.mark.parametrize(
    ("route", "role"),
    [(route, role) for route, role in cells(is_allowed=True) if bounded_by(route) is not Bound.NOBODY],
)
def test_outside_their_scope_nothing_exists(shared_town: Town, route: str, role: Role) -> None:
    answer = shared_town.ask(route, VIEWERS[role], role, is_inside=False)
    assert answer.status_code == 404
    assert not any(one in answer.text for one in PEOPLE)
    assert "章*" not in answer.text


@pytest.mark.parametrize(("route", "role"), cells(is_allowed=True, methods={"GET"}))
def test_inside_their_scope_they_see(shared_town: Town, route: str, role: Role) -> None:
    answer = shared_town.ask(route, VIEWERS[role], role, is_inside=True)
    assert answer.status_code in (200, 303)
    if role is not Role.GRID_WORKER:
        assert not any(one in answer.text for one in PEOPLE)


@pytest.mark.parametrize(("route", "role"), cells(is_allowed=True, methods={"POST"}))
def test_inside_their_scope_they_act(own_town: Town, route: str, role: Role) -> None:
    """They are let in; what they then send may need mending, or the order may stand where that cannot be done."""
    if role is Role.DEPARTMENT_HANDLER and "acceptance" not in route:
        own_town.ask("POST /orders/{number}/acceptance", VIEWERS[role], role, is_inside=True)
    assert own_town.ask(route, VIEWERS[role], role, is_inside=True).status_code in (200, 303, 401, 409, 422)


@pytest.mark.parametrize("route", sorted(MATRIX.staff))
def test_without_a_sign_in_every_route_leads_to_the_sign_in_page(shared_town: Town, route: str) -> None:
    answer = shared_town.ask(route, None, Role.GRID_WORKER, is_inside=True)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize("route", sorted(MATRIX.pipeline))
def test_no_sign_in_opens_the_doors_of_the_pipeline(shared_town: Town, route: str) -> None:
    method, _, path = route.partition(" ")
    for viewer in ("city", WORKER, "system"):
        assert shared_town.door.browser(viewer).request(method, path, json=batch(warning())).status_code == 401


@pytest.mark.parametrize("route", sorted(one for one in {*MATRIX.staff, *MATRIX.anybody} if one.startswith("POST")))
@pytest.mark.parametrize("token", ["", "wrong"])
def test_every_form_needs_its_token(shared_town: Town, route: str, token: str) -> None:
    roles = MATRIX.staff[route].roles if route in MATRIX.staff else {Role.GRID_WORKER}
    role = sorted(roles, key=list(Role).index)[0]
    door = shared_town.door
    browser = door.browser(VIEWERS[role])
    data = visit_form(browser, door.clock()) | {"form_token": token, "worker": made_up.SECOND_WORKER}
    unit = OWN.get(role, GRID)
    names = {"case_number": shared_town.cases[unit], "kind": "housing"}
    address = route.removeprefix("POST ").format(number=shared_town.orders[unit], **names)
    assert browser.post(address, data=data).status_code == 403
