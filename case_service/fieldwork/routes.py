"""The short forms of fieldwork, and the supervisor's decision on a request for more time."""

import secrets

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from case_service.access import (
    GridWorker,
    OrderToAnswer,
    OrderToAssign,
    OrderToVisit,
    Supervisor,
    Viewer,
    colleagues_of,
    holds_open_order,
)
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.fieldwork import queries
from case_service.fieldwork.entries import LONGEST_DELAY, REASONS_TO_HAND_OVER, Entry, Task, entered, untouched
from case_service.forms_posted import CheckedForm, field
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.orders.states import MoveRefusedError
from case_service.submissions import in_conflict, keep_receipt, submission_of, taken, to_mend, was_taken
from case_service.tables import WorkOrder
from case_service.tables.fieldwork import HelpGiven, MoreTimeReason
from case_service.visits.conflicts import Line, conflict_about
from case_service.web import language_of, own_path, page, say_for, see_other, wants_json, word_for

router = APIRouter(include_in_schema=False)


@router.get("/orders/{number}/do/{task}")
def fieldwork_form(
    request: Request,
    order: OrderToVisit,
    task: Task,
    viewer: GridWorker,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """One short form; of an order that is not held any more, its page instead."""
    if not holds_open_order(viewer, order):
        return see_other(f"/orders/{order.number}")
    return form_page(request, order, task, viewer, session, rule, now, untouched(task, now))


@router.post("/orders/{number}/do/{task}")
def save_fieldwork(
    request: Request,
    order: OrderToAnswer,
    task: Task,
    viewer: GridWorker,
    form: CheckedForm,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """Write what was entered, or show the form again with what to mend. Sent twice, it is written once."""
    submission = submission_of(request, form)
    if was_taken(session, submission, order, viewer):
        return taken(request, _path_after(order, viewer))
    if not holds_open_order(viewer, order):
        return _refused(request, order, task, form, viewer, session)
    colleagues = {one.username: one for one in colleagues_of(session, viewer)}
    entry = entered(task, form, now, colleagues)
    if entry.mistakes:
        if wants_json(request):
            word = word_for(language_of(request))
            return to_mend({name: word(key) for name, key in entry.mistakes.items()})
        return form_page(request, order, task, viewer, session, rule, now, entry)
    seal = request.app.state.seal
    try:
        match task:
            case Task.URGENT_HELP:
                days = request.app.state.settings.papers_working_days
                queries.help_at_once(session, order, entry, viewer, now, seal, days)
            case Task.MORE_TIME:
                queries.ask_for_time(session, order, entry, viewer, now, seal)
            case Task.HAND_OVER:
                queries.hand_over(session, order, entry, colleagues[entry.values["colleague"]], viewer, now)
    except MoveRefusedError:
        session.rollback()
        return _refused(request, order, task, form, viewer, session)
    keep_receipt(session, submission, order, viewer, now, task.value)
    session.commit()
    return taken(request, _path_after(order, viewer))


@router.post("/orders/{number}/more-time-decision")
def decide_on_time(
    order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """Grant or refuse the request for more time that waits."""
    decision = field(form, "decision")
    if decision not in ("grant", "refuse"):
        raise HTTPException(422)
    queries.decide_on_time(session, order, decision == "grant", viewer, rule, now)
    session.commit()
    return see_other(own_path(field(form, "next"), f"/orders/{order.number}"))


def form_page(
    request: Request,
    order: WorkOrder,
    task: Task,
    viewer: Viewer,
    session: Session,
    rule: DueRuleDep,
    now: Now,
    entry: Entry,
) -> Response:
    """One short form with what was entered so far."""
    return page(
        request,
        "pages/fieldwork.html",
        status_code=422 if entry.mistakes else 200,
        card=card(order, viewer, rule, request.app.state.seal, now),
        task=task.value,
        values=entry.values,
        mistakes=entry.mistakes,
        colleagues=colleagues_of(session, viewer),
        is_waiting=queries.waiting_request(session, order) is not None,
        helps=list(HelpGiven),
        time_reasons=list(MoreTimeReason),
        hand_over_reasons=REASONS_TO_HAND_OVER,
        latest_until=local_date(now) + LONGEST_DELAY,
        submission_key=secrets.token_urlsafe(16),
    )


def _path_after(order: WorkOrder, viewer: Viewer) -> str:
    return f"/orders/{order.number}" if order.assignee_id == viewer.staff_id else "/orders"


def _refused(
    request: Request, order: WorkOrder, task: Task, form: FormData, viewer: Viewer, session: Session
) -> Response:
    if not wants_json(request):
        raise HTTPException(409)
    language = language_of(request)
    word = word_for(language)
    conflict = conflict_about(session, order, viewer, request.app.state.seal, word, say_for(language))
    own = [Line(word(f"fieldwork.{task}"), field(form, "note") or field(form, "reason"))]
    return in_conflict(conflict.as_answer(own))
