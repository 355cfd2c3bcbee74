"""The plans by which clocks warn and escalate, and the steps of them that were taken."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class ClockPlan(Base):
    """One version of the written plan as it was when the first order was delivered under it; it never changes."""

    __tablename__ = "clock_plan"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class ClockStep(Base):
    """A step that was taken for an order.

    Once for each day it was due on: whoever is granted more time is reminded again. That an order is theirs is told
    once to each of its holders, whenever it is due; there `due_on` is the day of its delivery.
    """

    __tablename__ = "clock_step"

    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
