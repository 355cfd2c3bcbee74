"""Recording a visit, which closes the order and in time the case, and reading it back."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.cases.closing import case_in_hand, close_if_done
from case_service.household_locks import lock_households
from case_service.orders.cards import seen_mark
from case_service.orders.states import Actor, move
from case_service.outcomes.queries import write_outcomes
from case_service.referrals.referring import refer
from case_service.row_security import looking_as_system
from case_service.sealing import Seal
from case_service.tables import Addition, Staff, Visit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.visits.answers import Answers
from case_service.visits.form_definition import FormDefinition, form_definition
from schemas.messages import OutcomeKind


class OrderChangedError(Exception):
    """The order is not any more as it was when the answers were written."""


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """A visit, or an addition to one, as it is shown afterwards."""

    visit: Visit | Addition
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
    seen: str = "",
    to_approve: Set[OutcomeKind] = frozenset(),
    look_in_after: int = 0,
) -> None:
    """Write the visit, and close the order unless a supervisor has to approve of such an outcome first.

    Where the case ends with help, somebody looks in again after `look_in_after` working days.

    Raises `MoveRefusedError` when the order was closed or handed on in the meantime, `OrderChangedError` when it
    changed since `seen` was marked.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id", "level", "warnings"])
    actor = Actor.ASSIGNEE if order.assignee_id == viewer.staff_id else Actor.SUPERVISOR
    mark = seen_mark(order)
    is_to_wait = answers.outcome_kind in to_approve
    if is_to_wait:
        move(order, "submit_visit", actor)
    else:
        move(order, "record_visit", actor, closed_at=at)
    if seen not in ("", mark):
        raise OrderChangedError
    visit = _visit(order, answers, viewer, at, seal)
    session.add(visit)
    session.flush()
    followed = [] if is_to_wait else take_effect(session, order, visit, answers, viewer, at, seal, look_in_after)
    details = {"outcome": visit.outcome.value, "data_error_field": visit.data_error_field}
    name = "visit_submitted" if is_to_wait else "visit_recorded"
    action_log.record(session, at, [Action(viewer.username, name, order.number, None, details), *followed])


def take_effect(
    session: Session,
    order: WorkOrder,
    visit: Visit,
    answers: Answers,
    viewer: Viewer,
    at: datetime,
    seal: Seal,
    look_in_after: int,
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
    close_if_done(session, case, at, look_in_after)
    write_outcomes(session, order, visit)
    return followed


def record_addition(
    session: Session, order: WorkOrder, answers: Answers, viewer: Viewer, at: datetime, seal: Seal
) -> Addition:
    """Write answers that came too late to close the order; nothing else of it changes."""
    addition = Addition(
        order_id=order.id,
        recorded_by_id=viewer.staff_id,
        recorded_at=at,
        form_version=order.form_version,
        sealed_answers=seal.close(answers.model_dump_json(), visit_place(order)),
    )
    session.add(addition)
    session.flush()
    action_log.record(session, at, [Action(viewer.username, "addition_recorded", order.number)])
    return addition


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
    return _opened(order, visit, recorded_by, seal)


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
        known[visit.order_id].number: _opened(known[visit.order_id], visit, recorded_by, seal)
        for visit, recorded_by in rows
    }


def additions(session: Session, order: WorkOrder, seal: Seal) -> Sequence[RecordedVisit]:
    """What came too late to close `order`, opened for reading."""
    rows = session.scalars(
        select(Addition)
        .where(Addition.order_id == order.id)
        .order_by(Addition.id)
        .options(joinedload(Addition.recorded_by))
    )
    return [_opened(order, row, row.recorded_by.display_name, seal) for row in rows]


def _opened(order: WorkOrder, row: Visit | Addition, recorded_by: str, seal: Seal) -> RecordedVisit:
    return RecordedVisit(row, answers_of(order, row, seal), form_definition(row.form_version), recorded_by)


def answers_of(order: WorkOrder, row: Visit | Addition, seal: Seal) -> Answers:
    """What was said at the door, opened."""
    return Answers.model_validate_json(seal.open(row.sealed_answers, visit_place(order)))


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
        sealed_answers=seal.close(answers.model_dump_json(), visit_place(order)),
    )


def visit_place(order: WorkOrder) -> str:
    """Where the answers at a door belong."""
    return f"{order.number}/visit"
