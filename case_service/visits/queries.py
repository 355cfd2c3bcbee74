"""Recording a visit, which closes the order and the case, and reading it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.household_locks import lock_households
from case_service.orders.states import Actor, move
from case_service.outcomes.queries import write_outcomes
from case_service.sealing import Seal
from case_service.tables import Staff, Visit, WorkOrder
from case_service.tables.casework import CaseStatus, Origin
from case_service.visits.answers import Answers
from case_service.visits.form_definition import FormDefinition, form_definition


@dataclass(frozen=True, slots=True)
class RecordedVisit:
    """A visit as it is shown afterwards."""

    visit: Visit
    answers: Answers
    form: FormDefinition
    recorded_by: str


def record_visit(
    session: Session, order: WorkOrder, answers: Answers, viewer: Viewer, at: datetime, seal: Seal
) -> None:
    """Write the visit and its outcomes, close the order and its case.

    The case of an application stays open: its decision closes it.
    Raises `MoveRefusedError` when the order was closed or handed on in the meantime.
    """
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id"])
    actor = Actor.ASSIGNEE if order.assignee_id == viewer.staff_id else Actor.SUPERVISOR
    move(order, "record_visit", actor, closed_at=at)
    visit = _visit(order, answers, viewer, at, seal)
    session.add(visit)
    if order.case.origin is not Origin.APPLICATION:
        order.case.status, order.case.outcome, order.case.closed_at = CaseStatus.CLOSED, visit.outcome, at
    session.flush()
    write_outcomes(session, order, visit)
    details = {"outcome": visit.outcome.value, "data_error_field": visit.data_error_field}
    action_log.record(session, at, [Action(viewer.username, "visit_recorded", order.number, None, details)])


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
    answers = Answers.model_validate_json(seal.open(visit.sealed_answers, _place(order)))
    return RecordedVisit(visit, answers, form_definition(visit.form_version), recorded_by)


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
