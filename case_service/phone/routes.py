"""What phones fetch: the pages to take along with the key to keep them under, and who is signed in."""

import base64
from typing import Any

from fastapi import APIRouter, Request, Response

from case_service.access import GridWorker
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.fieldwork.entries import Task, untouched
from case_service.fieldwork.routes import form_page
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card, orders_mark
from case_service.orders.queries import note_taken_along, open_orders_held
from case_service.orders.routes import own_orders_page, page_of_order
from case_service.visits.routes import untouched_form
from case_service.web import language_of, page

router = APIRouter(include_in_schema=False)
MOST_ORDERS = 40


@router.get("/phone/pages")
def pages_to_take_along(
    request: Request, viewer: GridWorker, session: SessionDep, rule: DueRuleDep, now: Now
) -> dict[str, Any]:
    """The list, the most urgent open orders and their forms, ready to be shown without signal."""
    seal = request.app.state.seal
    held = open_orders_held(session, viewer)
    cards = {order.number: card(order, viewer, rule, seal, now) for order in held}
    taken = sorted(held, key=lambda order: cards[order.number].by_urgency)[:MOST_ORDERS]
    pages: dict[str, Response] = {
        "/orders": own_orders_page(request, held, viewer, session, rule, now),
        "/phone/waiting": waiting_page(request, viewer),
    }
    for order in taken:
        path = cards[order.number].path
        pages[path] = page_of_order(request, order, viewer, session, rule, now, is_for_phone=True)
        pages[f"{path}/visit"] = untouched_form(request, order, viewer, rule, now)
        for task in Task:
            entry = untouched(task, now)
            pages[f"{path}/do/{task}"] = form_page(request, order, task, viewer, session, rule, now, entry)
    note_taken_along(session, viewer, taken, now)
    session.commit()
    return {
        "account": viewer.username,
        "key": base64.b64encode(seal.key_for_phone(viewer.username)).decode(),
        "mark": orders_mark(cards.values(), language_of(request), now),
        "pages": [{"path": path, "html": bytes(made.body).decode()} for path, made in pages.items()],
    }


@router.get("/phone/standing")
def standing(viewer: GridWorker) -> dict[str, str]:
    """Who is signed in, and the token that what they send must carry now."""
    return {"account": viewer.username, "form_token": viewer.form_token}


@router.get("/phone/waiting")
def waiting_page(request: Request, _: GridWorker) -> Response:
    """What waits on this phone; only the phone knows, so the page fills itself."""
    return page(request, "pages/waiting.html")
