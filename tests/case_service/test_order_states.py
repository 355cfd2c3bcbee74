"""The state machine of a work order: only the moves of the table, and only into what the database holds for right."""

from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from case_service.orders.states import MOVES, Actor, MoveRefusedError, move
from case_service.tables import WorkOrder
from case_service.tables.casework import RUNNING, OrderKind, OrderStatus

AT = datetime(2025, 11, 21, tzinfo=UTC)
VALUES = {"opened_at": AT, "delivered_at": AT, "closed_at": AT, "assignee_id": 1}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("who", Actor)
@pytest.mark.parametrize("status", [None, *OrderStatus])
@pytest.mark.parametrize("kind", OrderKind)
def test_only_the_moves_of_the_table_are_made(
    name: str, who: Actor, status: OrderStatus | None, kind: OrderKind
) -> None:
    row = MOVES[name]
    order = WorkOrder(number="GD1", status=status, kind=kind)
    writes = {column: VALUES[column] for column in row.writes}
    if (who, status) == (row.who, row.comes_from) and kind in row.kinds:
        move(order, name, who, **writes)
        assert order.status is row.goes_to
        assert all(getattr(order, column) == value for column, value in writes.items())
    else:
        with pytest.raises(MoveRefusedError):
            move(order, name, who, **writes)


def test_a_move_writes_exactly_what_the_table_says() -> None:
    order = WorkOrder(number="GD1", status=OrderStatus.OPEN, kind=OrderKind.HOME_VISIT)
    with pytest.raises(ValueError, match="record_visit writes"):
        move(order, "record_visit", Actor.ASSIGNEE)


def test_nothing_leads_out_of_closed() -> None:
    assert OrderStatus.CLOSED not in {row.comes_from for row in MOVES.values()}


class AnyMoves(RuleBasedStateMachine):
    """Whoever tries whatever on an order, in any order: it only ever stands where the database lets it stand."""

    def __init__(self) -> None:
        super().__init__()
        self.order: WorkOrder | None = None
        self.has_ended = False

    @precondition(lambda self: self.order is None)
    @rule(kind=st.sampled_from(OrderKind))
    def is_drafted(self, kind: OrderKind) -> None:
        self.order = WorkOrder(number="GD1", kind=kind)

    @precondition(lambda self: self.order is not None)
    @rule(name=st.sampled_from(sorted(MOVES)), who=st.sampled_from(Actor), worker=st.integers(1, 3))
    def tries(self, name: str, who: Actor, worker: int) -> None:
        assert self.order is not None
        before = (self.order.status, self.order.assignee_id, self.order.delivered_at, self.order.closed_at)
        try:
            move(self.order, name, who, **{one: VALUES[one] for one in MOVES[name].writes} | self._worker(name, worker))
        except MoveRefusedError:
            after = (self.order.status, self.order.assignee_id, self.order.delivered_at, self.order.closed_at)
            assert after == before, "a refused move leaves everything as it was"
        else:
            assert not self.has_ended
            self.has_ended = self.order.status is OrderStatus.CLOSED

    @staticmethod
    def _worker(name: str, worker: int) -> dict[str, int]:
        return {"assignee_id": worker} if "assignee_id" in MOVES[name].writes else {}

    @invariant()
    def stands_where_the_database_lets_it(self) -> None:
        """The check constraints of `work_order`, said again."""
        if self.order is None or self.order.status is None:
            return
        order, handling = self.order, OrderKind.DEPARTMENT_HANDLING
        assert (order.status is OrderStatus.UNASSIGNED) == (order.delivered_at is None)
        assert (order.status is OrderStatus.CLOSED) == (order.closed_at is not None)
        waits = order.status in (OrderStatus.UNASSIGNED, OrderStatus.OFFERED)
        may_lack_one = order.status is OrderStatus.RETURNED or (waits is False and order.kind is handling)
        assert waits == (order.assignee_id is None) or may_lack_one
        if order.status in RUNNING:
            assert order.delivered_at is not None, "what runs has a clock"
        if order.kind is handling:
            assert order.status not in (OrderStatus.UNASSIGNED, OrderStatus.AWAITING_APPROVAL)
        else:
            assert order.status not in (OrderStatus.OFFERED, OrderStatus.RETURNED)


AnyMoves.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAnyMoves = AnyMoves.TestCase
