"""What phones fetch: the pages to take along with the key to keep them under, and who is signed in."""

import base64
import gzip
import json
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from case_service.access import GridWorker
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.fieldwork.entries import Task, untouched
from case_service.fieldwork.routes import form_page
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card, orders_mark
from case_service.orders.own_list import listed_orders
from case_service.orders.queries import note_taken_along, open_orders_held
from case_service.orders.routes import own_orders_page, page_of_order
from case_service.visits.routes import untouched_form
from case_service.web import language_of, page

router = APIRouter(include_in_schema=False)
MOST_ORDERS = 40
PACKED_SO_FAR = 5


@router.get("/phone/pages")
def pages_to_take_along(
    request: Request, viewer: GridWorker, session: SessionDep, rule: DueRuleDep, now: Now, known: str = ""
) -> Response:
    """The list, the most urgent open orders and their forms, ready to be shown without signal.

    Orders whose marks are `known` are as the phone has them already, and are left out.
    """
    seal = request.app.state.seal
    held = open_orders_held(session, viewer)
    cards = {order.number: card(order, viewer, rule, seal, now) for order in held}
    nearest = sorted(held, key=lambda order: cards[order.number].by_urgency)[:MOST_ORDERS]
    language = language_of(request)
    marks = {order.number: orders_mark([cards[order.number]], language, now) for order in nearest}
    taken = [order for order in nearest if marks[order.number] not in known.split(",")]
    listed = listed_orders(session, viewer, rule, seal, now)
    pages = [
        _kept("/orders", own_orders_page(request, listed, viewer, session, now)),
        _kept("/phone/waiting", waiting_page(request, viewer)),
    ]
    for order in taken:
        path, mark = cards[order.number].path, marks[order.number]
        own = page_of_order(request, order, viewer, session, rule, now, is_for_phone=True)
        pages += [
            _kept(path, own, mark),
            _kept(f"{path}/visit", untouched_form(request, order, viewer, rule, now), mark),
        ]
        for task in Task:
            form = form_page(request, order, task, viewer, session, rule, now, untouched(task, now))
            pages.append(_kept(f"{path}/do/{task}", form, mark))
    note_taken_along(session, viewer, taken, now)
    session.commit()
    return _packed(
        request,
        {
            "account": viewer.username,
            "key": base64.b64encode(seal.key_for_phone(viewer.username)).decode(),
            "mark": orders_mark(cards.values(), language, now),
            "marks": list(marks.values()),
            "pages": pages,
        },
    )


def _packed(request: Request, content: dict[str, Any]) -> Response:
    """`content` as JSON, as small as the browser takes it: pages are much alike, and signal is poor."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return JSONResponse(content)
    packed = gzip.compress(json.dumps(content, ensure_ascii=False).encode(), PACKED_SO_FAR)
    return Response(packed, media_type="application/json", headers={"Content-Encoding": "gzip"})


def _kept(path: str, made: Response, mark: str | None = None) -> dict[str, str | None]:
    return {"path": path, "html": bytes(made.body).decode(), "mark": mark}


@router.get("/phone/standing")
def standing(viewer: GridWorker) -> dict[str, str]:
    """Who is signed in, and the token that what they send must carry now."""
    return {"account": viewer.username, "form_token": viewer.form_token}


@router.get("/phone/waiting")
def waiting_page(request: Request, _: GridWorker) -> Response:
    """What waits on this phone; only the phone knows, so the page fills itself."""
    return page(request, "pages/waiting.html")
