"""The official calendar of working days, kept as data with its source."""

from datetime import date, datetime

from sqlalchemy import Column, Table, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class CalendarDay(Base):
    """Whether one day is worked. A year counts as published once its days stand here."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working_day: Mapped[bool]
    source: Mapped[str]


class CalendarOverride(Base):
    """A day on which the city departs from the official calendar: a disaster closure, a local holiday."""

    __tablename__ = "calendar_override"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working_day: Mapped[bool]
    reason: Mapped[str]
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


# One row, whose mark is another after every change of the two tables above; triggers of theirs write it.
CALENDAR_EDITION = Table("calendar_edition", Base.metadata, Column("mark", Uuid, nullable=False))
