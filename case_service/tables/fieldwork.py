"""What grid workers do on an order besides the visit: handing over, asking for time, helping at once, photos.

Free text and photos are about people, so they are sealed.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of
from case_service.tables.casework import WorkOrder
from case_service.tables.people import Staff


class HandOverReason(StrEnum):
    """Why an order went to a colleague."""

    ON_LEAVE = "on_leave"
    MOVED_GRID = "moved_grid"
    KNOWS_FAMILY = "knows_family"
    RELATED = "related"
    TOO_MUCH = "too_much"
    ASSIGNED_ANEW = "assigned_anew"


class MoreTimeReason(StrEnum):
    """Why a visit cannot be made in time."""

    IN_HOSPITAL = "in_hospital"
    AWAY = "away"
    PAPERS = "papers"
    WEATHER = "weather"
    OTHER = "other"


class HelpGiven(StrEnum):
    """What was given at once (先行救助)."""

    CASH = "cash"
    GOODS = "goods"
    TREATMENT = "treatment"
    SHELTER = "shelter"
    CARE = "care"


class HandOver(Base):
    """One change of hands of an order that was delivered already."""

    __tablename__ = "hand_over"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime]
    reason: Mapped[HandOverReason] = mapped_column(words_of(HandOverReason))

    order: Mapped[WorkOrder] = relationship()


class MoreTimeRequest(Base):
    """A wish that the clock stands still until `until`, the first day it runs again. A supervisor decides."""

    __tablename__ = "more_time_request"
    __table_args__ = (
        CheckConstraint("(decided_at is null) = (is_granted is null)", name="decided_whole"),
        CheckConstraint("(decided_at is null) = (decided_by_id is null)", name="decided_by_somebody"),
        Index("uq_more_time_request_one_waiting", "order_id", unique=True, postgresql_where=text("decided_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    asked_on: Mapped[date]
    until: Mapped[date]
    reason: Mapped[MoreTimeReason] = mapped_column(words_of(MoreTimeReason))
    sealed_note: Mapped[bytes]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    is_granted: Mapped[bool | None]

    order: Mapped[WorkOrder] = relationship()
    asked_by: Mapped[Staff] = relationship(foreign_keys=[asked_by_id])


class UrgentHelp(Base):
    """Help that was given before any papers (先行救助); `papers_order_id` is the order for the papers."""

    __tablename__ = "urgent_help"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    papers_order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), unique=True)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    given_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    kind: Mapped[HelpGiven] = mapped_column(words_of(HelpGiven))
    sealed_details: Mapped[bytes]


class Addition(Base):
    """Answers that reached an order after it was closed or had gone to a colleague; nothing that was seen is lost."""

    __tablename__ = "addition"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    form_version: Mapped[str]
    sealed_answers: Mapped[bytes]

    recorded_by: Mapped[Staff] = relationship()


class Photo(Base):
    """One photo of a visit, written anew without what the camera noted, and sealed."""

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    addition_id: Mapped[int | None] = mapped_column(ForeignKey("addition.id"))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    sealed_picture: Mapped[bytes] = mapped_column(deferred=True)


class SubmissionReceipt(Base):
    """That something sent under a key was taken, and what was answered: sent again, it is answered again."""

    __tablename__ = "submission_receipt"

    key: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    content_hash: Mapped[str]
    received_at: Mapped[datetime]
    answer: Mapped[dict[str, Any]]
