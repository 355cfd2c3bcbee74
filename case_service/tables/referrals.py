"""Passing a case on to departments (转办): which take it by which rule, and what each made of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of
from case_service.tables.casework import Case, WorkOrder
from case_service.tables.people import Staff


class HelpKind(StrEnum):
    """The types of help that a household may need from a department."""

    BASIC_LIVING = "basic_living"
    EMERGENCY = "emergency"
    MEDICAL = "medical"
    EDUCATION = "education"
    HOUSING = "housing"
    EMPLOYMENT = "employment"
    DISABILITY_CARE = "disability_care"
    ELDERLY_CARE = "elderly_care"
    CHILD_WELFARE = "child_welfare"


class HandlingResult(StrEnum):
    """How a department ended its part; only what was returned waits for somebody to decide."""

    HELPED = "helped"
    ALREADY_RECEIVING = "already_receiving"
    NOT_ELIGIBLE = "not_eligible"
    DECLINED = "declined"
    RETURNED = "returned"


class DispatchRule(Base):
    """One version of the rule for one kind of help (分类派单). Changing it supersedes it; nothing is overwritten.

    The lead leads, the others work beside it; `follow_up_days` is how many working days after help somebody looks
    in again, none for never.
    """

    __tablename__ = "dispatch_rule"
    __table_args__ = (
        Index("uq_dispatch_rule_current", "kind", unique=True, postgresql_where=text("superseded_at is null")),
        CheckConstraint("working_days between 1 and 250", name="working_days_in_a_year"),
        CheckConstraint("follow_up_days between 1 and 250", name="follow_up_days_in_a_year"),
        CheckConstraint("not lead = any(others)", name="lead_is_not_beside_itself"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[HelpKind] = mapped_column(words_of(HelpKind))
    lead: Mapped[str]
    others: Mapped[list[str]] = mapped_column(ARRAY(String))
    working_days: Mapped[int]
    follow_up_days: Mapped[int | None]
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    superseded_at: Mapped[datetime | None]

    changed_by: Mapped[Staff | None] = relationship()

    @property
    def departments(self) -> list[str]:
        """All departments of the rule, the lead first."""
        return [self.lead, *self.others]


class Referral(Base):
    """One kind of help asked of departments for a case; its orders are those of the departments."""

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("household_case.id"), index=True)
    kind: Mapped[HelpKind] = mapped_column(words_of(HelpKind))
    rule_id: Mapped[int] = mapped_column(ForeignKey("dispatch_rule.id"))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    sealed_note: Mapped[bytes]

    case: Mapped[Case] = relationship()
    rule: Mapped[DispatchRule] = relationship()
    opened_by: Mapped[Staff] = relationship()
    orders: Mapped[list[WorkOrder]] = relationship(
        order_by="(WorkOrder.is_lead.desc(), WorkOrder.id)", back_populates="referral"
    )


class Handling(Base):
    """How a department ended its order; what it wrote is sealed, since it is about people."""

    __tablename__ = "handling"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), unique=True)
    result: Mapped[HandlingResult] = mapped_column(words_of(HandlingResult))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    sealed_text: Mapped[bytes]

    order: Mapped[WorkOrder] = relationship(back_populates="handling")
    recorded_by: Mapped[Staff] = relationship()
