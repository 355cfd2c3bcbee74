"""Five working days on the official calendar."""

from datetime import date, datetime, time

import pytest
from sqlalchemy.orm import Session

from case_service.clock import SHANGHAI
from case_service.official_calendar import load_published_calendar, stored_calendar
from case_service.tables import CalendarDay
from case_service.working_days import DueRule, Pause
from tests.case_service.conftest import Door


@pytest.fixture
def rule(door: Door) -> DueRule:
    with door.session() as session:
        return DueRule(stored_calendar(session), budget=5, cut_off=time(23, 59, 59))


def at_nine(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(9), SHANGHAI)


@pytest.mark.parametrize(
    ("delivered", "due"),
    [
        ("2025-11-21", "2025-11-28"),
        ("2026-02-13", "2026-02-27"),
        ("2026-02-14", "2026-02-28"),  # a Saturday that was worked
        ("2026-04-30", "2026-05-11"),
        ("2026-09-17", "2026-09-23"),
        ("2026-09-30", "2026-10-13"),
    ],
)
def test_due_on_the_fifth_working_day_after_delivery(rule: DueRule, delivered: str, due: str) -> None:
    found = rule.due(at_nine(delivered))
    assert found is not None
    assert (found.on, found.is_provisional) == (date.fromisoformat(due), False)
    assert found.at == datetime.combine(date.fromisoformat(due), time(23, 59, 59), SHANGHAI)


def test_a_year_not_yet_published_gives_a_provisional_due_date(rule: DueRule) -> None:
    found = rule.due(at_nine("2026-12-28"))
    assert found is not None
    assert (found.on, found.is_provisional) == (date(2027, 1, 5), True)


def test_the_day_is_that_of_shanghai_not_of_utc(rule: DueRule) -> None:
    half_past_midnight = datetime(2025, 11, 21, 0, 30, tzinfo=SHANGHAI)
    found = rule.due(half_past_midnight)
    assert found is not None
    assert found.on == date(2025, 11, 28)


def test_paused_days_are_not_counted(rule: DueRule) -> None:
    found = rule.due(at_nine("2025-11-21"), [Pause(date(2025, 11, 24), date(2025, 11, 26))])
    assert found is not None
    assert found.on == date(2025, 12, 2)
    assert rule.due(at_nine("2025-11-21"), [Pause(date(2025, 11, 24), None)]) is None


def test_soon_and_overdue(rule: DueRule) -> None:
    due = rule.due(at_nine("2025-11-21"))
    assert due is not None
    assert [rule.days_left(due, at_nine(f"2025-11-{day}")) for day in (21, 22, 26, 27, 28, 29)] == [5, 5, 2, 1, 0, 0]
    assert [rule.is_due_soon(due, at_nine(f"2025-11-{day}")) for day in (26, 27, 28, 29)] == [False, True, True, False]
    assert not rule.is_overdue(due, datetime(2025, 11, 28, 23, 59, 59, tzinfo=SHANGHAI))
    assert rule.is_overdue(due, datetime(2025, 11, 29, tzinfo=SHANGHAI))


def test_a_local_closure_is_data_and_survives_the_next_loading(door: Door) -> None:
    with door.session() as session:
        closed = session.get_one(CalendarDay, date(2025, 11, 24))
        closed.is_working_day, closed.source = False, "市政府 防汛停工通知"
        session.commit()
        load_published_calendar(session)
        session.commit()
        found = DueRule(stored_calendar(session), 5, time(18)).due(at_nine("2025-11-21"))
    assert found is not None
    assert found.on == date(2025, 12, 1)


def test_a_calendar_that_was_read_is_read_again_after_every_change_and_only_then(door: Door) -> None:
    with door.session() as session, door.session() as other:
        kept = stored_calendar(session)
        assert stored_calendar(session) is kept
        day = date(2025, 11, 24)
        session.get_one(CalendarDay, day).is_working_day = False
        assert not stored_calendar(session).is_working_day(day)
        session.rollback()
        assert stored_calendar(session).is_working_day(day)
        other.get_one(CalendarDay, day).is_working_day = False
        other.commit()
        assert not stored_calendar(session).is_working_day(day)


def test_every_day_says_where_it_comes_from(door: Door) -> None:
    with Session(door.engine) as session:
        day = session.get_one(CalendarDay, date(2026, 2, 14))
        assert (day.is_working_day, day.source) == (
            True,
            "chinesecalendar 1.11.0, from the State Council's yearly notices",
        )
