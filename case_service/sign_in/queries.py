"""Who can be tried out on the sign-in page of a demo."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from case_service.row_security import looking_as_system
from case_service.tables import Staff, Unit, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.tables.people import Role

DEMO_WORKERS_SHOWN = 5
DEMO_OTHERS_SHOWN = 16


def demo_sign_ins(session: Session) -> list[Staff]:
    """The grid workers who have the most to do, and the others from the top of the tree down."""
    others = (
        select(Staff)
        .join(Staff.unit)
        .where(Staff.has_demo_password, Staff.role != Role.GRID_WORKER)
        .order_by(func.length(Unit.path), Unit.code, Staff.id)
        .limit(DEMO_OTHERS_SHOWN)
    )
    open_count = func.sum(case((WorkOrder.status == OrderStatus.OPEN, 1), else_=0))
    busiest = (
        select(Staff.id)
        .outerjoin(WorkOrder, WorkOrder.assignee_id == Staff.id)
        .where(Staff.has_demo_password, Staff.role == Role.GRID_WORKER)
        .group_by(Staff.id)
        .order_by(open_count.desc(), Staff.username)
        .limit(DEMO_WORKERS_SHOWN)
    )
    with looking_as_system(session):
        ids = list(session.scalars(busiest))
    workers = {staff.id: staff for staff in session.scalars(select(Staff).where(Staff.id.in_(ids)))}
    return [*(workers[id_] for id_ in ids), *session.scalars(others)]
