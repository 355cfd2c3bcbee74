"""What a change of the calendar moves, and making it. Due times are derived, so they move by themselves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import Integer, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from case_service import action_log
from case_service.action_log import Action
from case_service.clock import SHANGHAI
from case_service.official_year.notice import Notice
from case_service.orders.cards import due_of
from case_service.row_security import looking_as_system
from case_service.supervision.queries import DELIVERED_ON, IS_PAUSED, OWN_BUDGET
from case_service.tables import CalendarDay, CalendarOverride, WorkOrder
from case_service.tables.casework import RUNNING
from case_service.working_days import Due, DueRule


@dataclass(frozen=True, slots=True)
class Shift:
    """So many open orders are due on another day, or on the same one but no longer provisionally."""

    before: Due
    after: Due
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would bring: days that differ from how they count today, and the orders that move."""

    days: list[tuple[date, bool]]
    shifts: list[Shift]

    @property
    def moved(self) -> int:
        """How many orders are due on another day."""
        return sum(one.count for one in self.shifts if one.before.on != one.after.on)


@dataclass(frozen=True, slots=True)
class YearKept:
    """One published year and where it comes from."""

    year: int
    source: str


def preview_notice(session: Session, notice: Notice, rule: DueRule) -> Preview:
    """What importing `notice` would bring."""
    official = notice.working_days()
    own = _overrides(session)
    exceptions = {day: worked for day, worked in rule.calendar.exceptions.items() if day not in official or day in own}
    exceptions |= {day: worked for day, worked in official.items() if day not in own and worked != (day.weekday() < 5)}
    years = rule.calendar.published_years | {notice.year}
    return _preview(
        session,
        rule,
        replace(rule, calendar=replace(rule.calendar, published_years=years, exceptions=exceptions)),
        list(official),
    )


def preview_override(session: Session, day: date, is_working_day: bool, rule: DueRule) -> Preview:
    """What a day of the city's own would bring."""
    exceptions = dict(rule.calendar.exceptions) | {day: is_working_day}
    return _preview(session, rule, replace(rule, calendar=replace(rule.calendar, exceptions=exceptions)), [day])


def import_notice(session: Session, notice: Notice, who: str, at: datetime) -> None:
    """Store every day the notice speaks of, over whatever stood there; the city's own days stand beside it."""
    source = f"国务院办公厅通知 {notice.number}"
    rows = [{"day": day, "is_working_day": worked, "source": source} for day, worked in notice.working_days().items()]
    new = insert(CalendarDay)
    values = {"is_working_day": new.excluded.is_working_day, "source": new.excluded.source}
    session.execute(new.on_conflict_do_update(index_elements=[CalendarDay.day], set_=values), rows)
    details = {"notice": notice.number, "days": len(notice.days)}
    action_log.record(session, at, [Action(who, "calendar_imported", str(notice.year), None, details)])


def enter_override(session: Session, day: date, is_working_day: bool, reason: str, who: str, at: datetime) -> None:
    """Enter a day on which the city departs from the official calendar."""
    values = {
        "is_working_day": is_working_day,
        "reason": reason,
        "entered_by": who,
        "entered_at": at,
        "withdrawn_at": None,
    }
    new = insert(CalendarOverride).values(day=day, **values)
    session.execute(new.on_conflict_do_update(index_elements=[CalendarOverride.day], set_=values))
    details = {"is_working_day": is_working_day, "reason": reason}
    action_log.record(session, at, [Action(who, "calendar_override_entered", day.isoformat(), None, details)])


def withdraw_override(session: Session, day: date, who: str, at: datetime) -> None:
    """Let the official calendar hold on this day again."""
    override = session.get(CalendarOverride, day)
    if override is not None and override.withdrawn_at is None:
        override.withdrawn_at = at
        action_log.record(session, at, [Action(who, "calendar_override_withdrawn", day.isoformat())])


def published_years(session: Session) -> list[YearKept]:
    """The years that stand in full, newest first."""
    year = extract("year", CalendarDay.day).cast(Integer)
    rows = session.execute(
        select(year.label("year"), func.max(CalendarDay.source).label("source"))
        .group_by(year)
        .having(func.count() >= 365)
        .order_by(year.desc())
    )
    return [YearKept(row.year, row.source) for row in rows]


def _overrides(session: Session) -> Mapping[date, bool]:
    own = select(CalendarOverride.day, CalendarOverride.is_working_day).where(CalendarOverride.withdrawn_at.is_(None))
    return dict(session.execute(own).all())


def _preview(session: Session, now_rule: DueRule, then_rule: DueRule, days: list[date]) -> Preview:
    changed = [
        (day, then_rule.calendar.is_working_day(day))
        for day in sorted(days)
        if then_rule.calendar.is_working_day(day) != now_rule.calendar.is_working_day(day)
    ]
    counts: Counter[tuple[Due, Due]] = Counter()
    # An administrator sees counts by day and no order.
    with looking_as_system(session):
        running = select(DELIVERED_ON, OWN_BUDGET, func.count()).where(WorkOrder.status.in_(RUNNING), ~IS_PAUSED)
        for delivered_on, budget, count in session.execute(running.group_by(DELIVERED_ON, OWN_BUDGET)):
            began = datetime.combine(delivered_on, time(12), SHANGHAI)
            before, after = (rule.with_budget(budget).due(began) for rule in (now_rule, then_rule))
            _count(counts, before, after, count)
        paused = select(WorkOrder).where(WorkOrder.status.in_(RUNNING), IS_PAUSED)
        for order in session.scalars(paused.options(selectinload(WorkOrder.pauses))):
            _count(counts, due_of(order, now_rule), due_of(order, then_rule), 1)
    shifts = [Shift(before, after, count) for (before, after), count in counts.items()]
    return Preview(changed, sorted(shifts, key=lambda one: (one.before.at, one.after.at)))


def _count(counts: Counter[tuple[Due, Due]], before: Due | None, after: Due | None, count: int) -> None:
    if before is not None and after is not None and before != after:
        counts[before, after] += count
