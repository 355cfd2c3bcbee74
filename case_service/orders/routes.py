"""The grid worker's list, the page of an order, and what can be done on it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from case_service.access import (
    GridWorker,
    OrderToAssign,
    OrderToSee,
    OrderToVisit,
    SignedIn,
    Supervisor,
    Viewer,
    holds_open_order,
    workers_for,
)
from case_service.clock import Now, local_date
from case_service.clocks.pauses import clock_shown
from case_service.database import SessionDep
from case_service.fieldwork.queries import help_recorded, time_asked
from case_service.forms_posted import CheckedForm, field, text_of
from case_service.official_calendar import DueRuleDep
from case_service.orders import people, queries
from case_service.orders.cards import card, orders_mark
from case_service.orders.maps import map_link
from case_service.orders.own_list import ListedOrder, lately_closed, listed_orders
from case_service.orders.trips import trips
from case_service.referrals.handling import departments_to_ask, referral_of
from case_service.referrals.routes import RESULTS
from case_service.tables import WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.visits.approval import approve, last_reason_to_go_again, send_back
from case_service.visits.photos import photo_ids
from case_service.visits.queries import additions, recorded_visit
from case_service.web import language_of, page, see_other
from case_service.working_days import DueRule

router = APIRouter(include_in_schema=False)
PURPOSES = ("check_identity_at_door", "register_for_assistance", "confirm_data_error")


@router.get("/orders")
def own_orders(request: Request, viewer: GridWorker, session: SessionDep, rule: DueRuleDep, now: Now) -> Response:
    """The open orders of the grid worker, most urgent first, near ones together."""
    listed = listed_orders(session, viewer, rule, request.app.state.seal, now)
    response = own_orders_page(request, listed, viewer, session, now)
    queries.note_list_read(session, viewer, [order.number for order in listed], now)
    session.commit()
    return response


@router.get("/orders/{number}")
def order_page(
    request: Request, order: OrderToSee, viewer: SignedIn, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """Why this household, what to check, whom to call."""
    response = page_of_order(request, order, viewer, session, rule, now)
    queries.note_order_read(session, viewer, order, holds_open_order(viewer, order), now)
    session.commit()
    return response


@router.post("/orders/{number}/identity-number")
def show_identity_number(
    request: Request,
    order: OrderToVisit,
    viewer: GridWorker,
    form: CheckedForm,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """Show one person's identity number to whoever holds the open order, and record what for."""
    contact = next((one for one in order.case.contacts if one.person_key == field(form, "person")), None)
    purpose = field(form, "purpose")
    if not holds_open_order(viewer, order):
        raise HTTPException(403)
    if contact is None or purpose not in PURPOSES:
        raise HTTPException(422)
    queries.note_identity_number_read(session, viewer, order, contact, purpose, now)
    session.commit()
    shown = {contact.person_key: people.identity_number(order.case, contact, request.app.state.seal)}
    if "hx-request" in request.headers:
        return page(request, "parts/identity_number_shown.html", number=shown[contact.person_key])
    return page_of_order(request, order, viewer, session, rule, now, shown)


@router.post("/orders/{number}/approval")
def approve_closure(
    request: Request, order: OrderToAssign, viewer: Supervisor, _: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Let the visit take effect that waits for it."""
    look_in_after = request.app.state.settings.follow_up_working_days
    approve(session, order, viewer, now, request.app.state.seal, look_in_after)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/sending-back")
def send_closure_back(
    order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Ask the grid worker to go again, saying why."""
    send_back(session, order, text_of(form, "reason"), viewer, now)
    session.commit()
    return see_other(f"/orders/{order.number}")


@router.post("/orders/{number}/assignment")
def assign_order(
    order: OrderToAssign, viewer: Supervisor, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Give the order to a grid worker of its village."""
    wanted = field(form, "worker")
    worker = next((one for one in workers_for(session, order, viewer) if one.username == wanted), None)
    if worker is None:
        raise HTTPException(422)
    queries.assign(session, order, worker, viewer, now, field(form, "seen"))
    session.commit()
    return see_other(f"/orders/{order.number}")


def own_orders_page(
    request: Request, listed: Sequence[ListedOrder], viewer: Viewer, session: Session, now: datetime
) -> HTMLResponse:
    """The list of a grid worker over these open orders."""
    return page(
        request,
        "pages/own_orders.html",
        today=local_date(now),
        open_count=len(listed),
        trips=trips(listed),
        closed=lately_closed(session, viewer, request.app.state.seal),
        orders_mark=orders_mark(listed, language_of(request), now),
    )


def page_of_order(
    request: Request,
    order: WorkOrder,
    viewer: Viewer,
    session: Session,
    rule: DueRule,
    now: datetime,
    identity_numbers: Mapping[str, str] | None = None,
    is_for_phone: bool = False,
) -> HTMLResponse:
    """The page of one order; what is kept on a phone says nothing of identity numbers."""
    seal = request.app.state.seal
    is_visit = order.kind is not OrderKind.DEPARTMENT_HANDLING
    is_returned = order.status is OrderStatus.RETURNED
    shown = card(order, viewer, rule, seal, now)
    there = queries.recorded_on(session, order)
    return page(
        request,
        "pages/order.html",
        card=shown,
        unit_code=order.unit_code,
        visit=recorded_visit(session, order, seal) if is_visit and there.visits else None,
        additions=additions(session, order, seal) if there.additions else [],
        photo_ids=photo_ids(session, order) if there.photos else [],
        helps=help_recorded(session, order, seal) if there.helps else [],
        requests=time_asked(session, order, seal) if there.requests else [],
        map_link=map_link(shown.address, request.headers.get("user-agent", "")),
        sent_back=last_reason_to_go_again(session, order) if is_visit and there.visits else None,
        referral=referral_of(session, order, seal),
        results=RESULTS,
        departments=departments_to_ask(session, order) if viewer.is_supervisor and is_returned else {},
        workers=workers_for(session, order, viewer) if viewer.is_supervisor and is_visit else [],
        clock=clock_shown(session, order, viewer),
        purposes=PURPOSES,
        identity_numbers=identity_numbers or {},
        is_for_phone=is_for_phone,
    )
