"""Visits whose outcome a supervisor has to approve of before anything follows from it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.household_locks import lock_households
from case_service.orders.states import Actor, move
from case_service.sealing import Seal
from case_service.tables import Visit, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.visits.queries import answers_of, take_effect


def approve(session: Session, order: WorkOrder, viewer: Viewer, at: datetime, seal: Seal, look_in_after: int) -> None:
    """Let a visit take effect that waited for it. Raises `MoveRefusedError` when none waits any more."""
    _take_up(session, order)
    move(order, "approve", Actor.SUPERVISOR, closed_at=at)
    visit = visit_that_counts(session, order)
    answers = answers_of(order, visit, seal)
    followed = take_effect(session, order, visit, answers, viewer, at, seal, look_in_after)
    approved = Action(viewer.username, "closure_approved", order.number, None, {"outcome": visit.outcome.value})
    action_log.record(session, at, [approved, *followed])


def send_back(session: Session, order: WorkOrder, reason: str, viewer: Viewer, at: datetime) -> None:
    """Ask for another visit, saying why; what was recorded stays. Raises `MoveRefusedError` when none waits."""
    _take_up(session, order)
    move(order, "send_back", Actor.SUPERVISOR)
    visit = visit_that_counts(session, order)
    visit.sent_back_at, visit.sent_back_reason = at, reason
    session.flush()
    action_log.record(session, at, [Action(viewer.username, "closure_sent_back", order.number)])


def visit_that_counts(session: Session, order: WorkOrder) -> Visit:
    """The visit of `order` that nobody sent back."""
    return session.scalars(select(Visit).where(Visit.order_id == order.id, Visit.sent_back_at.is_(None))).one()


def last_reason_to_go_again(session: Session, order: WorkOrder) -> str | None:
    """Why the latest visit was sent back, while the next is still to come."""
    if order.status is not OrderStatus.OPEN:
        return None
    latest = select(Visit.sent_back_reason).where(Visit.order_id == order.id).order_by(Visit.id.desc()).limit(1)
    return session.scalar(latest)


def _take_up(session: Session, order: WorkOrder) -> None:
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])
