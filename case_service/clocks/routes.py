"""Stopping and starting the clock of one order."""

from fastapi import APIRouter, HTTPException, Response

from case_service.access import OrderToAssign, Supervisor
from case_service.clock import Now
from case_service.clocks import pauses
from case_service.clocks.plan import PauseReason
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.official_calendar import DueRuleDep
from case_service.web import see_other

router = APIRouter(include_in_schema=False)
LONGEST_REASON = 200


@router.post("/orders/{number}/clock/pause")
def pause_clock(
    order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """Stop the clock for one of the plan's reasons, if the plan lets this person."""
    plan = pauses.plan_of(session, order)
    if not pauses.may_pause(plan, viewer):
        raise HTTPException(403)
    reason = field(form, "reason")
    if reason not in plan.pauses.reasons:
        raise HTTPException(422)
    pauses.pause(session, order, PauseReason(reason), viewer, rule, now)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/clock/resume")
def resume_clock(
    order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """Start the clock again, with a reason."""
    if not pauses.may_pause(pauses.plan_of(session, order), viewer):
        raise HTTPException(403)
    reason = field(form, "reason")
    if not 0 < len(reason) <= LONGEST_REASON:
        raise HTTPException(422)
    pauses.resume(session, order, reason, viewer, rule, now)
    session.commit()
    return see_other(f"/orders/{order.number}")
