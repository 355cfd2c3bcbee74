"""How much each grid worker of a unit has in hand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from case_service.access import Viewer, in_subtree, visible_orders
from case_service.supervision.queries import DELIVERED_ON, IS_PAUSED, OWN_BUDGET, Judgement, Standing
from case_service.tables import Staff, Unit, WorkOrder
from case_service.tables.casework import RUNNING, OrderStatus
from case_service.tables.people import Role

WORKERS_SHOWN = 100
LATELY = timedelta(days=30)


@dataclass(slots=True)
class Load:
    """One grid worker, and how many of their orders stand where."""

    worker: Staff
    counts: dict[Standing, int] = field(default_factory=lambda: defaultdict(int))
    closed_lately: int = 0

    @property
    def open(self) -> int:
        """What they have in hand."""
        return sum(self.counts.values())


def workers_in(session: Session, viewer: Viewer, unit: Unit) -> Sequence[Staff]:
    """The grid workers at or below `unit`, by grid."""
    workers = (
        select(Staff)
        .join(Staff.unit)
        .where(Staff.role == Role.GRID_WORKER, Staff.is_active, in_subtree(unit.path), in_subtree(viewer.unit_path))
        .order_by(Unit.code, Staff.username)
        .options(joinedload(Staff.unit).joinedload(Unit.parent))
    )
    return session.scalars(workers).all()


def loads(session: Session, viewer: Viewer, unit: Unit, judgement: Judgement, at: datetime) -> tuple[list[Load], int]:
    """The workers with the most that is late and in hand first, as many as a page holds, and how many there are."""
    found = {worker.id: Load(worker) for worker in workers_in(session, viewer, unit)}
    orders = visible_orders(viewer).where(in_subtree(unit.path), WorkOrder.assignee_id.is_not(None))
    running = orders.where(WorkOrder.status.in_(RUNNING))
    by_day = running.where(~IS_PAUSED).with_only_columns(
        WorkOrder.assignee_id, DELIVERED_ON.label("day"), OWN_BUDGET.label("budget")
    ).subquery()  # fmt: skip
    counted = select(by_day, func.count()).group_by(*by_day.c)
    for worker_id, day, budget, count in session.execute(counted):
        if worker_id in found:
            found[worker_id].counts[judgement.standing_of((day, budget))] += count
    for worker_id, order_id, day, budget in session.execute(
        running.where(IS_PAUSED).with_only_columns(WorkOrder.assignee_id, WorkOrder.id, DELIVERED_ON, OWN_BUDGET)
    ):
        if worker_id in found:
            found[worker_id].counts[judgement.standing_of((day, budget), order_id)] += 1
    closed = orders.where(WorkOrder.status == OrderStatus.CLOSED, WorkOrder.closed_at > at - LATELY)
    for worker_id, count in session.execute(
        closed.with_only_columns(WorkOrder.assignee_id, func.count()).group_by(WorkOrder.assignee_id)
    ):
        if worker_id in found:
            found[worker_id].closed_lately = count
    ranked = sorted(found.values(), key=lambda one: (-one.counts[Standing.OVERDUE], -one.open, one.worker.username))
    return ranked[:WORKERS_SHOWN], len(ranked)
