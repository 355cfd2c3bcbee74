"""Recording a visit, which closes the order and in time the case, and reading it back."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.cases.closing import case_in_hand, close_if_done
from case_service.household_locks import lock_households
from case_service.orders.states import Actor, move
from case_service.outcomes.queries import write_outcomes
from case_service.referrals.referring import refer
from case_service.row_security import looking_as_system
from case_service.sealing import Seal
from case_service.tables import Staff, Visit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.visits.answers import Answers
from case_service.visits.form_definition import FormDefinition, form_definition
from schemas.messages import OutcomeKind


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """A visit as it is shown afterwards."""

    visit: Visit
    answers: Answers
    form: FormDefinition
    recorded_by: str


def record_visit(
    session: Session,
    order: WorkOrder,
    answers: Answers,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
    to_approve: Set[OutcomeKind] = frozenset(),
) -> None:
    """Write the visit, and close the order unless a supervisor has to approve of such an outcome first.

    Raises `MoveRefusedError` when the order was closed or handed on in the meantime.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])
    actor = Actor.ASSIGNEE if order.assignee_id == viewer.staff_id else Actor.SUPERVISOR
    is_to_wait = answers.outcome_kind in to_approve
    if is_to_wait:
        move(order, "submit_visit", actor)
    else:
        move(order, "record_visit", actor, closed_at=at)
    visit = _visit(order, answers, viewer, at, seal)
    session.add(visit)
    session.flush()
    followed = [] if is_to_wait else take_effect(session, order, visit, answers, viewer, at, seal)
    details = {"outcome": visit.outcome.value, "data_error_field": visit.data_error_field}
    name = "visit_submitted" if is_to_wait else "visit_recorded"
    action_log.record(session, at, [Action(viewer.username, name, order.number, None, details), *followed])


def take_effect(
    session: Session, order: WorkOrder, visit: Visit, answers: Answers, viewer: Viewer, at: datetime, seal: Seal
) -> list[Action]:
    """What follows from a visit whose order is closed: its outcomes, the help asked of departments, the case's end.

    Returns what is to be recorded after the visit.
    """
    case, followed = order.case, []
    if order.kind is OrderKind.HOME_VISIT:
        case.outcome = visit.outcome
    if answers.help_wanted:
        followed = refer(
            session, case_in_hand(session, case), answers.help_wanted, answers.note, order, viewer, at, seal
        )
    session.flush()
    close_if_done(session, case, at)
    write_outcomes(session, order, visit)
    return followed


def approve(session: Session, order: WorkOrder, viewer: Viewer, at: datetime, seal: Seal) -> None:
    """Let a visit take effect that waited for it. Raises `MoveRefusedError` when none waits any more."""
    _take_up(session, order)
    move(order, "approve", Actor.SUPERVISOR, closed_at=at)
    visit = visit_that_counts(session, order)
    followed = take_effect(session, order, visit, _answers(order, visit, seal), viewer, at, seal)
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


def recorded_visit(session: Session, order: WorkOrder, seal: Seal) -> RecordedVisit | None:
    """The visit that closed `order`, opened for reading."""
    found = session.execute(
        select(Visit, Staff.display_name)
        .join(Staff, Staff.id == Visit.recorded_by_id)
        .where(Visit.order_id == order.id, Visit.sent_back_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    visit, recorded_by = found
    return RecordedVisit(visit, _answers(order, visit, seal), form_definition(visit.form_version), recorded_by)


def recorded_visits(session: Session, orders: Sequence[WorkOrder], seal: Seal) -> dict[str, RecordedVisit]:
    """The visits that count, by the number of their order. Callers have checked who may see the orders."""
    known = {order.id: order for order in orders}
    with looking_as_system(session):
        rows = session.execute(
            select(Visit, Staff.display_name)
            .join(Staff, Staff.id == Visit.recorded_by_id)
            .where(Visit.order_id.in_(known), Visit.sent_back_at.is_(None))
        ).all()
    return {
        known[visit.order_id].number: RecordedVisit(
            visit, _answers(known[visit.order_id], visit, seal), form_definition(visit.form_version), name
        )
        for visit, name in rows
    }


def _take_up(session: Session, order: WorkOrder) -> None:
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])


def _answers(order: WorkOrder, visit: Visit, seal: Seal) -> Answers:
    return Answers.model_validate_json(seal.open(visit.sealed_answers, _place(order)))


def _visit(order: WorkOrder, answers: Answers, viewer: Viewer, at: datetime, seal: Seal) -> Visit:
    if answers.outcome_kind is None or answers.visited_moment is None:
        raise ValueError("only answers without mistakes can be recorded")
    return Visit(
        order_id=order.id,
        form_version=order.form_version,
        visited_at=answers.visited_moment,
        recorded_at=at,
        recorded_by_id=viewer.staff_id,
        outcome=answers.outcome_kind,
        data_error_field=answers.field_in_error,
        sealed_answers=seal.close(answers.model_dump_json(), _place(order)),
    )


def _place(order: WorkOrder) -> str:
    return f"{order.number}/visit"
