"""Cases, the warnings that opened or joined them, work orders, visits and outcomes."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of
from case_service.tables.people import Staff, Unit
from schemas.messages import DispositionKind, Level, OutcomeKind, WithheldReason

if TYPE_CHECKING:
    from case_service.tables.referrals import Handling, Referral

CASE_NUMBER = Sequence("case_number", metadata=Base.metadata)
ORDER_NUMBER = Sequence("order_number", metadata=Base.metadata)


class Matter(StrEnum):
    """What a case is about. Findings against a benefit will be another matter, never this one."""

    HARDSHIP = "hardship"


class Origin(StrEnum):
    """How a case came to us."""

    WARNING = "warning"
    APPLICATION = "application"
    HOTLINE = "hotline"
    VISIT = "visit"
    REFERRAL = "referral"


class CaseStatus(StrEnum):
    """A household has at most one open case per matter."""

    OPEN = "open"
    CLOSED = "closed"


class OrderKind(StrEnum):
    """What a work order asks for."""

    HOME_VISIT = "home_visit"
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_VISIT = "follow_up_visit"
    DEPARTMENT_HANDLING = "department_handling"


class OrderStatus(StrEnum):
    """Where a work order stands; the moves between are in `case_service.orders.states`."""

    UNASSIGNED = "unassigned"
    OFFERED = "offered"
    OPEN = "open"
    AWAITING_APPROVAL = "awaiting_approval"
    RETURNED = "returned"
    CLOSED = "closed"


# A clock runs on these: somebody must act, and has not yet.
RUNNING = frozenset({OrderStatus.OFFERED, OrderStatus.OPEN})


class Case(Base):
    """What is known and done about one household in one matter (个案)."""

    __tablename__ = "household_case"
    __table_args__ = (
        Index(
            "uq_household_case_one_open",
            "household_key",
            "matter",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_household_case_closed", "household_key", "closed_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    household_key: Mapped[str]
    matter: Mapped[Matter] = mapped_column(words_of(Matter))
    origin: Mapped[Origin] = mapped_column(words_of(Origin))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit.code"), index=True)
    status: Mapped[CaseStatus] = mapped_column(words_of(CaseStatus))
    outcome: Mapped[OutcomeKind | None] = mapped_column(words_of(OutcomeKind))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    contacts: Mapped[list["Contact"]] = relationship(back_populates="case")


class WorkOrder(Base):
    """One thing one unit must do for a case (工单). When it is due is derived, never stored.

    `working_days` is its own budget, where it is not that of the city. A follow-up carries no warnings of its own:
    `follows` is the order whose work it goes on with. What cannot follow another stands on `basis`: the leading
    warning of the case as it stood when the order was opened, which is all that a department is told of why.
    """

    __tablename__ = "work_order"
    __table_args__ = (
        CheckConstraint(
            "status = 'returned' or (status = 'closed' and kind = 'department_handling') "
            "or (status in ('unassigned', 'offered')) = (assignee_id is null)",
            name="assignee_unless_unassigned",
        ),
        CheckConstraint("(status = 'unassigned') = (delivered_at is null)", name="delivered_unless_unassigned"),
        CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closed_at_when_closed"),
        Index("ix_work_order_unit_status", "unit_code", "status"),
        Index("ix_work_order_assignee_status", "assignee_id", "status"),
        Index("ix_work_order_running", "delivered_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("household_case.id"), index=True)
    kind: Mapped[OrderKind] = mapped_column(words_of(OrderKind))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"), index=True)
    form_version: Mapped[str]
    status: Mapped[OrderStatus] = mapped_column(words_of(OrderStatus))
    level: Mapped[Level] = mapped_column(words_of(Level))
    opened_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # Pinned by the database when the order is delivered: a later plan changes nothing for it.
    plan_version: Mapped[int | None] = mapped_column(ForeignKey("clock_plan.version"), server_default=FetchedValue())
    working_days: Mapped[int | None]
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"), index=True)
    is_lead: Mapped[bool] = mapped_column(default=False, server_default="false")
    basis: Mapped[dict[str, Any] | None]

    case: Mapped[Case] = relationship()
    referral: Mapped["Referral | None"] = relationship(back_populates="orders")
    handling: Mapped["Handling | None"] = relationship(back_populates="order")
    unit: Mapped[Unit] = relationship()
    assignee: Mapped[Staff | None] = relationship()
    follows: Mapped["WorkOrder | None"] = relationship(remote_side="WorkOrder.id")
    warnings: Mapped[list["ReceivedWarning"]] = relationship(
        order_by="ReceivedWarning.sequence", back_populates="order"
    )
    pauses: Mapped[list["ClockPause"]] = relationship(order_by="ClockPause.paused_on")


class ReceivedWarning(Base):
    """One warning as it came, without the contacts, and what became of it.

    `business_date` is the night it first came, `disposed_on` that of its latest disposition; `unit_code` is where
    its order lies or would lie. Both are missing where it was disposed of before they were kept.
    """

    __tablename__ = "received_warning"
    __table_args__ = (
        CheckConstraint("(disposition = 'withheld') = (order_id is null)", name="order_unless_withheld"),
        CheckConstraint("(disposition = 'withheld') = (expires_on is not null)", name="withheld_expires"),
        CheckConstraint("(disposition = 'withheld') = (withheld_reason is not null)", name="withheld_has_reason"),
        Index("ix_received_warning_disposition_unit", "disposition", "unit_code"),
        Index("ix_received_warning_disposed_on", "disposed_on"),
    )

    warning_id: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    business_date: Mapped[date]
    model_id: Mapped[str]
    level: Mapped[Level] = mapped_column(words_of(Level))
    person_key: Mapped[str]
    household_key: Mapped[str] = mapped_column(index=True)
    claim: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    disposition: Mapped[DispositionKind] = mapped_column(words_of(DispositionKind))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("work_order.id"), index=True)
    withheld_reason: Mapped[WithheldReason | None] = mapped_column(words_of(WithheldReason))
    expires_on: Mapped[date | None]
    disposed_on: Mapped[date | None]
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("unit.code"))

    order: Mapped[WorkOrder | None] = relationship(back_populates="warnings")


class Contact(Base):
    """Whom to visit in a case. Every column that identifies is sealed."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("case_id", "person_key"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("household_case.id"))
    person_key: Mapped[str]
    sealed_name: Mapped[bytes]
    sealed_identity_number: Mapped[bytes]
    sealed_phone: Mapped[bytes | None]
    sealed_address: Mapped[bytes | None]

    case: Mapped[Case] = relationship(back_populates="contacts")


class ClockPause(Base):
    """A stretch in which an order's clock stands still; `resumed_on` is the first day it runs again."""

    __tablename__ = "clock_pause"
    __table_args__ = (
        Index("uq_clock_pause_one_open", "order_id", unique=True, postgresql_where=text("resumed_on is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    paused_on: Mapped[date]
    resumed_on: Mapped[date | None]
    reason: Mapped[str]
    paused_by: Mapped[str | None]
    resumed_by: Mapped[str | None]
    resume_reason: Mapped[str | None]


class Visit(Base):
    """One visit. What was said at the door is sealed: it is about people.

    A visit that a supervisor sent back stays, with the reason; the next one takes its place.
    """

    __tablename__ = "visit"
    __table_args__ = (
        Index("uq_visit_that_counts", "order_id", unique=True, postgresql_where=text("sent_back_at is null")),
        CheckConstraint("(sent_back_at is null) = (sent_back_reason is null)", name="sent_back_with_reason"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    form_version: Mapped[str]
    visited_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[OutcomeKind] = mapped_column(words_of(OutcomeKind))
    data_error_field: Mapped[str | None]
    sealed_answers: Mapped[bytes]
    sent_back_at: Mapped[datetime | None]
    sent_back_reason: Mapped[str | None]


class Outcome(Base):
    """The outcome of an order for one warning it carried; `sequence` grows in the order of closing."""

    __tablename__ = "outcome"
    __table_args__ = (
        UniqueConstraint("order_id", "warning_id"),
        CheckConstraint("(kind = 'data_error') = (data_error_field is not null)", name="data_error_names_field"),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    outcome_id: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"))
    warning_id: Mapped[str] = mapped_column(ForeignKey("received_warning.warning_id"))
    kind: Mapped[OutcomeKind] = mapped_column(words_of(OutcomeKind))
    data_error_field: Mapped[str | None]

    order: Mapped[WorkOrder] = relationship()
    warning: Mapped[ReceivedWarning] = relationship()
