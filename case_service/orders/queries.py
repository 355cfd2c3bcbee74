"""What the pages about orders ask the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import HELD_ORDERS, Viewer, held_by, with_everything_shown
from case_service.action_log import Action
from case_service.household_locks import lock_households
from case_service.orders import people
from case_service.orders.cards import URGENCY, seen_mark
from case_service.orders.states import Actor, MoveRefusedError, move
from case_service.sealing import Seal
from case_service.tables import Case, Contact, HandOver, ReceivedWarning, Staff, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.fieldwork import HandOverReason

CLOSED_SHOWN = 10
# Asked for every list, so written once; the last two are asked with what the one before them found.
_OPEN = with_everything_shown(HELD_ORDERS.where(WorkOrder.status == OrderStatus.OPEN))
_LATELY_CLOSED = (
    HELD_ORDERS.with_only_columns(
        WorkOrder.id,
        WorkOrder.number,
        WorkOrder.closed_at,
        WorkOrder.case_id,
        WorkOrder.follows_id,
        WorkOrder.basis["person_key"].astext,
        Case.number,
    )
    .join(WorkOrder.case)
    .where(WorkOrder.status == OrderStatus.CLOSED)
    .order_by(WorkOrder.closed_at.desc())
    .limit(CLOSED_SHOWN)
)
# The most urgent comes last, as `orders.cards.claims_behind` has it first.
_LEADING_PERSONS = (
    select(ReceivedWarning.order_id, ReceivedWarning.person_key)
    .where(ReceivedWarning.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(case(URGENCY, value=ReceivedWarning.level).desc(), ReceivedWarning.sequence.desc())
)
_NAMES = select(Contact.case_id, Contact.person_key, Contact.sealed_name).where(
    Contact.case_id.in_(bindparam("case_ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class ClosedOrder:
    """An order that is done, as one line: whom the claim that led was about, and when it was closed."""

    number: str
    household_name: str
    closed_at: datetime

    @property
    def path(self) -> str:
        """Where the order's page is."""
        return f"/orders/{self.number}"


def open_orders_held(session: Session, viewer: Viewer) -> Sequence[WorkOrder]:
    """The open orders the grid worker holds."""
    return session.scalars(_OPEN, dict(held_by(viewer))).unique().all()


def lately_closed(session: Session, viewer: Viewer, seal: Seal) -> list[ClosedOrder]:
    """The last few orders the grid worker closed, with names as everybody may see them."""
    orders = session.execute(_LATELY_CLOSED, dict(held_by(viewer))).all()
    if not orders:
        return []
    order_ids = [one.follows_id or one.id for one in orders]
    leading = dict(session.execute(_LEADING_PERSONS, {"order_ids": order_ids}).all())
    rows = session.execute(_NAMES, {"case_ids": [one.case_id for one in orders]})
    names = {(case_id, person_key): sealed_name for case_id, person_key, sealed_name in rows}
    closed = []
    for order_id, number, closed_at, case_id, follows_id, person_of_basis, case_number in orders:
        person_key = leading.get(follows_id or order_id, person_of_basis)
        name = people.name_masked(case_number, person_key, names[case_id, person_key], seal)
        closed.append(ClosedOrder(number, name, closed_at))
    return closed


def note_list_read(session: Session, viewer: Viewer, orders: Sequence[WorkOrder], at: datetime) -> None:
    """Record that the names on these orders were shown to whoever holds them."""
    if orders:
        numbers = [order.number for order in orders]
        action_log.record(
            session,
            at,
            [Action(viewer.username, "names_read", viewer.unit_code, "planning_visits", {"orders": numbers})],
        )


def note_taken_along(session: Session, viewer: Viewer, orders: Sequence[WorkOrder], at: datetime) -> None:
    """Record that these files went to the phone of whoever holds them, for the hours without signal."""
    if orders:
        details = {"orders": [order.number for order in orders]}
        action = Action(viewer.username, "files_taken_along", viewer.unit_code, "working_without_signal", details)
        action_log.record(session, at, [action])


def note_order_read(session: Session, viewer: Viewer, order: WorkOrder, is_held: bool, at: datetime) -> None:
    """Record that a person's file was opened: by its holder in full, by others masked."""
    preparing = "handling" if order.kind is OrderKind.DEPARTMENT_HANDLING else "preparing_visit"
    action, purpose = ("file_read", preparing) if is_held else ("masked_file_read", "following_up")
    action_log.record(session, at, [Action(viewer.username, action, order.number, purpose)])


def note_identity_number_read(
    session: Session, viewer: Viewer, order: WorkOrder, contact: Contact, purpose: str, at: datetime
) -> None:
    """Record that an identity number was shown, to whom, and what for."""
    details = {"person_key": contact.person_key}
    action_log.record(session, at, [Action(viewer.username, "identity_number_read", order.number, purpose, details)])


def assign(session: Session, order: WorkOrder, worker: Staff, viewer: Viewer, at: datetime, seen: str = "") -> None:
    """Give `order` to `worker`; its clock starts if it had none.

    Raises `MoveRefusedError` once it is closed, and when somebody else changed it since `seen` was marked.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id", "delivered_at", "level", "warnings"])
    if seen not in ("", seen_mark(order)):
        raise MoveRefusedError(f"order {order.number} has changed since it was read")
    name = "assign" if order.status is OrderStatus.UNASSIGNED else "reassign"
    times = {"delivered_at": at} if name == "assign" else {}
    before = order.assignee_id
    move(order, name, Actor.SUPERVISOR, assignee_id=worker.id, **times)
    if before is not None and before != worker.id:
        reason = HandOverReason.ASSIGNED_ANEW
        session.add(
            HandOver(order_id=order.id, from_id=before, to_id=worker.id, by_id=viewer.staff_id, at=at, reason=reason)
        )
    details = {"assignee": worker.username}
    action_log.record(session, at, [Action(viewer.username, f"order_{name}ed", order.number, None, details)])
