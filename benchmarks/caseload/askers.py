"""Grid workers who sign in over the page, and what each of them asks for: their list, one order, one visit sent."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import httpx
from lxml import html
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload, selectinload

from benchmarks.caseload.load import Asked
from case_service.clock import SHANGHAI
from case_service.orders.cards import seen_mark
from case_service.settings import DEMO_PASSWORD
from case_service.tables import WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.tables.people import Role, Staff

FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Asker:
    """Somebody signed in: what their browser sends along."""

    username: str
    cookie: str
    form_token: str


# What is asked, by kind: `list`, `detail` and `submit`, of which nothing can be asked twice.
Questions = Mapping[str, Sequence[Asked]]


def workers(engine: Engine, count: int) -> list[str]:
    """So many usernames of grid workers, spread over the city."""
    with Session(engine) as session:
        names = session.scalars(select(Staff.username).where(Staff.role == Role.GRID_WORKER).order_by(Staff.id)).all()
    return [*names[:: max(len(names) // count, 1)]][:count]


def sign_in(base_url: str, usernames: Sequence[str]) -> list[Asker]:
    """Sign everybody in, each with a session of their own."""
    found = []
    with httpx.Client(base_url=base_url, timeout=60, trust_env=False) as browser:
        page = html.fromstring(browser.get("/sign-in").text)
        token = page.xpath("//input[@name='form_token']/@value")[0]
        visitor = browser.cookies["visitor"]
        for username in usernames:
            browser.cookies.clear()
            browser.cookies.set("visitor", visitor)
            answer = browser.post(
                "/sign-in", data={"form_token": token, "username": username, "password": DEMO_PASSWORD}
            )
            answer.raise_for_status() if not answer.is_redirect else None
            standing = browser.get("/phone/standing").raise_for_status().json()
            found.append(Asker(username, f"session={browser.cookies['session']}", standing["form_token"]))
    return found


def questions(engine: Engine, askers: Sequence[Asker], at: datetime) -> Questions:
    """What they ask for, in turns, so that no worker's orders follow each other."""
    with Session(engine) as session:
        orders = session.scalars(
            select(WorkOrder)
            .join(WorkOrder.assignee)
            .where(Staff.username.in_([one.username for one in askers]), WorkOrder.status == OrderStatus.OPEN)
            .options(joinedload(WorkOrder.assignee), selectinload(WorkOrder.warnings))
            .order_by(WorkOrder.id)
        ).all()
    by_name = {one.username: one for one in askers}
    held = [(by_name[order.assignee.username], order) for order in orders if order.assignee]
    return {
        "list": [Asked("GET", "/orders", {"cookie": one.cookie}) for one in askers],
        "detail": [Asked("GET", f"/orders/{order.number}", {"cookie": one.cookie}) for one, order in held],
        "submit": [_visit(one, order, at) for one, order in held],
    }


def _visit(asker: Asker, order: WorkOrder, at: datetime) -> Asked:
    answers = {
        "form_token": asker.form_token,
        "submission_key": secrets.token_urlsafe(16),
        "seen": seen_mark(order),
        "visited_at": at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
        "visit_kind": "warned",
        "question_living": "secure",
        "note": "住院三次，家里只有老伴照顾",
        "place": "home",
        "outcome": "helped",
    }
    return Asked("POST", f"/orders/{order.number}/visit", {"cookie": asker.cookie, **FORM}, urlencode(answers))
