"""The list asks for columns of its own; what its lines say is what the cards of the same orders say."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import select

from case_service.access import Viewer
from case_service.official_calendar import due_rule
from case_service.orders.cards import Card, card
from case_service.orders.own_list import ListedOrder, listed_orders
from case_service.orders.queries import open_orders_held
from case_service.tables import Staff, Unit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.people import Role
from schemas.messages import Level, Text
from tests.case_service.conftest import Door, StoppedClock, act, opened_door
from tests.case_service.made_up import WORKER, warning
from tests.case_service.test_fieldwork import HELP, do

# What a card says under another name, or in another form.
SAID_OTHERWISE: Mapping[str, Callable[[Card], object]] = {
    "reason": lambda shown: shown.lead.reason,
    "claim_count": lambda shown: len(shown.claims),
}
ALSO_SAID = ("by_urgency", "is_paused", "is_follow_up", "path", "status")


@pytest.fixture
def door(database: str, clock: StoppedClock, tmp_path: Path) -> Iterator[Door]:
    with opened_door(database, tmp_path, clock, follow_up_working_days=10) as door:
        yield door


def put(door: Door, household: str, **changes: object) -> str:
    (answer,) = door.put(warning(household_key=household, **changes))
    return str(answer["order_number"])


def test_a_line_says_what_the_card_of_the_order_says(door: Door) -> None:
    put(door, "plain")
    put(door, "two", level=Level.YELLOW)
    contact = warning().contact.model_copy(update={"name": "苗二", "address": None})
    reason = Text(zh="上月起无人缴纳社保。", en="Nobody pays contributions since last month.")
    put(door, "two", person_key="person-2", level=Level.RED, contact=contact, reason=reason)
    paused = put(door, "paused")
    act(door, "village", f"/orders/{paused}/clock/pause", reason="away_for_treatment")
    do(door, put(door, "helped at once"), "urgent-help", **HELP)
    door.visit(put(door, "helped"), outcome="helped")
    with door.session() as session:
        staff = session.scalars(select(Staff).where(Staff.username == WORKER)).one()
        unit = session.scalars(select(Unit).where(Unit.code == staff.unit_code)).one()
        name = staff.display_name
        viewer = Viewer(staff.id, WORKER, name, Role.GRID_WORKER, unit.code, unit.name, unit.path, form_token="")
        rule, seal, at = due_rule(session, door.settings), door.app.state.seal, door.clock()
        lines = {line.number: line for line in listed_orders(session, viewer, rule, seal, at)}
        orders: list[WorkOrder] = list(open_orders_held(session, viewer))
        cards = {order.number: card(order, viewer, rule, seal, at) for order in orders}
    assert {order.kind for order in orders} == {OrderKind.HOME_VISIT, OrderKind.FOLLOW_UP, OrderKind.FOLLOW_UP_VISIT}
    assert len(orders) == len(lines) == 6
    for number, shown in cards.items():
        for said in (*(field.name for field in fields(ListedOrder)), *ALSO_SAID):
            expected = SAID_OTHERWISE[said](shown) if said in SAID_OTHERWISE else getattr(shown, said)
            assert getattr(lines[number], said) == expected, f"{said} of {number}"
