"""The official calendar of working days, kept as data with its source."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class CalendarDay(Base):
    """Whether one day is worked. A year counts as published once its days stand here."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working_day: Mapped[bool]
    source: Mapped[str]
