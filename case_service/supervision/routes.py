"""The supervisors' desk: counts by unit, the orders behind them, moving many at once, and taking a list along."""

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from sqlalchemy import Select, false

from case_service.access import Supervisor, order_to_assign, order_to_see, unit_in_scope, workers_for
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.official_calendar import DueRuleDep
from case_service.orders.cards import card
from case_service.orders.queries import assign
from case_service.orders.states import MoveRefusedError
from case_service.supervision import more_time, queries
from case_service.supervision.compliance import lateness
from case_service.supervision.export import XLSX, export
from case_service.supervision.filters import WantedDep
from case_service.supervision.queries import ORDERS_PER_PAGE, Judgement, Standing
from case_service.supervision.workload import WORKERS_SHOWN, loads, workers_in
from case_service.tables import Unit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.people import UnitLevel
from case_service.web import language_of, page, say_for, word_for
from schemas.messages import WITHHELD, Level

router = APIRouter(include_in_schema=False)
# Where few enough grid workers are that one can be chosen for many orders.
CAN_ASSIGN_MANY = frozenset({UnitLevel.TOWN, UnitLevel.VILLAGE, UnitLevel.GRID})


def unit_shown(viewer: Supervisor, session: SessionDep, unit: str | None = None) -> Unit:
    """The unit that was asked for, or the viewer's own; 404 outside their scope."""
    return unit_in_scope(session, viewer, unit or viewer.unit_code)


def judged(viewer: Supervisor, session: SessionDep, rule: DueRuleDep, now: Now) -> Judgement:
    """How everything that runs in the viewer's scope stands right now."""
    return queries.judge(session, viewer, rule, now)


UnitShown = Annotated[Unit, Depends(unit_shown)]
Judged = Annotated[Judgement, Depends(judged)]


def orders_asked_for(
    wanted: WantedDep, shown: UnitShown, judgement: Judged, viewer: Supervisor, session: SessionDep, rule: DueRuleDep
) -> Select[WorkOrder]:
    """The orders that the address asks for."""
    is_late = lateness(session, queries.orders_wanted(viewer, shown, []), rule).is_late if wanted.keeping else false()
    return queries.orders_wanted(viewer, shown, wanted.conditions(judgement, is_late))


OrdersAskedFor = Annotated[Select[WorkOrder], Depends(orders_asked_for)]


@router.get("/supervision")
def supervision(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    shown: UnitShown,
    judgement: Judged,
    wanted: WantedDep,
    asked_for: OrdersAskedFor,
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """How work stands in one unit and the units below it, and the orders there."""
    tallies = queries.tallies(session, viewer, shown, judgement)
    orders, count = queries.orders_listed(session, asked_for, page_number)
    can_assign = viewer.is_supervisor and shown.level in CAN_ASSIGN_MANY
    return page(
        request,
        "pages/supervision.html",
        unit=shown,
        way_down=queries.way_down(session, viewer, shown),
        tallies=tallies,
        withheld=[(WITHHELD[reason], count) for reason, count in queries.withheld(session, viewer, shown)],
        whole=queries.total(shown, tallies),
        cards=[card(order, viewer, rule, request.app.state.seal, now) for order in orders],
        count=count,
        page_number=page_number,
        page_count=max(ceil(count / ORDERS_PER_PAGE), 1),
        wanted=wanted,
        standings=list(Standing),
        levels=list(Level),
        kinds=list(OrderKind),
        workers=workers_in(session, viewer, shown) if can_assign else [],
        more_time_count=more_time.count_waiting(session, viewer, shown) if viewer.is_supervisor else 0,
    )


@router.get("/supervision/orders.xlsx")
def exported_orders(
    request: Request,
    viewer: Supervisor,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    shown: UnitShown,
    asked_for: OrdersAskedFor,
) -> Response:
    """The orders that the same filters list, as a workbook; names and numbers masked."""
    language = language_of(request)
    content = export(
        session, asked_for, shown, viewer, rule, request.app.state.seal, now, word_for(language), say_for(language)
    )
    session.commit()
    return Response(
        content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="orders-{shown.code}.xlsx"'}
    )


@router.get("/supervision/more-time")
def requests_for_more_time(
    request: Request, viewer: Supervisor, session: SessionDep, rule: DueRuleDep, now: Now, shown: UnitShown
) -> Response:
    """The requests for more time that wait in the unit, each to be granted or refused."""
    return page(
        request,
        "pages/more_time.html",
        unit=shown,
        way_down=queries.way_down(session, viewer, shown),
        requests=more_time.waiting(session, viewer, shown, rule, request.app.state.seal, now),
        count=more_time.count_waiting(session, viewer, shown),
        most=more_time.REQUESTS_SHOWN,
    )


@router.get("/supervision/workers")
def workload(
    request: Request, viewer: Supervisor, session: SessionDep, now: Now, shown: UnitShown, judgement: Judged
) -> Response:
    """What each grid worker of the unit has in hand."""
    shown_loads, count = loads(session, viewer, shown, judgement, now)
    return page(
        request,
        "pages/workload.html",
        unit=shown,
        way_down=queries.way_down(session, viewer, shown),
        loads=shown_loads,
        count=count,
        most=WORKERS_SHOWN,
    )


@router.post("/supervision/assignment")
def assign_many(
    request: Request, viewer: Supervisor, shown: UnitShown, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Give several orders to one grid worker; those that worker may not take, or that moved meanwhile, stay."""
    numbers = sorted({one for one in form.getlist("order") if isinstance(one, str)})
    username = field(form, "worker")
    if not numbers or username not in {one.username for one in workers_in(session, viewer, shown)}:
        raise HTTPException(422)
    orders = [order_to_assign(order_to_see(number, viewer, session), viewer) for number in numbers]
    done, refused = [], []
    for order in orders:
        worker = next((one for one in workers_for(session, order, viewer) if one.username == username), None)
        try:
            if worker is None:
                raise MoveRefusedError(f"{username} does not work where order {order.number} is")
            assign(session, order, worker, viewer, now)
            session.commit()
            done.append(order)
        except MoveRefusedError:
            session.rollback()
            refused.append(order)
    return page(request, "pages/assigned.html", unit=shown, done=done, refused=refused)
