"""What a person may see. Every door to a case, an order or a person leads through here.

Which roles a route lets in stands in `access_matrix.yaml`. A supervisor sees the subtree of their unit, and so does
whoever handles a department's orders. A grid worker sees the orders they hold or held, as long as these lie in the
village of their grid: a colleague's grid may be covered, but whoever moves to another village leaves the people of
this one behind. Analysts and administrators see no order. Outside their scope nothing exists: the answer is 404.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, TypedDict

from fastapi import Depends, HTTPException, Request
from sqlalchemy import BindParameter, ColumnElement, Integer, Select, String, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from case_service.database import SessionDep
from case_service.row_security import NOBODY, Looker, Looking
from case_service.tables import Case, HandOver, Staff, Unit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.people import SUPERVISORS, Role

HOME = {
    Role.GRID_WORKER: "/orders",
    Role.ANALYST: "/dashboard",
    Role.DEPARTMENT_HANDLER: "/handling",
    Role.SYSTEM_ADMINISTRATOR: "/administration/staff",
    Role.SECURITY_ADMINISTRATOR: "/administration/staff",
    Role.AUDIT_ADMINISTRATOR: "/administration/log",
}


class Step(StrEnum):
    """What completes a sign-in, named by the page where it is done."""

    SECOND_FACTOR = "/sign-in/second-factor"
    ENROLMENT = "/account/second-factor"
    NEW_PASSWORD = "/account/password"  # noqa: S105 - the address of a page


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking, the token their forms must carry, and the step without which their sign-in is not complete."""

    staff_id: int
    username: str
    display_name: str
    role: Role
    unit_code: str
    unit_name: str
    unit_path: str
    form_token: str
    missing_step: Step | None = None

    @property
    def is_supervisor(self) -> bool:
        """Whether this person leads the work of a division."""
        return self.role in SUPERVISORS

    @property
    def looking(self) -> Looking:
        """As whom the database is to answer."""
        if self.is_supervisor or self.role is Role.DEPARTMENT_HANDLER:
            return Looking(Looker.SUBTREE, self.unit_path)
        if self.role is Role.GRID_WORKER:
            return Looking(Looker.ASSIGNEE, village_path(self.unit_path), str(self.staff_id))
        return NOBODY

    @property
    def home(self) -> str:
        """The page this person starts from."""
        return HOME.get(self.role, "/supervision")


class NotSignedInError(Exception):
    """Nobody is signed in; the browser is sent to the sign-in page."""


class StepMissingError(Exception):
    """The sign-in is not complete; the browser is sent to the page where it is completed."""

    def __init__(self, step: Step) -> None:
        self.step = step


async def signed_in(request: Request) -> Viewer:
    """Whoever is signed in."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    if viewer is None:
        raise NotSignedInError
    return viewer


SignedIn = Annotated[Viewer, Depends(signed_in)]
# The same person; the names say whom the matrix lets in where they stand.
GridWorker = SignedIn
Supervisor = SignedIn


def in_subtree(path: str) -> ColumnElement[bool]:
    """Units at or below `path`."""
    return _path_like(_below(path))


def _path_like(pattern: str | BindParameter[str]) -> ColumnElement[bool]:
    return Unit.path.like(pattern, escape="\\")


def _below(path: str) -> str:
    return "".join(f"\\{one}" if one in "%_\\" else one for one in path) + "%"


def _held(holder: int | BindParameter[int], village: str | BindParameter[str]) -> ColumnElement[bool]:
    return and_(WorkOrder.assignee_id == holder, _path_like(village))


def in_scope(viewer: Viewer) -> ColumnElement[bool]:
    """Orders, joined with their unit, that `viewer` may know of."""
    if viewer.is_supervisor or viewer.role is Role.DEPARTMENT_HANDLER:
        return in_subtree(viewer.unit_path)
    if viewer.role is Role.GRID_WORKER:
        return _held(**held_by(viewer))
    return false()


class Held(TypedDict):
    """What `HELD_ORDERS` is asked with: who holds them, and the pattern of paths below their village."""

    holder: int
    village: str


def held_by(viewer: Viewer) -> Held:
    """As a grid worker asks `HELD_ORDERS`."""
    return {"holder": viewer.staff_id, "village": _below(village_path(viewer.unit_path))}


# Put together once: a grid worker's list is asked for more often than anything else.
HELD_ORDERS = (
    select(WorkOrder)
    .join(WorkOrder.unit)
    .where(_held(bindparam("holder", type_=Integer()), bindparam("village", type_=String())))
)


def village_path(grid_path: str) -> str:
    """The path of the village a grid lies in."""
    return grid_path.rstrip("/").rpartition("/")[0] + "/"


def visible_orders(viewer: Viewer) -> Select[WorkOrder]:
    """All orders `viewer` may know of, to be narrowed further."""
    return select(WorkOrder).join(WorkOrder.unit).where(in_scope(viewer))


def with_everything_shown(orders: Select[WorkOrder]) -> Select[WorkOrder]:
    """`orders` with what cards and pages show, in a fixed number of queries."""
    return orders.options(
        *_SHOWN_BESIDE, joinedload(WorkOrder.case).selectinload(Case.contacts), selectinload(WorkOrder.pauses)
    )


_SHOWN_BESIDE = (
    joinedload(WorkOrder.unit).joinedload(Unit.parent),
    joinedload(WorkOrder.assignee),
    selectinload(WorkOrder.warnings),
    joinedload(WorkOrder.follows).selectinload(WorkOrder.warnings),
)


def _one(session: Session, orders: Select[WorkOrder]) -> WorkOrder:
    """The one order of `orders` with everything shown, or 404; what many orders ask for apart comes at once."""
    at_once = joinedload(WorkOrder.case).joinedload(Case.contacts), joinedload(WorkOrder.pauses)
    order = session.scalars(orders.options(*_SHOWN_BESIDE, *at_once)).unique().one_or_none()
    if order is None:
        raise HTTPException(404)
    return order


def unit_in_scope(session: Session, viewer: Viewer, code: str) -> Unit:
    """The unit `code`, or 404."""
    unit = session.scalar(select(Unit).where(Unit.code == code, in_subtree(viewer.unit_path)))
    if unit is None:
        raise HTTPException(404)
    return unit


def order_to_see(number: str, viewer: SignedIn, session: SessionDep) -> WorkOrder:
    """The order `number`, or 404."""
    return _one(session, visible_orders(viewer).where(WorkOrder.number == number))


OrderToSee = Annotated[WorkOrder, Depends(order_to_see)]


def holds_open_order(viewer: Viewer, order: WorkOrder) -> bool:
    """Whether `viewer` is the one person who needs to know everything about whom to visit."""
    return order.status is OrderStatus.OPEN and order.assignee_id == viewer.staff_id


async def order_to_visit(order: OrderToSee, viewer: GridWorker) -> WorkOrder:
    """An order that the grid worker holds or held; whether it is still open is for the route to say."""
    if order.assignee_id != viewer.staff_id:
        raise HTTPException(403)
    return order


def order_to_assign(order: OrderToSee, _: Supervisor) -> WorkOrder:
    """An order in the supervisor's scope; whether it can be moved so is for the table of moves to say."""
    return order


async def order_to_handle(order: OrderToSee, viewer: SignedIn) -> WorkOrder:
    """An order of the viewer's own department."""
    if order.kind is not OrderKind.DEPARTMENT_HANDLING or order.unit_code != viewer.unit_code:
        raise HTTPException(409)
    return order


def case_to_see(number: str, viewer: Supervisor, session: SessionDep) -> Case:
    """The case of a household in the supervisor's scope, or 404."""
    cases = select(Case).join(Unit, Unit.code == Case.unit_code).where(in_subtree(viewer.unit_path))
    case = session.scalar(cases.where(Case.number == number).options(selectinload(Case.contacts)))
    if case is None:
        raise HTTPException(404)
    return case


def order_to_answer(number: str, viewer: GridWorker, session: SessionDep) -> WorkOrder:
    """An order that the grid worker holds, held to its end, or held until it went to a colleague.

    What was seen at the door under way must still reach it. Whoever handed it on is told where it is now, and
    nothing of whom it is about.
    """
    handed_on = select(HandOver.id).where(HandOver.order_id == WorkOrder.id, HandOver.from_id == viewer.staff_id)
    may_answer = or_(WorkOrder.assignee_id == viewer.staff_id, handed_on.exists())
    orders = select(WorkOrder).join(WorkOrder.unit).where(may_answer, in_subtree(village_path(viewer.unit_path)))
    return _one(session, orders.where(WorkOrder.number == number))


CaseToSee = Annotated[Case, Depends(case_to_see)]
OrderToHandle = Annotated[WorkOrder, Depends(order_to_handle)]
OrderToAnswer = Annotated[WorkOrder, Depends(order_to_answer)]
OrderToVisit = Annotated[WorkOrder, Depends(order_to_visit)]
OrderToAssign = Annotated[WorkOrder, Depends(order_to_assign)]


def colleagues_of(session: Session, viewer: Viewer) -> list[Staff]:
    """The other grid workers of the viewer's village, who may take an order over."""
    workers = (
        select(Staff)
        .join(Staff.unit)
        .where(
            Staff.role == Role.GRID_WORKER,
            Staff.is_active,
            Staff.id != viewer.staff_id,
            in_subtree(village_path(viewer.unit_path)),
        )
        .order_by(Unit.code, Staff.username)
    )
    return list(session.scalars(workers))


def workers_for(session: Session, order: WorkOrder, viewer: Viewer) -> list[Staff]:
    """The grid workers who may take `order`: those of its village (or wider unit), in the viewer's scope."""
    unit = order.unit
    area = village_path(unit.path) if unit.level == "grid" else unit.path
    workers = (
        select(Staff)
        .join(Staff.unit)
        .where(Staff.role == Role.GRID_WORKER, Staff.is_active, in_subtree(area), in_subtree(viewer.unit_path))
        .order_by(Unit.code, Staff.username)
    )
    return list(session.scalars(workers))
