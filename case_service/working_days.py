"""Working days by the official calendar, and what is due when.

The day a clock starts is not counted (Civil Code, article 201); days off are left out
(Administrative Licensing Law, article 82); make-up Saturdays and Sundays count. The State
Council publishes one year at a time: beyond that a due date is *provisional*, reckoned
from weekends and the holidays whose date the statute fixes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from case_service.clock import SHANGHAI, local_date

ONE_DAY = timedelta(days=1)
# 全国年节及纪念日放假办法 (2024), article 2: New Year, Labour Day, National Day. The lunar ones move every year.
HOLIDAYS_FIXED_BY_STATUTE = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which a clock stands still: from `paused_on` up to, not including, `resumed_on`."""

    paused_on: date
    resumed_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the clock stands still on `day`."""
        return self.paused_on <= day and (self.resumed_on is None or day < self.resumed_on)


@dataclass(frozen=True, slots=True)
class Due:
    """The moment something is due; provisional when an unpublished year had to be guessed."""

    at: datetime
    is_provisional: bool

    @property
    def on(self) -> date:
        """The day people see."""
        return local_date(self.at)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Published years, and in them the days that differ from Monday-to-Friday."""

    published_years: frozenset[int]
    exceptions: Mapping[date, bool]

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked, as far as it is published."""
        if day.year in self.published_years:
            return self.exceptions.get(day, day.weekday() < 5)
        return self.exceptions.get(day, day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS_FIXED_BY_STATUTE)

    def days_after(self, start: date, budget: int, pauses: Iterable[Pause] = ()) -> date | None:
        """The `budget`-th working day after `start`; none while a pause has no end."""
        standing_still = tuple(pauses)
        if any(pause.resumed_on is None for pause in standing_still):
            return None
        day = start
        while budget > 0:
            day += ONE_DAY
            if self.is_working_day(day) and not any(pause.covers(day) for pause in standing_still):
                budget -= 1
        return day

    def counted_from(self, start: date, count: int) -> date:
        """The working day so many after `start`, or before it if `count` is negative; `start` itself for none."""
        day, step = start, ONE_DAY if count > 0 else -ONE_DAY
        left = abs(count)
        while left > 0:
            day += step
            left -= self.is_working_day(day)
        return day

    def days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` and up to `end`."""
        return sum(self.is_working_day(start + ONE_DAY * (n + 1)) for n in range(max((end - start).days, 0)))


@dataclass(frozen=True, slots=True)
class DueRule:
    """How much time an order has, and at what hour its last day ends."""

    calendar: WorkingCalendar
    budget: int
    cut_off: time

    def with_budget(self, budget: int | None) -> "DueRule":
        """The same rule for an order that has its own number of working days."""
        return replace(self, budget=budget) if budget else self

    def due(self, delivered_at: datetime, pauses: Iterable[Pause] = ()) -> Due | None:
        """When an order delivered then is due; none while its clock stands still."""
        start = local_date(delivered_at)
        last_day = self.calendar.days_after(start, self.budget, pauses)
        if last_day is None:
            return None
        years_crossed = range(start.year, last_day.year + 1)
        is_provisional = any(year not in self.calendar.published_years for year in years_crossed)
        return Due(datetime.combine(last_day, self.cut_off, SHANGHAI), is_provisional)

    def days_left(self, due: Due, at: datetime) -> int:
        """Working days that remain after today, none when today is the last."""
        return self.calendar.days_between(local_date(at), due.on)

    def is_overdue(self, due: Due, at: datetime) -> bool:
        """Whether the last moment has passed."""
        return at > due.at

    def is_due_soon(self, due: Due, at: datetime) -> bool:
        """Whether at most one working day remains."""
        return not self.is_overdue(due, at) and self.days_left(due, at) <= 1
