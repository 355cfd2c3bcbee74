"""Counting orders by unit and state, and listing those a supervisor asks for.

Due times are derived, so the database counts by day of delivery, of which there are few,
and each day is judged once. Orders whose clock was paused are judged one by one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, false, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from case_service.access import Viewer, in_subtree, visible_orders, with_everything_shown
from case_service.clock import SHANGHAI
from case_service.tables import Case, ClockPause, ReceivedWarning, Unit, WorkOrder
from case_service.tables.casework import RUNNING, OrderKind, OrderStatus
from case_service.working_days import DueRule, Pause
from schemas.messages import CONTROL_VISIT, DispositionKind, OutcomeKind, WithheldReason

ORDERS_PER_PAGE = 25
DELIVERED_ON = cast(func.timezone(SHANGHAI.key, WorkOrder.delivered_at), Date)
IS_PAUSED = select(ClockPause.id).where(ClockPause.order_id == WorkOrder.id).exists()
_CARRIES = select(ReceivedWarning.warning_id).where(ReceivedWarning.order_id == WorkOrder.id)
# Drawn by lot and joined by no warning since: what such a visit finds says nothing of the warnings' yield.
IS_CONTROL_ONLY = and_(
    _CARRIES.where(ReceivedWarning.model_id == CONTROL_VISIT).exists(),
    ~_CARRIES.where(ReceivedWarning.model_id != CONTROL_VISIT).exists(),
)
# Zero where an order has the time that the city gives to all.
OWN_BUDGET = func.coalesce(WorkOrder.working_days, 0)
YIELD = frozenset({OutcomeKind.HELPED, OutcomeKind.REFERRED})


OrderCount = tuple[str, OrderStatus, date | None, int, int | None, bool | None, int]
# A day of delivery, and the working days that what was delivered on it has.
Delivered = tuple[date, int]


class Standing(StrEnum):
    """Where an order stands for a supervisor; all but the last are never the same order twice."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    ON_TIME = "on_time"
    UNASSIGNED = "unassigned"
    AWAITING_APPROVAL = "awaiting_approval"
    RETURNED = "returned"
    CLOSED = "closed"
    OPEN = "open"


@dataclass(slots=True)
class Tally:
    """How many orders of one unit stand where."""

    unit: Unit
    can_drill_down: bool
    counts: dict[Standing, int] = field(default_factory=lambda: defaultdict(int))
    with_yield: int = 0
    judged: int = 0

    @property
    def open(self) -> int:
        """Orders delivered and not yet closed."""
        return sum(self.counts[one] for one in (Standing.OVERDUE, Standing.DUE_SOON, Standing.ON_TIME))

    @property
    def yield_percent(self) -> float | None:
        """Helped or referred among the closed, control visits left out, as a percentage."""
        return 100 * self.with_yield / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the open orders of a scope stand at one moment: by day of delivery and budget, the paused ones singly."""

    days: dict[Delivered, Standing]
    paused_orders: dict[int, Standing]

    def standing_of(self, delivered: Delivered, paused_id: int | None = None) -> Standing:
        """How an order stands that runs. What was delivered or paused since the judging is on time."""
        if paused_id is not None:
            return self.paused_orders.get(paused_id, Standing.ON_TIME)
        return self.days.get(delivered, Standing.ON_TIME)

    def holds(self, standing: Standing) -> ColumnElement[bool]:
        """The orders that stand so."""
        if standing is Standing.OPEN:
            return WorkOrder.status.in_(RUNNING)
        if standing.value in set(OrderStatus):
            return WorkOrder.status == OrderStatus(standing.value)
        days = [day for day, one in self.days.items() if one is standing]
        orders = [number for number, one in self.paused_orders.items() if one is standing]
        by_day = and_(~IS_PAUSED, tuple_(DELIVERED_ON, OWN_BUDGET).in_(days)) if days else false()
        by_order = WorkOrder.id.in_(orders) if orders else false()
        return and_(WorkOrder.status.in_(RUNNING), or_(by_day, by_order))


def judge(session: Session, viewer: Viewer, rule: DueRule, at: datetime) -> Judgement:
    """Judge every open order in the viewer's scope."""
    scope = visible_orders(viewer).where(WorkOrder.status.in_(RUNNING))
    days = session.execute(scope.with_only_columns(DELIVERED_ON, OWN_BUDGET).where(~IS_PAUSED).distinct())
    paused = session.execute(
        scope.with_only_columns(
            WorkOrder.id, WorkOrder.delivered_at, OWN_BUDGET, ClockPause.paused_on, ClockPause.resumed_on
        )
        .join(ClockPause, ClockPause.order_id == WorkOrder.id)
        .order_by(WorkOrder.id)
    )
    pauses: dict[tuple[int, datetime, int], list[Pause]] = defaultdict(list)
    for order_id, delivered_at, budget, paused_on, resumed_on in paused:
        if delivered_at is not None:
            pauses[order_id, delivered_at, budget].append(Pause(paused_on, resumed_on))
    return Judgement(
        days={
            (day, budget): _standing(rule.with_budget(budget), datetime.combine(day, time(12), SHANGHAI), [], at)
            for day, budget in days
        },
        paused_orders={
            order_id: _standing(rule.with_budget(budget), delivered_at, stretches, at)
            for (order_id, delivered_at, budget), stretches in pauses.items()
        },
    )


def tallies(session: Session, viewer: Viewer, unit: Unit, judgement: Judgement) -> list[Tally]:
    """One tally for each unit below `unit` that has orders or units below, one for what is queued at `unit` itself."""
    child = aliased(Unit)
    children = session.scalars(select(child).where(child.parent_code == unit.code).order_by(child.code)).all()
    found = {one.code: Tally(one, can_drill_down=one.level not in ("grid", "department")) for one in children}
    found[unit.code] = Tally(unit, can_drill_down=False)
    is_below = Unit.path.startswith(child.path)
    below = _counted(visible_orders(viewer).join(child, is_below).where(child.parent_code == unit.code), child.code)
    here = _counted(visible_orders(viewer).where(Unit.code == unit.code), Unit.code)
    for statement in (below, here):
        for row in session.execute(statement):
            _add(found[row[0]], row, judgement)
    return [tally for tally in found.values() if tally.counts]


def total(unit: Unit, parts: Sequence[Tally]) -> Tally:
    """The sum of `parts`, for `unit` as a whole."""
    whole = Tally(unit, can_drill_down=False)
    for part in parts:
        whole.with_yield += part.with_yield
        whole.judged += part.judged
        for standing, count in part.counts.items():
            whole.counts[standing] += count
    return whole


def withheld(session: Session, viewer: Viewer, unit: Unit) -> list[tuple[WithheldReason, int]]:
    """How many warnings at or below `unit` wait, by reason in the order of the vocabulary."""
    rows = session.execute(
        select(ReceivedWarning.withheld_reason, func.count(ReceivedWarning.warning_id).label("waiting"))
        .join(Unit, Unit.code == ReceivedWarning.unit_code)
        .where(
            ReceivedWarning.disposition == DispositionKind.WITHHELD,
            in_subtree(viewer.unit_path),
            in_subtree(unit.path),
        )
        .group_by(ReceivedWarning.withheld_reason)
    )
    counts = {row.withheld_reason: row.waiting for row in rows}
    return [(reason, counts[reason]) for reason in WithheldReason if reason in counts]


def orders_wanted(viewer: Viewer, unit: Unit, conditions: Sequence[ColumnElement[bool]]) -> Select[WorkOrder]:
    """The orders at or below `unit` for which all conditions hold, longest waiting first."""
    is_closed = WorkOrder.status == OrderStatus.CLOSED
    orders = visible_orders(viewer).where(in_subtree(unit.path), *conditions)
    return orders.order_by(is_closed, func.coalesce(WorkOrder.delivered_at, WorkOrder.opened_at), WorkOrder.id)


def orders_listed(session: Session, orders: Select[WorkOrder], page_number: int) -> tuple[Sequence[WorkOrder], int]:
    """One page of `orders`, and how many there are in all."""
    count = session.scalar(orders.order_by(None).with_only_columns(func.count(WorkOrder.id))) or 0
    shown = orders.limit(ORDERS_PER_PAGE).offset((page_number - 1) * ORDERS_PER_PAGE)
    return session.scalars(with_everything_shown(shown)).unique().all(), count


def way_down(session: Session, viewer: Viewer, unit: Unit) -> list[Unit]:
    """From the viewer's own unit down to `unit`."""
    codes = unit.path.strip("/").split("/")
    units = session.scalars(
        select(Unit).where(Unit.code.in_(codes), in_subtree(viewer.unit_path)).order_by(func.length(Unit.path))
    )
    return list(units)


def _standing(rule: DueRule, delivered_at: datetime, pauses: list[Pause], at: datetime) -> Standing:
    due = rule.due(delivered_at, pauses)
    if due is None:
        return Standing.ON_TIME
    if rule.is_overdue(due, at):
        return Standing.OVERDUE
    return Standing.DUE_SOON if rule.is_due_soon(due, at) else Standing.ON_TIME


def _counted(orders: Select[WorkOrder], unit_code: InstrumentedAttribute[str]) -> Select[*OrderCount]:
    """Orders counted by unit, status and day of delivery; paused ones by themselves."""
    paused_id = case((IS_PAUSED, WorkOrder.id), else_=None)
    # Only the visit that a warning led to judges the warning.
    is_not_judged = or_(IS_CONTROL_ONLY, WorkOrder.kind != OrderKind.HOME_VISIT)
    has_yield = case((is_not_judged, None), else_=Case.outcome.in_(YIELD).is_(True))
    by = (unit_code, WorkOrder.status, DELIVERED_ON, OWN_BUDGET, paused_id, has_yield)
    # By place, because the same expression with its own bound values would count as another one.
    places: list[ColumnElement[object]] = [literal_column(str(place)) for place in range(1, len(by) + 1)]
    return orders.join(WorkOrder.case).with_only_columns(*by, func.count()).group_by(*places)


def _add(tally: Tally, row: OrderCount, judgement: Judgement) -> None:
    _, status, delivered_on, budget, paused_id, has_yield, count = row
    if status in RUNNING:
        standing = judgement.standing_of((delivered_on or date.min, budget), paused_id)
    else:
        standing = Standing(status.value)
    tally.counts[standing] += count
    if status is OrderStatus.CLOSED and has_yield is not None:
        tally.judged += count
        tally.with_yield += count if has_yield else 0
