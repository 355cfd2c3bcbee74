"""When a case ends, and who looks in again after help."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from case_service.inbox.queries import next_order_number, worker_of_each_grid
from case_service.orders.cards import claims_behind
from case_service.orders.states import Actor, move
from case_service.row_security import looking_as_system
from case_service.tables import Case, DispatchRule, Handling, Referral, UrgentHelp, WorkOrder
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus, Origin
from case_service.tables.referrals import HandlingResult
from case_service.visits.form_definition import CURRENT_HOME_VISIT_FORM
from schemas.messages import OutcomeKind

NOBODY_TO_VISIT = frozenset({OutcomeKind.DECEASED, OutcomeKind.MOVED_OR_ABSENT, OutcomeKind.REFUSED})


def close_if_done(session: Session, case: Case, at: datetime, look_in_after: int) -> bool:
    """Close `case` once none of its orders is left to do (办结汇总); says whether it was closed.

    The case of an application stays open: its decision closes it. Whoever was helped is visited again, to see whether
    it was enough: by the rule of the help that a department gave, which is then the outcome, else after
    `look_in_after` working days; never where that is 0.
    """
    with looking_as_system(session):  # orders of departments lie outside the sight of whoever ends the last one
        left = select(func.count(WorkOrder.id)).where(
            WorkOrder.case_id == case.id, WorkOrder.status != OrderStatus.CLOSED
        )
        if case.status is CaseStatus.CLOSED or case.origin is Origin.APPLICATION or session.scalar(left):
            return False
        case.status, case.closed_at = CaseStatus.CLOSED, at
        after = _days_after_help(session, case)
        if after is not None:
            case.outcome = OutcomeKind.HELPED
        elif case.outcome is OutcomeKind.HELPED or _was_helped_at_once(session, case):
            after = look_in_after
        if after:
            _look_in_again(session, case, after, at)
        session.flush()
    return True


def case_in_hand(session: Session, case: Case) -> Case:
    """The household's open case, which is `case` itself, reopened where no other is open."""
    if case.status is CaseStatus.OPEN:
        return case
    with looking_as_system(session):
        is_open = (Case.household_key == case.household_key, Case.matter == case.matter, Case.status == CaseStatus.OPEN)
        other = session.scalar(select(Case).where(*is_open))
        if other is None:
            case.status, case.closed_at = CaseStatus.OPEN, None
            session.flush()
    return other or case


def _days_after_help(session: Session, case: Case) -> int | None:
    """The soonest look that the rules of the help given ask for: 0 where none does, none where nobody helped."""
    days: Sequence[int | None] = session.scalars(
        select(DispatchRule.follow_up_days)
        .join(Referral, Referral.rule_id == DispatchRule.id)
        .join(WorkOrder, WorkOrder.referral_id == Referral.id)
        .join(Handling, Handling.order_id == WorkOrder.id)
        .where(Referral.case_id == case.id, Handling.result == HandlingResult.HELPED)
    ).all()
    return min((one for one in days if one), default=0) if days else None


def _was_helped_at_once(session: Session, case: Case) -> bool:
    """Whether a worker helped before the papers, and somebody is there to be visited again."""
    given = select(UrgentHelp.id).join(WorkOrder, WorkOrder.id == UrgentHelp.order_id)
    return (
        case.outcome not in NOBODY_TO_VISIT
        and session.scalar(given.where(WorkOrder.case_id == case.id).limit(1)) is not None
    )


def _look_in_again(session: Session, case: Case, working_days: int, at: datetime) -> None:
    visit = session.scalars(
        select(WorkOrder)
        .where(WorkOrder.case_id == case.id, WorkOrder.kind == OrderKind.HOME_VISIT)
        .order_by(WorkOrder.id.desc())
    ).first()
    if visit is None:
        return
    basis = _basis(session, case) or claims_behind(visit)[0].model_dump(mode="json")
    order = WorkOrder(
        number=next_order_number(session, at),
        case=case,
        kind=OrderKind.FOLLOW_UP_VISIT,
        unit_code=visit.unit_code,
        form_version=CURRENT_HOME_VISIT_FORM,
        level=visit.level,
        working_days=working_days,
        basis=basis,
    )
    worker_id = worker_of_each_grid(session, {visit.unit_code}).get(visit.unit_code)
    if worker_id is None:
        move(order, "queue", Actor.INTAKE, opened_at=at)
    else:
        move(order, "deliver", Actor.INTAKE, opened_at=at, delivered_at=at, assignee_id=worker_id)
    session.add(order)


def _basis(session: Session, case: Case) -> dict[str, object] | None:
    of_departments = select(WorkOrder.basis).where(WorkOrder.case_id == case.id, WorkOrder.basis.is_not(None))
    return session.scalar(of_departments.order_by(WorkOrder.id.desc()).limit(1))
