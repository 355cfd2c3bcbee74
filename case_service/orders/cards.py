"""An order as it is shown: in a list, and as the head of its page."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from case_service.access import Viewer, holds_open_order
from case_service.clock import local_date
from case_service.orders import people
from case_service.orders.people import Person
from case_service.sealing import Seal
from case_service.tables import WorkOrder
from case_service.tables.casework import RUNNING, OrderKind, OrderStatus
from case_service.working_days import Due, DueRule, Pause
from schemas.messages import Figure, HouseholdView, Level, SourceDate, Text

URGENCY = {level: rank for rank, level in enumerate(Level)}


class Claim(BaseModel):
    """One thing that a warning says of one person."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_id: str
    model_title: Text
    level: Level
    person_key: str
    reason: Text
    figures: list[Figure]
    check_at_door: list[Text]
    data_as_of: date
    rests_on: list[SourceDate] = Field(default_factory=list)
    leading_figure: Decimal | None = None


class StoredWarning(Claim):
    """A warning as it was stored, everything but the contacts: the claim that leads, and what it takes along."""

    receiving: list[Text]
    may_reach: list[Text] = Field(default_factory=list)
    hardship: str | None = None
    household: HouseholdView | None = None
    also: list[Claim] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Card:
    """One order, ready to be shown to one viewer at one moment."""

    number: str
    case_number: str
    kind: OrderKind
    status: OrderStatus
    level: Level
    unit_name: str
    village_name: str | None
    people: list[Person]
    lead: StoredWarning
    claims: list[Claim]
    due: Due | None
    days_left: int
    is_overdue: bool
    is_due_soon: bool
    is_held: bool
    assignee_name: str | None
    assignee_id: int | None
    opened_at: datetime
    delivered_at: datetime | None
    closed_at: datetime | None
    seen: str

    @property
    def is_follow_up(self) -> bool:
        """Whether this goes on with what another order began."""
        return self.kind is OrderKind.FOLLOW_UP

    @property
    def address(self) -> str | None:
        """Where to go, as far as the viewer may know."""
        persons = sorted(self.people, key=lambda person: person.person_key != self.lead.person_key)
        return next((person.address for person in persons if person.address), None)

    @property
    def path(self) -> str:
        """Where the order's page is."""
        return f"/orders/{self.number}"

    @property
    def household(self) -> HouseholdView | None:
        """The household as the leading warning found it."""
        return self.lead.household

    @property
    def household_name(self) -> str:
        """The name of whoever the leading claim is about."""
        return next(person.name for person in self.people if person.person_key == self.lead.person_key)

    @property
    def is_paused(self) -> bool:
        """Whether the clock stands still."""
        return self.status in RUNNING and self.due is None

    @property
    def by_urgency(self) -> tuple[bool, datetime, int, str]:
        """Sorts overdue and soon due first, then red before yellow; what stands still comes last."""
        return place_in_list(self.due, self.opened_at, self.level, self.number)


def place_in_list(due: Due | None, opened_at: datetime, level: Level, number: str) -> tuple[bool, datetime, int, str]:
    """Where an order stands in a list: what is due first, then red before yellow; what stands still comes last."""
    return due is None, due.at if due else opened_at, URGENCY[level], number


def card(order: WorkOrder, viewer: Viewer, rule: DueRule, seal: Seal, at: datetime) -> Card:
    """`order` as `viewer` may see it at that moment."""
    is_held = holds_open_order(viewer, order)
    show = people.in_full if is_held else people.masked
    stored = claims_behind(order)
    due = due_of(order, rule)
    is_open = order.status in RUNNING and due is not None
    parent = order.unit.parent
    return Card(
        number=order.number,
        case_number=order.case.number,
        kind=order.kind,
        status=order.status,
        level=order.level,
        unit_name=order.unit.name,
        village_name=parent.name if order.unit.level == "grid" and parent else None,
        people=_in_order_of(stored, [show(order.case, contact, seal) for contact in order.case.contacts]),
        lead=stored[0],
        claims=[claim for warning in stored for claim in (warning, *warning.also)],
        due=due,
        days_left=rule.days_left(due, at) if due else 0,
        is_overdue=is_open and due is not None and rule.is_overdue(due, at),
        is_due_soon=is_open and due is not None and rule.is_due_soon(due, at),
        is_held=is_held,
        assignee_name=order.assignee.display_name if order.assignee else None,
        assignee_id=order.assignee_id,
        opened_at=order.opened_at,
        delivered_at=order.delivered_at,
        closed_at=order.closed_at,
        seen=seen_mark(order),
    )


class Seen(Protocol):
    """What somebody saw of one order, in whichever form."""

    @property
    def number(self) -> str:
        """Which order."""

    @property
    def seen(self) -> str:
        """Its `seen_mark`."""


def seen_mark(order: WorkOrder) -> str:
    """What somebody who saw the order now has seen: changes when it moves, changes hands, or takes in a warning."""
    return mark_of(order.status, order.assignee_id, order.level, [one.warning_id for one in order.warnings])


def mark_of(status: OrderStatus, assignee_id: int | None, level: Level, warning_ids: Iterable[str]) -> str:
    """As `seen_mark`, of the order's columns and its warnings in the order in which they came."""
    content = "|".join([status, str(assignee_id), level, *warning_ids])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def orders_mark(cards: Iterable[Seen], language: str, at: datetime) -> str:
    """Changes when the list would show something else: another order, another state, another day, another language."""
    content = "|".join([language, local_date(at).isoformat(), *sorted(card.number + card.seen for card in cards)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def claims_behind(order: WorkOrder) -> list[StoredWarning]:
    """What the order rests on, the most urgent first: its warnings, those of the order it follows, or its basis."""
    carried = (order.follows or order).warnings
    warnings = sorted(carried, key=lambda warning: (URGENCY[warning.level], warning.sequence))
    claims = [warning.claim for warning in warnings] or [order.basis or {}]
    return [StoredWarning.model_validate(claim) for claim in claims]


def due_of(order: WorkOrder, rule: DueRule) -> Due | None:
    """When `order` is due; none before it is delivered and while its clock stands still."""
    pauses = [Pause(pause.paused_on, pause.resumed_on) for pause in order.pauses]
    return due_by(rule, order.delivered_at, order.working_days, pauses)


def due_by(
    rule: DueRule, delivered_at: datetime | None, working_days: int | None, pauses: Iterable[Pause]
) -> Due | None:
    """When an order is due that was delivered then, with its own budget of working days if it has one."""
    return rule.with_budget(working_days).due(delivered_at, pauses) if delivered_at else None


def _in_order_of(stored: list[StoredWarning], persons: list[Person]) -> list[Person]:
    claims = [claim for warning in stored for claim in (warning, *warning.also)]
    places = {claim.person_key: place for place, claim in reversed(list(enumerate(claims)))}
    return sorted(persons, key=lambda person: places.get(person.person_key, len(places)))
