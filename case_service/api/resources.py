"""What the interface speaks of: orders, cases and units, as one viewer may see them."""

import hashlib
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from case_service.orders.cards import Card, Claim
from case_service.tables import Case, WorkOrder
from case_service.tables.casework import CaseStatus, Matter, OrderKind, OrderStatus, Origin
from case_service.tables.people import Role, UnitLevel
from schemas.messages import Level, OutcomeKind

NOT_NUL = r"^[^\x00]*$"


class Resource(BaseModel):
    """Something the interface gives; its entity tag changes whenever what is given changes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @property
    def entity_tag(self) -> str:
        """The strong entity tag of just this content."""
        return f'"{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]}"'


class UnitResource(Resource):
    """A unit of the tree."""

    code: str
    name: str
    level: UnitLevel
    parent_code: str | None


class UnitPage(Resource):
    """One page of units."""

    items: list[UnitResource]
    next_cursor: str | None


class Assignee(Resource):
    """Who holds an order."""

    username: str
    display_name: str


class OrderSummary(Resource):
    """An order without the people it is about."""

    number: str
    case_number: str
    kind: OrderKind
    status: OrderStatus
    level: Level
    unit: UnitResource
    assignee: Assignee | None
    form_version: str
    opened_at: datetime
    delivered_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None = Field(description="Derived; none before delivery and while the clock stands still.")
    is_provisional: bool = Field(description="Whether the due time rests on a year that is not published yet.")

    @classmethod
    def summed_up(cls, order: WorkOrder, card: Card) -> "OrderSummary":
        """The order as lists give it."""
        holder = order.assignee
        return OrderSummary(
            number=order.number,
            case_number=order.case.number,
            kind=order.kind,
            status=order.status,
            level=order.level,
            unit=UnitResource.model_validate(order.unit),
            assignee=Assignee.model_validate(holder) if holder else None,
            form_version=order.form_version,
            opened_at=order.opened_at,
            delivered_at=order.delivered_at,
            closed_at=order.closed_at,
            due_at=card.due.at if card.due else None,
            is_provisional=card.due is not None and card.due.is_provisional,
        )


class Person(Resource):
    """Whom to visit: in full for the grid worker who holds the open order, masked for everybody else."""

    person_key: str
    name: str
    identity_number: str = Field(description="Always masked here.")
    phone: str | None
    address: str | None


class OrderResource(OrderSummary):
    """An order with why it was opened and whom to visit."""

    is_held: bool = Field(description="Whether the viewer holds it open, and so sees the people in full.")
    claims: list[Claim]
    people: list[Person]

    @classmethod
    def of(cls, order: WorkOrder, card: Card) -> "OrderResource":
        """The order as its own address gives it."""
        return OrderResource(
            **dict(OrderSummary.summed_up(order, card)),
            is_held=card.is_held,
            claims=card.claims,
            people=[Person.model_validate(person) for person in card.people],
        )


class OrderPage(Resource):
    """One page of orders."""

    items: list[OrderSummary]
    next_cursor: str | None = Field(description="Give it as `after` to read on; none on the last page.")


class CaseResource(Resource):
    """A case, with the numbers of those of its orders that the viewer may see."""

    number: str
    matter: Matter
    origin: Origin
    unit_code: str
    status: CaseStatus
    outcome: OutcomeKind | None
    opened_at: datetime
    closed_at: datetime | None
    order_numbers: list[str]

    @classmethod
    def of(cls, case: Case, order_numbers: list[str]) -> Self:
        """The case as it is given."""
        return cls(
            number=case.number,
            matter=case.matter,
            origin=case.origin,
            unit_code=case.unit_code,
            status=case.status,
            outcome=case.outcome,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            order_numbers=order_numbers,
        )


class CasePage(Resource):
    """One page of cases."""

    items: list[CaseResource]
    next_cursor: str | None


class Me(Resource):
    """Who is signed in, and the token that every change must carry in the header X-Form-Token."""

    username: str
    display_name: str
    role: Role
    unit_code: str
    form_token: str


class NewAssignee(BaseModel):
    """To whom an order is given."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=100, pattern=NOT_NUL)]
