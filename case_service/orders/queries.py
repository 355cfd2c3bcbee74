"""What the pages about orders ask the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import HELD_ORDERS, Viewer, held_by, with_everything_shown
from case_service.action_log import Action
from case_service.household_locks import lock_households
from case_service.orders.cards import seen_mark
from case_service.orders.states import Actor, MoveRefusedError, move
from case_service.tables import (
    Addition,
    Contact,
    HandOver,
    MoreTimeRequest,
    Photo,
    Staff,
    UrgentHelp,
    Visit,
    WorkOrder,
)
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.fieldwork import HandOverReason

_OPEN = with_everything_shown(HELD_ORDERS.where(WorkOrder.status == OrderStatus.OPEN))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded on one order, so that nothing is asked for that is not there."""

    visits: bool
    additions: bool
    photos: bool
    helps: bool
    requests: bool


_order_id = bindparam("order_id", type_=Integer())
_RECORDED = select(
    exists().where(Visit.order_id == _order_id),
    exists().where(Addition.order_id == _order_id),
    exists().where(Photo.order_id == _order_id),
    exists().where(or_(UrgentHelp.order_id == _order_id, UrgentHelp.papers_order_id == _order_id)),
    exists().where(MoreTimeRequest.order_id == _order_id),
)


def open_orders_held(session: Session, viewer: Viewer) -> Sequence[WorkOrder]:
    """The open orders the grid worker holds."""
    return session.scalars(_OPEN, dict(held_by(viewer))).unique().all()


def recorded_on(session: Session, order: WorkOrder) -> Recorded:
    """Which of the things that a page shows were recorded on `order`: most orders have none of them."""
    return Recorded(*session.execute(_RECORDED, {"order_id": order.id}).one())


def note_list_read(session: Session, viewer: Viewer, numbers: Sequence[str], at: datetime) -> None:
    """Record that the names on the orders of these numbers were shown to whoever holds them."""
    if numbers:
        action_log.record(
            session,
            at,
            [Action(viewer.username, "names_read", viewer.unit_code, "planning_visits", {"orders": [*numbers]})],
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
