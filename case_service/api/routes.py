"""The routes of /api/v1 for staff."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.access import (
    OrderToAssign,
    OrderToSee,
    OrderToVisit,
    SignedIn,
    Viewer,
    holds_open_order,
    in_subtree,
    visible_orders,
    with_everything_shown,
    workers_for,
)
from case_service.api.changes import CHANGE_PROBLEMS, IF_MATCH, KEY, Change, given, once, refuse_stale
from case_service.api.description import NOT_FOUND
from case_service.api.resources import (
    CasePage,
    CaseResource,
    Me,
    NewAssignee,
    OrderPage,
    OrderResource,
    OrderSummary,
    UnitPage,
    UnitResource,
)
from case_service.api.visit_answers import VisitAnswers
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.official_calendar import DueRuleDep
from case_service.orders import queries
from case_service.orders.cards import card
from case_service.tables import Case, Unit, WorkOrder
from case_service.tables.casework import CaseStatus, OrderStatus
from case_service.visits.answers import mistakes
from case_service.visits.form_definition import form_definition
from case_service.visits.queries import record_visit
from case_service.words import say
from case_service.working_days import DueRule

router = APIRouter(prefix="/api/v1", tags=["staff"])
Cursor = Annotated[int, Query(ge=0, lt=2**31, description="Where the page before ended.")]
Limit = Annotated[int, Query(ge=1, le=200)]
UnitCode = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,60}$")]
CaseNumber = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,40}$")]


@router.get("/me", response_model=Me)
def me(request: Request, viewer: SignedIn) -> Response:
    """Who is signed in."""
    return given(request, Me.model_validate(viewer))


@router.get("/orders", response_model=OrderPage)
def list_orders(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    status: OrderStatus | None = None,
    after: Cursor = 0,
    limit: Limit = 50,
) -> Response:
    """The orders in scope, oldest first; of people nothing."""
    wanted = visible_orders(viewer).where(WorkOrder.id > after)
    if status is not None:
        wanted = wanted.where(WorkOrder.status == status)
    page = wanted.order_by(WorkOrder.id).limit(limit + 1)
    orders = session.scalars(with_everything_shown(page)).unique().all()
    seal = request.app.state.seal
    items = [OrderSummary.summed_up(one, card(one, viewer, rule, seal, now)) for one in orders[:limit]]
    return given(request, OrderPage(items=items, next_cursor=str(orders[limit - 1].id) if orders[limit:] else None))


@router.get("/orders/{number}", response_model=OrderResource, responses=NOT_FOUND)
def get_order(
    request: Request, order: OrderToSee, viewer: SignedIn, session: SessionDep, rule: DueRuleDep, now: Now
) -> Response:
    """An order with whom to visit; the reading is recorded."""
    resource = _resource(request, order, viewer, rule, now)
    queries.note_order_read(session, viewer, order, holds_open_order(viewer, order), now)
    session.commit()
    return given(request, resource)


@router.post(
    "/orders/{number}/visit", response_model=OrderResource, status_code=201, responses={**NOT_FOUND, **CHANGE_PROBLEMS}
)
def post_visit(
    request: Request,
    order: OrderToVisit,
    viewer: SignedIn,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    sent: VisitAnswers,
    if_match: IF_MATCH,
    key: KEY,
) -> Response:
    """Record the visit, which closes the order, unless such an outcome has to be approved of first."""

    def make() -> None:
        _refuse_overtaken(request, session, order, viewer, rule, now, if_match)
        answers = sent.as_entered(form_definition(order.form_version))
        delivered_on = local_date(order.delivered_at or now)
        found = mistakes(answers, form_definition(order.form_version), delivered_on, now)
        if found:
            raise HTTPException(422, "; ".join(f"{name}: {say(words, 'en')}" for name, words in sorted(found.items())))
        settings = request.app.state.settings
        record_visit(
            session, order, answers, viewer, now, request.app.state.seal,
            to_approve=settings.outcomes_to_approve, look_in_after=settings.follow_up_working_days,
        )  # fmt: skip

    change = Change(order, viewer, key, f"visit {order.number} {sent.model_dump_json()}", now)
    return once(session, change, make, lambda: _resource(request, order, viewer, rule, now), status=201)


@router.put("/orders/{number}/assignee", response_model=OrderResource, responses={**NOT_FOUND, **CHANGE_PROBLEMS})
def put_assignee(
    request: Request,
    order: OrderToAssign,
    viewer: SignedIn,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
    sent: NewAssignee,
    if_match: IF_MATCH,
    key: KEY,
) -> Response:
    """Give the order to a grid worker of its village."""

    def make() -> None:
        _refuse_overtaken(request, session, order, viewer, rule, now, if_match)
        worker = next((one for one in workers_for(session, order, viewer) if one.username == sent.username), None)
        if worker is None:
            raise HTTPException(422, f"{sent.username} is no grid worker who may take this order")
        queries.assign(session, order, worker, viewer, now)

    change = Change(order, viewer, key, f"assignee {order.number} {sent.model_dump_json()}", now)
    return once(session, change, make, lambda: _resource(request, order, viewer, rule, now))


@router.get("/cases", response_model=CasePage)
def list_cases(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    status: CaseStatus | None = None,
    after: Cursor = 0,
    limit: Limit = 50,
) -> Response:
    """The cases with an order in scope, oldest first."""
    visible = visible_orders(viewer).with_only_columns(WorkOrder.case_id)
    wanted = select(Case).where(Case.id.in_(visible), Case.id > after)
    if status is not None:
        wanted = wanted.where(Case.status == status)
    cases = session.scalars(wanted.order_by(Case.id).limit(limit + 1)).all()
    items = _case_resources(session, viewer, list(cases[:limit]))
    return given(request, CasePage(items=items, next_cursor=str(cases[limit - 1].id) if cases[limit:] else None))


@router.get("/cases/{number}", response_model=CaseResource, responses=NOT_FOUND)
def get_case(request: Request, number: CaseNumber, viewer: SignedIn, session: SessionDep) -> Response:
    """A case with an order in scope."""
    visible = visible_orders(viewer).with_only_columns(WorkOrder.case_id)
    case = session.scalar(select(Case).where(Case.number == number, Case.id.in_(visible)))
    if case is None:
        raise HTTPException(404)
    return given(request, _case_resources(session, viewer, [case])[0])


@router.get("/units", response_model=UnitPage)
def list_units(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    after: Annotated[
        str, Query(pattern=r"^[0-9A-Za-z_-]{0,60}$", description="The last code of the page before.")
    ] = "",
    limit: Limit = 50,
) -> Response:
    """The units at or below the viewer's own, by code."""
    below = select(Unit).where(in_subtree(viewer.unit_path), Unit.code > after)
    units = session.scalars(below.order_by(Unit.code).limit(limit + 1)).all()
    items = [UnitResource.model_validate(unit) for unit in units[:limit]]
    return given(request, UnitPage(items=items, next_cursor=units[limit - 1].code if units[limit:] else None))


@router.get("/units/{code}", response_model=UnitResource, responses=NOT_FOUND)
def get_unit(request: Request, code: UnitCode, viewer: SignedIn, session: SessionDep) -> Response:
    """A unit at or below the viewer's own."""
    unit = session.scalar(select(Unit).where(Unit.code == code, in_subtree(viewer.unit_path)))
    if unit is None:
        raise HTTPException(404)
    return given(request, UnitResource.model_validate(unit))


def _resource(request: Request, order: WorkOrder, viewer: Viewer, rule: DueRule, now: Now) -> OrderResource:
    return OrderResource.of(order, card(order, viewer, rule, request.app.state.seal, now))


def _refuse_overtaken(
    request: Request, session: Session, order: WorkOrder, viewer: Viewer, rule: DueRule, now: Now, if_match: str
) -> None:
    """Read the order anew, under its lock, and refuse if it is no longer what the caller read."""
    seen = session.scalar(
        with_everything_shown(visible_orders(viewer).where(WorkOrder.id == order.id)).execution_options(
            populate_existing=True
        )
    )
    if seen is None:
        raise HTTPException(404)
    refuse_stale(_resource(request, seen, viewer, rule, now), if_match)


def _case_resources(session: Session, viewer: Viewer, cases: list[Case]) -> list[CaseResource]:
    rows = session.execute(
        visible_orders(viewer)
        .with_only_columns(WorkOrder.case_id, WorkOrder.number)
        .where(WorkOrder.case_id.in_([case.id for case in cases]))
        .order_by(WorkOrder.id)
    )
    numbers: dict[int, list[str]] = {case.id: [] for case in cases}
    for case_id, number in rows:
        numbers[case_id].append(number)
    return [CaseResource.of(case, numbers[case.id]) for case in cases]
