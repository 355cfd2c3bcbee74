"""The small town of the tests, with a clock that moves and a tick that is taken when the test says so."""

from datetime import date, datetime, time
from pathlib import Path

from sqlalchemy import select

from case_service.clock import SHANGHAI
from case_service.notifications.channels.configured import Channels
from case_service.tables import Message, Staff, WorkOrder
from case_service.ticking import Ticked, tick
from tests.case_service.conftest import Door

INBOX_ONLY = Channels({})


def at(day: str, hour: str = "09:00") -> datetime:
    """That hour of that day in Shanghai."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), SHANGHAI)


def tick_at(door: Door, day: str, hour: str = "09:00", channels: Channels = INBOX_ONLY) -> Ticked:
    """Move the clock there and tick."""
    door.clock.moment = at(day, hour)
    return tick(door.engine, door.settings, channels, door.clock)


def told(door: Door) -> list[tuple[str, str]]:
    """Who was told what, in the order in which it was written."""
    with door.session() as session:
        rows = session.execute(
            select(Staff.username, Message.happening).join(Message.staff).order_by(Message.written_at, Message.id)
        )
        return [(username, happening.value) for username, happening in rows]


def order(door: Door, number: str) -> WorkOrder:
    """The order as the database has it now."""
    with door.session() as session:
        return session.scalars(select(WorkOrder).where(WorkOrder.number == number)).one()


def holiday_file(folder: Path, content: str, name: str = "2027.csv") -> Path:
    """The file of a notice."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


# A made-up notice for 2027, whose real one nobody knew when this was written.
NOTICE_2027 = """date,kind,name
2027-01-01,off,元旦
2027-01-02,off,元旦
2027-01-03,off,元旦
2027-02-05,off,春节
2027-02-06,off,春节
2027-02-07,off,春节
2027-02-08,off,春节
2027-02-09,off,春节
2027-02-10,off,春节
2027-02-11,off,春节
2027-01-31,work,春节
2027-02-13,work,春节
2027-04-05,off,清明节
2027-05-01,off,劳动节
2027-05-02,off,劳动节
2027-05-03,off,劳动节
2027-06-09,off,端午节
2027-09-15,off,中秋节
2027-10-01,off,国庆节
2027-10-02,off,国庆节
2027-10-03,off,国庆节
2027-10-04,off,国庆节
2027-10-05,off,国庆节
2027-01-04,off,元旦
2027-01-09,work,元旦
"""
