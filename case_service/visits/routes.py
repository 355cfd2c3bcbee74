"""The visit form and its recording."""

from fastapi import APIRouter, Request, Response

from case_service.access import GridWorker, OrderToVisit, holds_open_order
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.orders.states import MoveRefusedError
from case_service.tables import WorkOrder
from case_service.tables.referrals import HelpKind
from case_service.visits.answers import Answers, mistakes
from case_service.visits.form_definition import form_definition
from case_service.visits.queries import record_visit
from case_service.web import page, see_other
from schemas.messages import OutcomeKind

router = APIRouter(include_in_schema=False)


@router.get("/orders/{number}/visit")
def visit_form(request: Request, order: OrderToVisit, viewer: GridWorker, rule: DueRuleDep, now: Now) -> Response:
    """The form of the version the order is pinned to; a closed order shows its result instead."""
    if not holds_open_order(viewer, order):
        return see_other(f"/orders/{order.number}")
    answers = Answers.blank(form_definition(order.form_version), now)
    return _form_page(request, order, viewer, rule, now, answers, {})


@router.post("/orders/{number}/visit")
def save_visit(
    request: Request,
    order: OrderToVisit,
    viewer: GridWorker,
    form: CheckedForm,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """Record the visit, or show the form again with what to mend. Sent twice, it is recorded once."""
    if not holds_open_order(viewer, order):
        return see_other(f"/orders/{order.number}")
    definition = form_definition(order.form_version)
    answers = Answers.entered(form, definition)
    found = mistakes(answers, definition, local_date(order.delivered_at or now), now)
    if found:
        return _form_page(request, order, viewer, rule, now, answers, found)
    try:
        state = request.app.state
        record_visit(session, order, answers, viewer, now, state.seal, state.settings.outcomes_to_approve)
        session.commit()
    except MoveRefusedError:
        session.rollback()
    return see_other(f"/orders/{order.number}")


def _form_page(
    request: Request,
    order: WorkOrder,
    viewer: GridWorker,
    rule: DueRuleDep,
    now: Now,
    answers: Answers,
    found: dict[str, str],
) -> Response:
    return page(
        request,
        "pages/visit.html",
        status_code=422 if found else 200,
        card=card(order, viewer, rule, request.app.state.seal, now),
        form=form_definition(order.form_version),
        answers=answers,
        mistakes=found,
        outcomes=list(OutcomeKind),
        help_kinds=list(HelpKind),
        latest=now,
    )
