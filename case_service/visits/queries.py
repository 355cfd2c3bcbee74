"""Recording a visit, which closes the order and the case, and reading it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.household_locks import lock_households
from case_service.orders.cards import seen_mark
from case_service.orders.states import Actor, move
from case_service.outcomes.queries import write_outcomes
from case_service.sealing import Seal
from case_service.tables import Addition, Staff, Visit, WorkOrder
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus, Origin
from case_service.visits.answers import Answers
from case_service.visits.form_definition import FormDefinition, form_definition


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
    session: Session, order: WorkOrder, answers: Answers, viewer: Viewer, at: datetime, seal: Seal, seen: str = ""
) -> None:
    """Write the visit and its outcomes, close the order, and the case when nothing of it is left to do.

    The case of an application stays open: its decision closes it.
    Raises `MoveRefusedError` when the order was closed or handed on in the meantime, `OrderChangedError` when it
    changed since `seen` was marked.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id", "level", "warnings"])
    actor = Actor.ASSIGNEE if order.assignee_id == viewer.staff_id else Actor.SUPERVISOR
    mark = seen_mark(order)
    move(order, "record_visit", actor, closed_at=at)
    if seen not in ("", mark):
        raise OrderChangedError
    visit = _visit(order, answers, viewer, at, seal)
    session.add(visit)
    session.flush()
    _close_case(session, order, visit, at)
    write_outcomes(session, order, visit)
    details = {"outcome": visit.outcome.value, "data_error_field": visit.data_error_field}
    action_log.record(session, at, [Action(viewer.username, "visit_recorded", order.number, None, details)])


def record_addition(
    session: Session, order: WorkOrder, answers: Answers, viewer: Viewer, at: datetime, seal: Seal
) -> Addition:
    """Write answers that came too late to close the order; nothing else of it changes."""
    addition = Addition(
        order_id=order.id,
        recorded_by_id=viewer.staff_id,
        recorded_at=at,
        form_version=order.form_version,
        sealed_answers=seal.close(answers.model_dump_json(), _place(order)),
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
        .where(Visit.order_id == order.id)
    ).one_or_none()
    if found is None:
        return None
    visit, recorded_by = found
    return _opened(order, visit, recorded_by, seal)


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
    answers = Answers.model_validate_json(seal.open(row.sealed_answers, _place(order)))
    return RecordedVisit(row, answers, form_definition(row.form_version), recorded_by)


def _close_case(session: Session, order: WorkOrder, visit: Visit, at: datetime) -> None:
    """The visit at the door says what became of the case; papers that follow only keep it open until they are done."""
    case = order.case
    if case.origin is Origin.APPLICATION:
        return
    if order.kind is OrderKind.HOME_VISIT:
        case.outcome = visit.outcome
    left = select(func.count(WorkOrder.id)).where(
        WorkOrder.case_id == case.id, WorkOrder.id != order.id, WorkOrder.status != OrderStatus.CLOSED
    )
    if not session.scalar(left):
        case.status, case.closed_at = CaseStatus.CLOSED, at


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
