"""What the pages about orders ask the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer, visible_orders, with_everything_shown
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


def open_orders_held(session: Session, viewer: Viewer) -> Sequence[WorkOrder]:
    """The open orders the grid worker holds."""
    orders = visible_orders(viewer).where(WorkOrder.status == OrderStatus.OPEN)
    return session.scalars(with_everything_shown(orders)).unique().all()


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


def lately_closed(session: Session, viewer: Viewer, seal: Seal) -> list[ClosedOrder]:
    """The last few orders the grid worker closed, with names as everybody may see them."""
    columns = (WorkOrder.id, WorkOrder.number, WorkOrder.closed_at, WorkOrder.case_id, WorkOrder.follows_id)
    orders = session.execute(
        visible_orders(viewer)
        .with_only_columns(*columns, WorkOrder.basis["person_key"].astext, Case.number)
        .join(WorkOrder.case)
        .where(WorkOrder.status == OrderStatus.CLOSED)
        .order_by(WorkOrder.closed_at.desc())
        .limit(CLOSED_SHOWN)
    ).all()
    leading = _leading_persons(session, {follows_id or order_id for order_id, _, _, _, follows_id, _, _ in orders})
    names = _sealed_names(session, {case_id for _, _, _, case_id, _, _, _ in orders})
    closed = []
    for order_id, number, closed_at, case_id, follows_id, person_of_basis, case_number in orders:
        person_key = leading.get(follows_id or order_id, person_of_basis)
        name = people.name_masked(case_number, person_key, names[case_id, person_key], seal)
        closed.append(ClosedOrder(number, name, closed_at))
    return closed


def _leading_persons(session: Session, order_ids: Iterable[int]) -> dict[int | None, str]:
    """Whom the most urgent warning of each order is about, as `orders.cards.claims_behind` orders them."""
    rows = session.execute(
        select(ReceivedWarning.order_id, ReceivedWarning.person_key)
        .where(ReceivedWarning.order_id.in_(order_ids))
        .order_by(case(URGENCY, value=ReceivedWarning.level).desc(), ReceivedWarning.sequence.desc())
    )
    return dict(rows.all())


def _sealed_names(session: Session, case_ids: Iterable[int]) -> dict[tuple[int, str], bytes]:
    """The names of everybody in these cases."""
    rows = session.execute(
        select(Contact.case_id, Contact.person_key, Contact.sealed_name).where(Contact.case_id.in_(case_ids))
    )
    return {(case_id, person_key): sealed_name for case_id, person_key, sealed_name in rows}


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
