"""What a department does with its order, and what a supervisor does with what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from case_service import action_log
from case_service.access import Viewer, visible_orders, with_everything_shown
from case_service.action_log import Action
from case_service.cases.closing import close_if_done
from case_service.household_locks import lock_households
from case_service.orders.states import Actor, MoveRefusedError, move
from case_service.referrals.dispatch_table import departments_along, key_of
from case_service.referrals.referring import county_of, ended, hand_to, handling_place, note_of, order_for
from case_service.row_security import looking_as_system
from case_service.sealing import Seal
from case_service.tables import Handling, Referral, Unit, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.tables.referrals import HandlingResult

CLOSED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Part:
    """What one department has to do in a referral, and how far it is."""

    order: WorkOrder
    result: HandlingResult | None
    text: str | None


@dataclass(frozen=True, slots=True)
class ReferralShown:
    """A referral as it is shown: what is asked, and every department's part, the lead's first."""

    referral: Referral
    note: str | None
    parts: list[Part]


def orders_of_department(session: Session, viewer: Viewer, at_work: bool) -> Sequence[WorkOrder]:
    """The orders of the viewer's department: those it must act on, longest waiting first, or those lately ended."""
    orders = visible_orders(viewer).options(selectinload(WorkOrder.referral))
    if at_work:
        wanted = orders.where(WorkOrder.status.in_([OrderStatus.OFFERED, OrderStatus.OPEN]))
        wanted = wanted.order_by(WorkOrder.delivered_at, WorkOrder.id)
    else:
        wanted = orders.where(WorkOrder.status.in_([OrderStatus.RETURNED, OrderStatus.CLOSED]))
        wanted = wanted.order_by(WorkOrder.delivered_at.desc(), WorkOrder.id.desc()).limit(CLOSED_SHOWN)
    return session.scalars(with_everything_shown(wanted)).unique().all()


def accept(session: Session, order: WorkOrder, viewer: Viewer, at: datetime) -> None:
    """Take the order on, or over from a colleague. Raises `MoveRefusedError` when it was ended meanwhile."""
    _take_up(session, order)
    name = "take_over" if order.status is OrderStatus.OPEN else "accept"
    move(order, name, Actor.DEPARTMENT, assignee_id=viewer.staff_id)
    session.flush()
    _note(session, order, f"handling_{name}", viewer, at)


def give_back(session: Session, order: WorkOrder, reason: str, viewer: Viewer, at: datetime, seal: Seal) -> None:
    """Return the order with a reason: a supervisor decides what becomes of it. Raises `MoveRefusedError`."""
    _take_up(session, order)
    if order.status is OrderStatus.OPEN:
        move(order, "give_back", _as_holder(order, viewer))
    else:
        move(order, "return", Actor.DEPARTMENT)
    session.add(ended(order, HandlingResult.RETURNED, reason, viewer, at, seal))
    session.flush()
    _note(session, order, "handling_returned", viewer, at)


def resolve(
    session: Session,
    order: WorkOrder,
    result: HandlingResult,
    text: str,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
    look_in_after: int,
) -> None:
    """End the department's part with its result; the last part ends the case. Raises `MoveRefusedError`."""
    _take_up(session, order)
    move(order, "resolve", _as_holder(order, viewer), closed_at=at)
    session.add(ended(order, result, text, viewer, at, seal))
    session.flush()
    closed = close_if_done(session, order.case, at, look_in_after)
    _note(session, order, "handling_resolved", viewer, at, result=result.value, case_closed=closed)


def settle(
    session: Session,
    order: WorkOrder,
    department: str,
    reason: str,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
    look_in_after: int,
) -> None:
    """Give what was returned to another department, or end it there. Raises `MoveRefusedError`."""
    _take_up(session, order)
    move(order, "settle", Actor.SUPERVISOR, closed_at=at)
    session.flush()
    with looking_as_system(session):
        referral = order.referral
        if department and referral is not None:
            place = session.get_one(Unit, order.case.unit_code)
            unit, county = departments_along(session, place)[department], county_of(session, place)
            successor = order_for(session, referral, order.is_lead, order, order.basis or {}, at)
            hand_to(session, successor, unit, county, viewer, at, seal)
            session.flush()
        close_if_done(session, order.case, at, look_in_after)
    _note(session, order, "handling_settled", viewer, at, reason=reason, department=department or None)


def departments_to_ask(session: Session, order: WorkOrder) -> dict[str, Unit]:
    """The departments that may take over what `order` asked for: all that answer for the place but its own."""
    with looking_as_system(session):
        found = departments_along(session, session.get_one(Unit, order.case.unit_code))
    return {key: unit for key, unit in sorted(found.items()) if key != key_of(order.unit)}


def referral_of(session: Session, order: WorkOrder, seal: Seal) -> ReferralShown | None:
    """The referral that `order` is a part of, with what the other departments have done so far."""
    if order.referral_id is None:
        return None
    return referrals_shown(session, [order.referral_id], seal)[0]


def referrals_of_case(session: Session, case_id: int, seal: Seal) -> list[ReferralShown]:
    """All referrals of a case, in their order. Callers have checked that the viewer may see the case."""
    with looking_as_system(session):
        ids = session.scalars(select(Referral.id).where(Referral.case_id == case_id).order_by(Referral.id)).all()
    return referrals_shown(session, ids, seal)


def referrals_shown(session: Session, ids: Sequence[int], seal: Seal) -> list[ReferralShown]:
    """The referrals with all parts, also those of departments where the viewer does not look."""
    with looking_as_system(session):
        referrals = session.scalars(
            select(Referral)
            .where(Referral.id.in_(ids))
            .order_by(Referral.id)
            .options(
                joinedload(Referral.opened_by),
                joinedload(Referral.case),
                joinedload(Referral.rule),
                selectinload(Referral.orders).options(
                    joinedload(WorkOrder.unit),
                    joinedload(WorkOrder.assignee),
                    joinedload(WorkOrder.handling).joinedload(Handling.recorded_by),
                    selectinload(WorkOrder.pauses),
                ),
            )
        ).all()
        return [
            ReferralShown(one, note_of(one, seal), [_part(order, seal) for order in one.orders]) for one in referrals
        ]


def _part(order: WorkOrder, seal: Seal) -> Part:
    ended_as = order.handling
    if ended_as is None:
        return Part(order, None, None)
    return Part(order, ended_as.result, seal.open(ended_as.sealed_text, handling_place(order)))


def _take_up(session: Session, order: WorkOrder) -> None:
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])


def _as_holder(order: WorkOrder, viewer: Viewer) -> Actor:
    if order.assignee_id != viewer.staff_id:
        raise MoveRefusedError(f"order {order.number} is in a colleague's hands")
    return Actor.ASSIGNEE


def _note(session: Session, order: WorkOrder, name: str, viewer: Viewer, at: datetime, **details: object) -> None:
    action_log.record(session, at, [Action(viewer.username, name, order.number, None, details)])
