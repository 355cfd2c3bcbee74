"""The state machine of a work order."""

from datetime import UTC, datetime

import pytest

from case_service.orders.states import MOVES, Actor, MoveRefusedError, move
from case_service.tables import WorkOrder
from case_service.tables.casework import OrderStatus

AT = datetime(2025, 11, 21, tzinfo=UTC)
VALUES = {"opened_at": AT, "delivered_at": AT, "closed_at": AT, "assignee_id": 1}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("who", Actor)
@pytest.mark.parametrize("status", [None, *OrderStatus])
def test_only_the_moves_of_the_table_are_made(name: str, who: Actor, status: OrderStatus | None) -> None:
    row = MOVES[name]
    order = WorkOrder(number="GD1", status=status)
    writes = {column: VALUES[column] for column in row.writes}
    if (who, status) == (row.who, row.comes_from):
        move(order, name, who, **writes)
        assert order.status is row.goes_to
        assert all(getattr(order, column) == value for column, value in writes.items())
    else:
        with pytest.raises(MoveRefusedError):
            move(order, name, who, **writes)


def test_a_move_writes_exactly_what_the_table_says() -> None:
    with pytest.raises(ValueError, match="record_visit writes"):
        move(WorkOrder(number="GD1", status=OrderStatus.OPEN), "record_visit", Actor.ASSIGNEE)


def test_nothing_leads_out_of_closed() -> None:
    assert OrderStatus.CLOSED not in {row.comes_from for row in MOVES.values()}
