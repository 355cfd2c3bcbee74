"""The official calendar in the database: loading what is published, reading it back."""

from datetime import date, timedelta
from importlib.metadata import version
from typing import Annotated
from uuid import UUID
from weakref import WeakKeyDictionary

import chinese_calendar
from chinese_calendar.constants import holidays, workdays
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine, Integer, extract, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.database import SessionDep
from case_service.settings import Settings
from case_service.tables import CalendarDay, CalendarOverride
from case_service.tables.calendar import CALENDAR_EDITION
from case_service.working_days import DueRule, WorkingCalendar

SATURDAY_IN_POSTGRES = 6
CALENDAR_EDITION_NOW = select(CALENDAR_EDITION.c.mark)
_kept: WeakKeyDictionary[Engine, tuple[UUID | None, WorkingCalendar]] = WeakKeyDictionary()


def load_published_calendar(session: Session) -> None:
    """Store every day the library knows. Days that stand already, such as a local closure, are kept."""
    source = f"chinesecalendar {version('chinesecalendar')}, from the State Council's yearly notices"
    stored = set(session.scalars(select(CalendarDay.day)))
    missing = [day for day in _days_the_library_knows() if day not in stored]
    if missing:
        rows = [{"day": day, "is_working_day": chinese_calendar.is_workday(day), "source": source} for day in missing]
        session.execute(insert(CalendarDay).on_conflict_do_nothing(), rows)


def stored_calendar(session: Session) -> WorkingCalendar:
    """The calendar as the database has it now, with the city's own days laid over the official ones.

    It is read again only where its edition is another than the one that was read last.
    """
    # Read first: whatever changes before the rest is read leaves another mark, and is then read once more.
    edition = session.scalar(CALENDAR_EDITION_NOW)
    calendar = _of_edition(session, edition)
    if calendar is None:
        calendar = _read(session)
        _kept[session.get_bind().engine] = (edition, calendar)
    return calendar


def _of_edition(session: Session, edition: UUID | None) -> WorkingCalendar | None:
    kept = _kept.get(session.get_bind().engine)
    return kept[1] if kept is not None and kept[0] == edition else None


def _read(session: Session) -> WorkingCalendar:
    year = extract("year", CalendarDay.day).cast(Integer)
    years = session.scalars(select(year).group_by(year).having(func.count() >= 365))
    is_weekday = extract("isodow", CalendarDay.day) < SATURDAY_IN_POSTGRES
    exceptions = session.execute(
        select(CalendarDay.day, CalendarDay.is_working_day).where(CalendarDay.is_working_day != is_weekday)
    )
    own = select(CalendarOverride.day, CalendarOverride.is_working_day).where(CalendarOverride.withdrawn_at.is_(None))
    return WorkingCalendar(frozenset(years), dict(exceptions.all()) | dict(session.execute(own).all()))


def due_rule(session: Session, settings: Settings) -> DueRule:
    """The rule by which orders are due, on the stored calendar."""
    return _rule_on(stored_calendar(session), settings)


async def due_rule_for_request(request: Request, session: SessionDep) -> DueRule:
    """As `due_rule`, for a route; nothing is asked where the door found the calendar unchanged."""
    settings: Settings = request.app.state.settings
    edition = getattr(request.state, "calendar_edition", None)
    calendar = _of_edition(session, edition) if edition is not None else None
    return _rule_on(calendar, settings) if calendar else await run_in_threadpool(due_rule, session, settings)


def _rule_on(calendar: WorkingCalendar, settings: Settings) -> DueRule:
    return DueRule(calendar, settings.work_order_working_days, settings.due_cut_off)


def _days_the_library_knows() -> list[date]:
    known_years = {day.year for day in (*holidays, *workdays)}
    first, last = date(min(known_years), 1, 1), date(max(known_years), 12, 31)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


DueRuleDep = Annotated[DueRule, Depends(due_rule_for_request)]
