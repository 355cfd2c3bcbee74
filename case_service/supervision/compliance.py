"""Whether closed orders were closed in time: due times are derived, so each day of delivery is judged once."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import ColumnElement, Date, DateTime, Integer, Select, and_, column, false, or_, select, values
from sqlalchemy.orm import Session

from case_service.clock import SHANGHAI
from case_service.supervision.queries import DELIVERED_ON, IS_PAUSED, OWN_BUDGET, Delivered
from case_service.tables import ClockPause, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.working_days import DueRule, Pause


@dataclass(frozen=True, slots=True)
class Lateness:
    """When what was delivered on each day was due, and which of the orders whose clock was paused were late."""

    due: dict[Delivered, datetime]
    late_paused: frozenset[int]

    @property
    def is_late(self) -> ColumnElement[bool]:
        """Closed after it was due."""
        singly = WorkOrder.id.in_(self.late_paused) if self.late_paused else false()
        if not self.due:
            return singly
        table = values(
            column("day", Date), column("budget", Integer), column("due_at", DateTime(timezone=True)), name="due"
        ).data([(day, budget, at) for (day, budget), at in self.due.items()])
        passed = select(table.c.day).where(
            table.c.day == DELIVERED_ON, table.c.budget == OWN_BUDGET, WorkOrder.closed_at > table.c.due_at
        )
        return or_(and_(~IS_PAUSED, passed.correlate(WorkOrder).exists()), singly)


def lateness(session: Session, orders: Select[WorkOrder], rule: DueRule) -> Lateness:
    """Judge the closed ones of `orders`."""
    closed = orders.order_by(None).where(WorkOrder.status == OrderStatus.CLOSED)
    days = session.execute(closed.with_only_columns(DELIVERED_ON, OWN_BUDGET).where(~IS_PAUSED).distinct())
    due = {
        (day, budget): rule.with_budget(budget).due(datetime.combine(day, time(12), SHANGHAI)) for day, budget in days
    }
    paused = session.execute(
        closed.with_only_columns(
            WorkOrder.id, WorkOrder.delivered_at, WorkOrder.closed_at, OWN_BUDGET, ClockPause.paused_on,
            ClockPause.resumed_on,
        ).join(ClockPause, ClockPause.order_id == WorkOrder.id)
    )  # fmt: skip
    stretches: dict[tuple[int, datetime, datetime, int], list[Pause]] = defaultdict(list)
    for order_id, delivered_at, closed_at, budget, paused_on, resumed_on in paused:
        if delivered_at is not None and closed_at is not None:
            stretches[order_id, delivered_at, closed_at, budget].append(Pause(paused_on, resumed_on))
    late = frozenset(
        order_id
        for (order_id, delivered_at, closed_at, budget), pauses in stretches.items()
        if (one := rule.with_budget(budget).due(delivered_at, pauses)) is not None and closed_at > one.at
    )
    return Lateness({key: one.at for key, one in due.items() if one is not None}, late)
