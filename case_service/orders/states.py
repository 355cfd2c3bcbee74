"""The state machine of a work order: this table, and nothing else, moves an order.

Each row says who may do it, from where, to where, and what it writes. Seeing an order at
all is decided before, by `case_service.access`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from case_service.tables import WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus


class Actor(StrEnum):
    """The part somebody plays towards one order."""

    INTAKE = "intake"
    DISPATCH = "dispatch"
    SUPERVISOR = "supervisor"
    ASSIGNEE = "assignee"
    DEPARTMENT = "department"


VISITS = frozenset({OrderKind.HOME_VISIT, OrderKind.FOLLOW_UP, OrderKind.FOLLOW_UP_VISIT})
HANDLING = frozenset({OrderKind.DEPARTMENT_HANDLING})


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    name: str
    who: Actor
    comes_from: OrderStatus | None
    goes_to: OrderStatus
    writes: frozenset[str]
    kinds: frozenset[OrderKind] = VISITS


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
        # Some outcomes close only once a supervisor has looked at them.
        Move("submit_visit", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.AWAITING_APPROVAL, frozenset()),
        Move("approve", Actor.SUPERVISOR, OrderStatus.AWAITING_APPROVAL, OrderStatus.CLOSED, frozenset({"closed_at"})),
        Move("send_back", Actor.SUPERVISOR, OrderStatus.AWAITING_APPROVAL, OrderStatus.OPEN, frozenset()),
        # A department's clock starts when the order reaches it, not when it accepts.
        Move("refer", Actor.DISPATCH, None, OrderStatus.OFFERED, frozenset({"opened_at", "delivered_at"}), HANDLING),
        # Whom the directory does not know cannot be asked: a supervisor decides, as over what came back.
        Move(
            "refer_in_vain",
            Actor.DISPATCH,
            None,
            OrderStatus.RETURNED,
            frozenset({"opened_at", "delivered_at"}),
            HANDLING,
        ),
        Move("accept", Actor.DEPARTMENT, OrderStatus.OFFERED, OrderStatus.OPEN, frozenset({"assignee_id"}), HANDLING),
        Move("take_over", Actor.DEPARTMENT, OrderStatus.OPEN, OrderStatus.OPEN, frozenset({"assignee_id"}), HANDLING),
        Move("return", Actor.DEPARTMENT, OrderStatus.OFFERED, OrderStatus.RETURNED, frozenset(), HANDLING),
        Move("give_back", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.RETURNED, frozenset(), HANDLING),
        Move("resolve", Actor.ASSIGNEE, OrderStatus.OPEN, OrderStatus.CLOSED, frozenset({"closed_at"}), HANDLING),
        Move("settle", Actor.SUPERVISOR, OrderStatus.RETURNED, OrderStatus.CLOSED, frozenset({"closed_at"}), HANDLING),
    )
}


class MoveRefusedError(Exception):
    """The order is not where this move starts, or somebody else must make it. Whoever asked is answered 409."""


def move(order: WorkOrder, name: str, who: Actor, **writes: datetime | int) -> None:
    """Make one move of the table, writing exactly what the table says it writes."""
    row = MOVES[name]
    if order.kind not in row.kinds:
        raise MoveRefusedError(f"{name} is no move of a {order.kind}")
    if row.who is not who:
        raise MoveRefusedError(f"{name} is for {row.who}, not {who}")
    if order.status is not row.comes_from:
        raise MoveRefusedError(f"{name} starts from {row.comes_from}, order {order.number} is {order.status}")
    if writes.keys() != row.writes:
        raise ValueError(f"{name} writes {sorted(row.writes)}, not {sorted(writes)}")
    order.status = row.goes_to
    for column, value in writes.items():
        setattr(order, column, value)
