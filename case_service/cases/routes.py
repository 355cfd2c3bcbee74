"""The page of a case: everything about one household in one matter, fit to be printed."""

from fastapi import APIRouter, HTTPException, Request, Response

from case_service import action_log
from case_service.access import CaseToSee, Supervisor
from case_service.action_log import Action
from case_service.cases.closing import case_in_hand
from case_service.cases.timeline import orders_of_case, story_of
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, text_of
from case_service.household_locks import lock_households
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.referrals.handling import referrals_of_case
from case_service.referrals.referring import refer
from case_service.tables.casework import OrderKind
from case_service.tables.referrals import HelpKind
from case_service.visits.queries import recorded_visits
from case_service.web import page, see_other

router = APIRouter(include_in_schema=False)


@router.get("/cases/{number}")
def case_page(
    request: Request, case: CaseToSee, viewer: Supervisor, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """The household, masked; its orders, its referrals, and all that happened."""
    seal = request.app.state.seal
    orders = orders_of_case(session, case)
    cards = [card(order, viewer, rule, seal, now) for order in orders]
    response = page(
        request,
        "pages/case.html",
        case=case,
        cards=cards,
        visits=recorded_visits(session, orders, seal),
        referrals=referrals_of_case(session, case.id, seal),
        story=story_of(session, case, orders),
        help_kinds=list(HelpKind),
        printed_at=now,
    )
    action_log.record(session, now, [Action(viewer.username, "case_read", case.number, "following_up")])
    session.commit()
    return response


@router.post("/cases/{number}/referrals")
def refer_case(
    request: Request, case: CaseToSee, viewer: Supervisor, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Ask departments for help for a case; one that was closed is opened again."""
    kinds = [kind for kind in HelpKind if kind in form.getlist("help_kind")]
    note = text_of(form, "note")
    if not kinds:
        raise HTTPException(422)
    lock_households(session, [case.household_key])
    visits = [one for one in orders_of_case(session, case) if one.kind is not OrderKind.DEPARTMENT_HANDLING]
    if not visits:
        raise HTTPException(409)
    in_hand = case_in_hand(session, case)
    done = refer(session, in_hand, kinds, note, visits[-1], viewer, now, request.app.state.seal)
    action_log.record(session, now, done)
    session.commit()
    return see_other(f"/cases/{in_hand.number}")
