"""A department's queue and what it does with an order; what a supervisor does with what came back."""

from fastapi import APIRouter, HTTPException, Request, Response

from case_service.access import OrderToAssign, OrderToHandle, SignedIn, Supervisor
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field, text_of
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.orders.queries import note_list_read
from case_service.referrals import handling
from case_service.tables.casework import OrderStatus
from case_service.tables.referrals import HandlingResult
from case_service.web import page, see_other

router = APIRouter(include_in_schema=False)
RESULTS = [result for result in HandlingResult if result is not HandlingResult.RETURNED]


@router.get("/handling")
def department_queue(request: Request, viewer: SignedIn, session: SessionDep, rule: DueRuleDep, now: Now) -> Response:
    """What was referred to the viewer's department: to accept, at work, lately ended."""
    seal = request.app.state.seal
    at_work = handling.orders_of_department(session, viewer, at_work=True)
    lately = handling.orders_of_department(session, viewer, at_work=False)
    cards = {order: card(order, viewer, rule, seal, now) for order in (*at_work, *lately)}
    response = page(
        request,
        "pages/handling.html",
        groups={
            "offered": [(cards[one], one.referral) for one in at_work if one.status is OrderStatus.OFFERED],
            "open": [(cards[one], one.referral) for one in at_work if one.status is OrderStatus.OPEN],
            "ended": [(cards[one], one.referral) for one in lately],
        },
    )
    note_list_read(session, viewer, [order.number for order in at_work if cards[order].is_held], now)
    session.commit()
    return response


@router.post("/orders/{number}/acceptance")
def accept_order(order: OrderToHandle, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Take the order on; from here on whoever did sees whom it is about."""
    handling.accept(session, order, viewer, now)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/return")
def return_order(
    request: Request, order: OrderToHandle, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Give the order back with a reason."""
    reason = text_of(form, "reason")
    handling.give_back(session, order, reason, viewer, now, request.app.state.seal)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/resolution")
def resolve_order(
    request: Request, order: OrderToHandle, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """End the department's part, saying with what result."""
    result, text = field(form, "result"), text_of(form, "text")
    if result not in RESULTS:
        raise HTTPException(422)
    state = request.app.state
    look_in_after = state.settings.follow_up_working_days
    handling.resolve(session, order, HandlingResult(result), text, viewer, now, state.seal, look_in_after)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/settlement")
def settle_return(
    request: Request, order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Ask another department for what one returned, or let it rest, with a reason."""
    department, reason = field(form, "department"), text_of(form, "reason")
    if department and department not in handling.departments_to_ask(session, order):
        raise HTTPException(422)
    state = request.app.state
    look_in_after = state.settings.follow_up_working_days
    handling.settle(session, order, department, reason, viewer, now, state.seal, look_in_after)
    session.commit()
    return see_other(f"/orders/{order.number}")
