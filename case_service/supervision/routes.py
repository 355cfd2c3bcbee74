"""The supervisor's page."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from case_service.access import Supervisor, unit_in_scope
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.supervision import queries
from case_service.supervision.queries import ORDERS_PER_PAGE, Standing
from case_service.web import page
from schemas.messages import WITHHELD, Level

router = APIRouter(include_in_schema=False)


@router.get("/supervision")
def supervision(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    unit: str | None = None,
    standing: str = "",
    level: str = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """How work stands in one unit and the units below it, and the orders there."""
    shown_unit = unit_in_scope(session, viewer, unit or viewer.unit_code)
    judgement = queries.judge(session, viewer, rule, now)
    tallies = queries.tallies(session, viewer, shown_unit, judgement)
    wanted_standing = Standing(standing) if standing in set(Standing) else None
    wanted_level = Level(level) if level in set(Level) else None
    orders, count = queries.orders_listed(
        session, viewer, shown_unit, judgement, wanted_standing, wanted_level, page_number
    )
    return page(
        request,
        "pages/supervision.html",
        unit=shown_unit,
        way_down=queries.way_down(session, viewer, shown_unit),
        tallies=tallies,
        withheld=[(WITHHELD[reason], count) for reason, count in queries.withheld(session, viewer, shown_unit)],
        whole=queries.total(shown_unit, tallies),
        cards=[card(order, viewer, rule, request.app.state.seal, now) for order in orders],
        count=count,
        page_number=page_number,
        page_count=max(ceil(count / ORDERS_PER_PAGE), 1),
        standing=wanted_standing or "",
        level=wanted_level or "",
        standings=list(Standing),
        levels=list(Level),
    )
