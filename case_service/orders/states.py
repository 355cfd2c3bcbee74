"""The state machine of a work order: this table, and nothing else, moves an order.

Each row says who may do it, from where, to where, and what it writes. Seeing an order at
all is decided before, by `case_service.access`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from case_service.tables import WorkOrder
from case_service.tables.casework import OrderStatus


class Actor(StrEnum):
    """The part somebody plays towards one order."""

    INTAKE = "intake"
    SUPERVISOR = "supervisor"
    ASSIGNEE = "assignee"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    name: str
    who: Actor
    comes_from: OrderStatus | None
    goes_to: OrderStatus
    writes: frozenset[str]


MOVES = {
    move.name: move
    for move in (
        Move("queue", Actor.INTAKE, None, OrderStatus.UNASSIGNED, frozenset({"opened_at"})),
        Move("deliver", Actor.INTAKE, None, OrderStatus.OPEN, frozenset({"opened_at", "assignee_id", "delivered_at"})),
        Move(
            "assign",
            Actor.SUPERVISOR,
            OrderStatus.UNASSIGNED,
            OrderStatus.OPEN,
            frozenset({"assignee_id", "delivered_at"}),
        ),
        # The family has waited since the first delivery, so its clock runs on.
        Move("reassign", Actor.SUPERVISOR, OrderStatus.OPEN, OrderStatus.OPEN, frozenset({"assignee_id"})),
        # The same holds when a worker hands it to a colleague of the village.
        Move("hand_over", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.OPEN, frozenset({"assignee_id"})),
        # Asking leaves the clock running; only what a supervisor grants is written to the ledger of pauses.
        Move("ask_for_time", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.OPEN, frozenset()),
        Move("decide_on_time", Actor.SUPERVISOR, OrderStatus.OPEN, OrderStatus.OPEN, frozenset()),
        # Help comes first: the order stays open for the visit, and a follow-up opens for the papers.
        Move("help_at_once", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.OPEN, frozenset()),
        Move(
            "follow_up",
            Actor.ASSIGNEE,
            None,
            OrderStatus.OPEN,
            frozenset({"opened_at", "assignee_id", "delivered_at"}),
        ),
        Move("record_visit", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.CLOSED, frozenset({"closed_at"})),
    )
}


class MoveRefusedError(Exception):
    """The order is not where this move starts, or somebody else must make it."""


def move(order: WorkOrder, name: str, who: Actor, **writes: datetime | int) -> None:
    """Make one move of the table, writing exactly what the table says it writes."""
    row = MOVES[name]
    if row.who is not who:
        raise MoveRefusedError(f"{name} is for {row.who}, not {who}")
    if order.status is not row.comes_from:
        raise MoveRefusedError(f"{name} starts from {row.comes_from}, order {order.number} is {order.status}")
    if writes.keys() != row.writes:
        raise ValueError(f"{name} writes {sorted(row.writes)}, not {sorted(writes)}")
    order.status = row.goes_to
    for column, value in writes.items():
        setattr(order, column, value)
