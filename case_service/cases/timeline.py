"""The story of a case, as the record of actions and the case itself tell it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from case_service.orders.cards import StoredWarning
from case_service.row_security import looking_as_system
from case_service.tables import ActionLogEntry, Case, ReceivedWarning, Staff, Unit, WorkOrder

# Looks at a file are counted, not told one by one.
LOOKS = frozenset({"file_read", "masked_file_read", "names_read", "photo_read", "case_read"})
# What the page says in words; anything else that is recorded of an order is told by its name.
WORDED_EVENTS = frozenset(
    {
        "warning_opened", "warning_joined", "order_assigned", "order_reassigned", "visit_recorded", "visit_submitted",
        "closure_approved", "closure_sent_back", "referral_opened", "handling_accept", "handling_take_over",
        "handling_returned", "handling_resolved", "handling_settled", "identity_number_read", "helped_at_once",
        "time_asked_for", "time_granted", "time_refused", "order_handed_over", "addition_recorded", "clock_paused",
        "clock_resumed", "escalated_to_community", "escalated_to_town", "escalated_to_county",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a case, and the warning it was about, where it was."""

    at: datetime
    action: str
    actor: str
    number: str
    details: Mapping[str, Any]
    purpose: str | None
    warning: StoredWarning | None

    @property
    def has_words(self) -> bool:
        """Whether the page has words for it."""
        return self.action in WORDED_EVENTS


@dataclass(frozen=True, slots=True)
class Story:
    """All that happened, the latest last, and how often somebody looked."""

    events: Sequence[Event]
    look_count: int


def orders_of_case(session: Session, case: Case) -> Sequence[WorkOrder]:
    """All orders of a case, those of departments too. Callers have checked that the viewer may see the case."""
    with looking_as_system(session):
        return session.scalars(
            select(WorkOrder)
            .where(WorkOrder.case_id == case.id)
            .order_by(WorkOrder.id)
            .options(
                joinedload(WorkOrder.unit).joinedload(Unit.parent),
                joinedload(WorkOrder.assignee),
                joinedload(WorkOrder.case).selectinload(Case.contacts),
                selectinload(WorkOrder.warnings),
                selectinload(WorkOrder.pauses),
                joinedload(WorkOrder.referral),
                joinedload(WorkOrder.handling),
            )
        ).all()


def story_of(session: Session, case: Case, orders: Sequence[WorkOrder]) -> Story:
    """What happened to a case and its orders."""
    subjects = [case.number, *(order.number for order in orders)]
    entries = session.scalars(
        select(ActionLogEntry).where(ActionLogEntry.subject.in_(subjects)).order_by(ActionLogEntry.sequence)
    ).all()
    warnings = {one.warning_id: one for order in orders for one in order.warnings}
    told = [entry for entry in entries if entry.action not in LOOKS]
    people = {entry.actor for entry in told} | {str(entry.details.get("assignee")) for entry in told}
    names = dict(session.execute(select(Staff.username, Staff.display_name).where(Staff.username.in_(people))).all())
    events = [_event(entry, names, warnings) for entry in told]
    return Story(events, len(entries) - len(told))


def _event(entry: ActionLogEntry, names: Mapping[str, str], warnings: Mapping[str, ReceivedWarning]) -> Event:
    warning = warnings.get(str(entry.details.get("warning_id")))
    assignee = entry.details.get("assignee")
    named = {"assignee": names.get(str(assignee), assignee)} if assignee else {}
    return Event(
        at=entry.at,
        action=entry.action,
        actor=names.get(entry.actor, ""),
        number=entry.subject,
        details={**entry.details, **named},
        purpose=entry.purpose,
        warning=StoredWarning.model_validate(warning.claim) if warning else None,
    )
