"""Findings for review and the steps taken on them. Nothing here refers to a case or an order, nor they to it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of
from case_service.tables.people import Staff, Unit
from schemas.messages import Level


class ReviewStatus(StrEnum):
    """Where a finding stands; the steps between are in `case_service.reviews.states`."""

    RECEIVED = "received"
    CORROBORATED = "corroborated"
    NOTICED = "noticed"
    HEARD = "heard"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class Decision(StrEnum):
    """What becomes of the benefit."""

    KEEP = "keep"
    REDUCE = "reduce"
    STOP = "stop"


class ReviewFinding(Base):
    """One finding as it came (复核线索). Who it is about is sealed."""

    __tablename__ = "review_finding"

    finding_id: Mapped[str] = mapped_column(primary_key=True)
    business_date: Mapped[date]
    model_id: Mapped[str]
    level: Mapped[Level] = mapped_column(words_of(Level))
    person_key: Mapped[str]
    household_key: Mapped[str | None]
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit.code"), index=True)
    source_count: Mapped[int]
    content: Mapped[dict[str, Any]]
    sealed_name: Mapped[bytes]
    sealed_identity_number: Mapped[bytes]
    received_at: Mapped[datetime]
    status: Mapped[ReviewStatus] = mapped_column(words_of(ReviewStatus))

    unit: Mapped[Unit] = relationship()
    steps: Mapped[list["ReviewStep"]] = relationship(order_by="ReviewStep.id", back_populates="finding")


class ReviewStep(Base):
    """One step that somebody took; `last_day` is until when the person concerned may ask for a hearing or appeal."""

    __tablename__ = "review_step"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("review_finding.finding_id"), index=True)
    name: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    last_day: Mapped[date | None]
    decision: Mapped[Decision | None] = mapped_column(words_of(Decision))
    sealed_text: Mapped[bytes]

    finding: Mapped[ReviewFinding] = relationship(back_populates="steps")
    by: Mapped[Staff] = relationship()
