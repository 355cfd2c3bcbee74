"""The ledger of pauses: a clock stands still for a written reason, from one day until another, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.clock import local_date
from case_service.clocks.plan import PauseReason, Plan, kept_plan
from case_service.household_locks import lock_households
from case_service.notifications.outbox import Telling, tell
from case_service.orders.cards import due_of
from case_service.orders.states import MoveRefusedError
from case_service.tables import ClockPause, WorkOrder
from case_service.tables.casework import RUNNING
from case_service.tables.notifications import Happening
from case_service.working_days import DueRule


class PauseRefusedError(MoveRefusedError):
    """The clock cannot be stopped or started now."""


@dataclass(frozen=True, slots=True)
class ClockShown:
    """What an order's page shows of its clock."""

    pauses: Sequence[ClockPause]
    may_pause: bool
    reasons: Sequence[PauseReason]


def clock_shown(session: Session, order: WorkOrder, viewer: Viewer) -> ClockShown:
    """The pauses of `order`, and whether `viewer` may add to them."""
    plan = plan_of(session, order)
    is_running = order.status in RUNNING
    return ClockShown(order.pauses, is_running and may_pause(plan, viewer), plan.pauses.reasons)


def plan_of(session: Session, order: WorkOrder) -> Plan:
    """The plan that `order` runs by."""
    return kept_plan(session, order.plan_version)


def may_pause(plan: Plan, viewer: Viewer) -> bool:
    """Whether the plan lets this person stop and start the clock."""
    return viewer.role in plan.pauses.allowed


def pause(session: Session, order: WorkOrder, reason: PauseReason, viewer: Viewer, rule: DueRule, at: datetime) -> None:
    """Stop the clock from today on. What is overdue stays overdue: a pause takes back no day that has passed."""
    _lock(session, order)
    due = due_of(order, rule)
    if due is None:
        raise PauseRefusedError("the clock stands still already")
    if rule.is_overdue(due, at):
        raise PauseRefusedError("the order is overdue")
    order.pauses.append(ClockPause(paused_on=local_date(at), reason=reason.value, paused_by=viewer.username))
    session.flush()
    _tell_holder(session, order, Happening.CLOCK_PAUSED, viewer, None, at)
    action_log.record(session, at, [Action(viewer.username, "clock_paused", order.number, reason.value)])


def resume(session: Session, order: WorkOrder, reason: str, viewer: Viewer, rule: DueRule, at: datetime) -> None:
    """Start the clock again; today counts as a day on which it runs."""
    _lock(session, order)
    open_pause = next((one for one in order.pauses if one.resumed_on is None), None)
    if open_pause is None:
        raise PauseRefusedError("the clock is running")
    open_pause.resumed_on = max(local_date(at), open_pause.paused_on)
    open_pause.resumed_by, open_pause.resume_reason = viewer.username, reason
    session.flush()
    due = due_of(order, rule)
    _tell_holder(session, order, Happening.CLOCK_RESUMED, viewer, due.at if due else None, at)
    action_log.record(session, at, [Action(viewer.username, "clock_resumed", order.number, None)])


def _lock(session: Session, order: WorkOrder) -> None:
    lock_households(session, [order.case.household_key])
    session.refresh(order, ["status", "assignee_id", "delivered_at", "pauses"])
    if order.status not in RUNNING:
        raise PauseRefusedError("the order is not open")


def _tell_holder(
    session: Session, order: WorkOrder, happening: Happening, viewer: Viewer, due_at: datetime | None, at: datetime
) -> None:
    if order.assignee_id is not None and order.assignee_id != viewer.staff_id:
        cause = f"{order.number}/{happening}/{at.isoformat()}"
        tell(session, [Telling(order.assignee_id, order.id, happening, cause, due_at)], at)
