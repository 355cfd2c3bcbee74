"""The visit form, its recording, and its photos."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import GridWorker, OrderToAnswer, OrderToSee, OrderToVisit, SignedIn, Viewer, holds_open_order
from case_service.action_log import Action
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.forms_posted import CheckedFormWithFiles, field
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card, seen_mark
from case_service.orders.states import MoveRefusedError
from case_service.submissions import (
    Submission,
    in_conflict,
    keep_receipt,
    submission_of,
    taken,
    to_mend,
    was_taken,
)
from case_service.tables import WorkOrder
from case_service.tables.referrals import HelpKind
from case_service.visits.answers import Answers, mistakes
from case_service.visits.conflicts import ConflictKind, answer_lines, conflict_about
from case_service.visits.form_definition import form_definition
from case_service.visits.known import known_of
from case_service.visits.photos import MOST_PHOTOS, PhotosTaken, keep_photos, opened_photo, photos_in
from case_service.visits.queries import OrderChangedError, record_addition, record_visit
from case_service.web import language_of, page, say_for, see_other, wants_json, word_for
from case_service.working_days import DueRule

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Sending:
    """One posted visit form: who sends what for which order."""

    request: Request
    order: WorkOrder
    viewer: Viewer
    session: Session
    rule: DueRule
    now: datetime
    answers: Answers
    photos: PhotosTaken
    submission: Submission | None
    seen: str

    @property
    def path(self) -> str:
        """Where the sender may look afterwards."""
        is_still_theirs = self.order.assignee_id == self.viewer.staff_id
        return f"/orders/{self.order.number}" if is_still_theirs else "/orders"


def sending(
    request: Request,
    order: OrderToAnswer,
    viewer: GridWorker,
    form: CheckedFormWithFiles,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Sending:
    """What was posted, read by the form the order is pinned to."""
    return Sending(
        request=request,
        order=order,
        viewer=viewer,
        session=session,
        rule=rule,
        now=now,
        answers=Answers.entered(form, form_definition(order.form_version)),
        photos=photos_in(form),
        submission=submission_of(request, form),
        seen=field(form, "seen"),
    )


VisitSent = Annotated[Sending, Depends(sending)]


@router.get("/orders/{number}/visit")
def visit_form(request: Request, order: OrderToVisit, viewer: GridWorker, rule: DueRuleDep, now: Now) -> Response:
    """The form of the version the order is pinned to; a closed order shows its result instead."""
    if not holds_open_order(viewer, order):
        return see_other(f"/orders/{order.number}")
    return untouched_form(request, order, viewer, rule, now)


def untouched_form(request: Request, order: WorkOrder, viewer: Viewer, rule: DueRule, now: datetime) -> Response:
    """The form before anybody touched it, with what is known filled in."""
    definition = form_definition(order.form_version)
    known = known_of(definition, card(order, viewer, rule, request.app.state.seal, now))
    answers = Answers.blank(definition, now, {question_id: one.value for question_id, one in known.items()})
    return _form_page(request, order, viewer, rule, now, answers, {})


@router.post("/orders/{number}/visit")
def save_visit(sent: VisitSent) -> Response:
    """Record the visit, or show the form again with what to mend. Sent twice, it is recorded once.

    Whoever answers an order that was closed, changed or handed on meanwhile is shown both versions.
    """
    if was_taken(sent.session, sent.submission, sent.order, sent.viewer):
        return taken(sent.request, sent.path)
    if not holds_open_order(sent.viewer, sent.order):
        return _conflict(sent)
    found = _mistakes(sent)
    if found:
        return _to_mend(sent, found)
    seal, settings = sent.request.app.state.seal, sent.request.app.state.settings
    try:
        record_visit(
            sent.session, sent.order, sent.answers, sent.viewer, sent.now, seal, sent.seen,
            settings.outcomes_to_approve, settings.follow_up_working_days,
        )  # fmt: skip
    except (MoveRefusedError, OrderChangedError):
        sent.session.rollback()
        return _conflict(sent)
    keep_photos(sent.session, sent.order, sent.photos.pictures, sent.viewer.staff_id, sent.now, seal)
    keep_receipt(sent.session, sent.submission, sent.order, sent.viewer, sent.now, "visit")
    answer = taken(sent.request, sent.path)  # afterwards the order would have to be read again
    sent.session.commit()
    return answer


@router.post("/orders/{number}/visit/questions")
def ask_further(sent: VisitSent) -> Response:
    """The form with the questions that the answers so far call for, where no script can show them. Writes nothing."""
    if not holds_open_order(sent.viewer, sent.order):
        return _conflict(sent)
    return _form_page(sent.request, sent.order, sent.viewer, sent.rule, sent.now, sent.answers, {})


@router.post("/orders/{number}/addition")
def add_to_visit(sent: VisitSent) -> Response:
    """Keep answers that came too late: the order was closed, or is in a colleague's hands."""
    if was_taken(sent.session, sent.submission, sent.order, sent.viewer):
        return taken(sent.request, sent.path)
    if holds_open_order(sent.viewer, sent.order):
        raise HTTPException(409)
    found = _mistakes(sent)
    if found:
        return _to_mend(sent, found)
    seal = sent.request.app.state.seal
    addition = record_addition(sent.session, sent.order, sent.answers, sent.viewer, sent.now, seal)
    keep_photos(sent.session, sent.order, sent.photos.pictures, sent.viewer.staff_id, sent.now, seal, addition)
    keep_receipt(sent.session, sent.submission, sent.order, sent.viewer, sent.now, "addition")
    answer = taken(sent.request, sent.path)  # afterwards the order would have to be read again
    sent.session.commit()
    return answer


@router.get("/orders/{number}/photos/{photo_id}")
def photo(
    request: Request, order: OrderToSee, photo_id: int, viewer: SignedIn, session: SessionDep, now: Now
) -> Response:
    """One photo of the visit, for whoever may see the order; each look is recorded."""
    picture = opened_photo(session, order, photo_id, request.app.state.seal)
    if picture is None:
        raise HTTPException(404)
    details = {"photo": photo_id}
    action_log.record(session, now, [Action(viewer.username, "photo_read", order.number, "following_up", details)])
    session.commit()
    return Response(picture, media_type="image/jpeg")


def _mistakes(sent: Sending) -> dict[str, str]:
    definition = form_definition(sent.order.form_version)
    delivered_on = local_date(sent.order.delivered_at or sent.now)
    found = mistakes(sent.answers, definition, delivered_on, sent.now)
    return found | ({"photos": sent.photos.mistake} if sent.photos.mistake else {})


def _to_mend(sent: Sending, found: dict[str, str]) -> Response:
    if wants_json(sent.request):
        word = word_for(language_of(sent.request))
        return to_mend({name: word(key) for name, key in found.items()})
    return _form_page(sent.request, sent.order, sent.viewer, sent.rule, sent.now, sent.answers, found)


def _conflict(sent: Sending) -> Response:
    """Both versions, and the choice of what becomes of the worker's own."""
    language = language_of(sent.request)
    word, say = word_for(language), say_for(language)
    definition = form_definition(sent.order.form_version)
    conflict = conflict_about(sent.session, sent.order, sent.viewer, sent.request.app.state.seal, word, say)
    own_lines = answer_lines(sent.answers, definition, word, say)
    if wants_json(sent.request):
        return in_conflict(conflict.as_answer(own_lines))
    return page(
        sent.request,
        "pages/conflict.html",
        status_code=409,
        conflict=conflict,
        number=sent.order.number,
        action="visit" if conflict.kind is ConflictKind.CHANGED else "addition",
        own_lines=own_lines,
        own_fields=sent.answers.as_fields(definition),
        submission_key=secrets.token_urlsafe(16),
        has_photos=bool(sent.photos.pictures),
        back=sent.path,
    )


def _form_page(
    request: Request,
    order: WorkOrder,
    viewer: Viewer,
    rule: DueRule,
    now: datetime,
    answers: Answers,
    found: dict[str, str],
) -> Response:
    definition = form_definition(order.form_version)
    shown = card(order, viewer, rule, request.app.state.seal, now)
    return page(
        request,
        "pages/visit.html",
        status_code=422 if found else 200,
        card=shown,
        form=definition,
        answers=answers,
        asked={question.id for question in definition.asked(answers.visit_kind, answers.questions)},
        known=known_of(definition, shown),
        mistakes=found,
        help_kinds=list(HelpKind),
        latest=now,
        seen=seen_mark(order),
        submission_key=secrets.token_urlsafe(16),
        most_photos=MOST_PHOTOS,
    )
