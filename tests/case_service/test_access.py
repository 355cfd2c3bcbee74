"""Who sees which orders, beyond what the matrix says of routes."""

from sqlalchemy import select

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
    warning,
)


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
