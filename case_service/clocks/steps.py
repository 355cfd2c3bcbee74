"""Taking the steps of the plan: each once for every day on which an order was due, however often and by whomever asked.

What is due when is worked out anew each time. Only that a step was taken is written, in one transaction with the
messages it sends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import structlog
from sqlalchemy import ColumnElement, String, and_, cast, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from case_service import action_log
from case_service.action_log import Action
from case_service.clock import SHANGHAI, local_date
from case_service.clocks.plan import Plan, Plans, Start, Step, kept_plans
from case_service.clocks.recipients import Recipients
from case_service.notifications.outbox import Telling, tell
from case_service.orders.cards import due_of
from case_service.supervision.queries import DELIVERED_ON, IS_PAUSED, OWN_BUDGET
from case_service.tables import ClockStep, Unit, WorkOrder
from case_service.tables.casework import RUNNING, OrderKind
from case_service.tables.notifications import Happening
from case_service.working_days import Due, DueRule

CLOCK = "clock"
ORDERS_AT_ONCE = 500
ONE_DAY = timedelta(days=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ripe:
    """A step whose moment has come for the orders that `holds` describes."""

    step: Step
    due: Due
    delivered_on: date
    holds: ColumnElement[bool]

    @property
    def counted_on(self) -> date:
        """The day for which the step is taken once."""
        return self.delivered_on if self.step.since is Start.DELIVERY else self.due.on


def take_steps(session: Session, rule: DueRule, at: datetime) -> int:
    """Take every step that is ripe at that moment, committing as it goes; says how many orders took one.

    Two that run at once share the work: an order that one of them holds, the other leaves for later.
    """
    recipients = Recipients.known(session)
    taken = 0
    for ripe in [*_ripe_by_day(session, rule, at), *_ripe_for_paused(session, rule, at)]:
        while count := _take(session, ripe, recipients, at):
            taken += count
    if taken:
        log.info("clock steps taken", steps=taken)
    return taken


def _ripe_by_day(session: Session, rule: DueRule, at: datetime) -> Iterator[Ripe]:
    """Of orders that were never paused: all that were delivered on one day with one budget are due together."""
    plans = kept_plans(session)
    groups = session.execute(
        select(WorkOrder.kind, WorkOrder.plan_version, OWN_BUDGET, DELIVERED_ON)
        .where(WorkOrder.status.in_(RUNNING), ~IS_PAUSED)
        .distinct()
        .order_by(DELIVERED_ON, WorkOrder.kind, WorkOrder.plan_version, OWN_BUDGET)
    ).all()
    for kind, version, budget, delivered_on in groups:
        began = datetime.combine(delivered_on, time(), SHANGHAI)
        due = rule.with_budget(budget).due(began)
        if due is None:
            continue
        holds = and_(
            WorkOrder.kind == kind,
            WorkOrder.plan_version.is_not_distinct_from(version),
            OWN_BUDGET.is_not_distinct_from(budget),
            WorkOrder.delivered_at >= began,
            WorkOrder.delivered_at < datetime.combine(delivered_on + ONE_DAY, time(), SHANGHAI),
            ~IS_PAUSED,
        )
        for step in _steps(plans, version, kind):
            if step.is_ripe(began, due, rule.calendar, at):
                yield Ripe(step, due, delivered_on, holds)


def _ripe_for_paused(session: Session, rule: DueRule, at: datetime) -> Iterator[Ripe]:
    """Of orders whose clock stood still at some time: each is due by itself, and not at all while it stands."""
    plans = kept_plans(session)
    orders = session.scalars(
        select(WorkOrder).where(WorkOrder.status.in_(RUNNING), IS_PAUSED).options(selectinload(WorkOrder.pauses))
    ).all()
    for order in orders:
        due = due_of(order, rule)
        if due is None or order.delivered_at is None:
            continue
        for step in _steps(plans, order.plan_version, order.kind):
            if step.is_ripe(order.delivered_at, due, rule.calendar, at):
                yield Ripe(step, due, local_date(order.delivered_at), WorkOrder.id == order.id)


def _steps(plans: Plans, version: int | None, kind: OrderKind) -> list[Step]:
    plan: Plan = plans.of(version)
    steps = [step for step in plan.steps if step.is_for(kind)]
    # What was delivered before there were plans is no news.
    return steps if version is not None else [step for step in steps if step.since is Start.DUE]


def _take(session: Session, ripe: Ripe, recipients: Recipients, at: datetime) -> int:
    orders = _orders_to_step(session, ripe)
    if not orders:
        session.rollback()
        return 0
    rows = [
        {"order_id": one.id, "step": _name(ripe.step, one.assignee_id), "due_on": ripe.counted_on, "taken_at": at}
        for one in orders
    ]
    new = insert(ClockStep).values(rows).on_conflict_do_nothing().returning(ClockStep.order_id)
    fresh = set(session.scalars(new))
    stepping = [one for one in orders if one.id in fresh]
    tell(session, [telling for one in stepping for telling in _tellings(one, ripe, recipients)], at)
    if ripe.step.happening is Happening.OVERDUE:
        details = {"due_on": ripe.due.on.isoformat(), "told": [one.value for one in ripe.step.tell]}
        action_log.record(session, at, [Action(CLOCK, ripe.step.name, one.number, None, details) for one in stepping])
    session.commit()
    return len(stepping)


def _orders_to_step(session: Session, ripe: Ripe) -> Sequence[WorkOrder]:
    holder = cast(WorkOrder.assignee_id, String)
    was_taken = (
        select(ClockStep.order_id)
        .where(
            ClockStep.order_id == WorkOrder.id,
            ClockStep.step == (f"{ripe.step.name}/" + holder if ripe.step.since is Start.DELIVERY else ripe.step.name),
            ClockStep.due_on == ripe.counted_on,
        )
        .exists()
    )
    orders = (
        select(WorkOrder)
        .where(WorkOrder.status.in_(RUNNING), ripe.holds, ~was_taken)
        .order_by(WorkOrder.id)
        .limit(ORDERS_AT_ONCE)
        .options(joinedload(WorkOrder.unit).joinedload(Unit.parent), joinedload(WorkOrder.assignee))
        .with_for_update(of=WorkOrder, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(orders).unique().all()


def _name(step: Step, assignee_id: int | None) -> str:
    return f"{step.name}/{assignee_id}" if step.since is Start.DELIVERY else step.name


def _tellings(order: WorkOrder, ripe: Ripe, recipients: Recipients) -> list[Telling]:
    told = dict.fromkeys(staff_id for one in ripe.step.tell for staff_id in recipients.of(order, one))
    cause = f"{order.number}/{ripe.step.name}/{ripe.counted_on.isoformat()}"
    return [Telling(staff_id, order.id, ripe.step.happening, cause, ripe.due.at) for staff_id in told]
