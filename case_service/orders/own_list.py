"""A grid worker's list: what its lines show of each order, asked for as columns in two statements.

It is asked for more often than anything else, so it takes no more than it shows: of each household one name and one
address are opened, and no identity number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, Subquery, case, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from case_service.access import HELD_ORDERS, Viewer, held_by
from case_service.orders import people
from case_service.orders.cards import URGENCY, due_by, mark_of, place_in_list
from case_service.sealing import Seal
from case_service.tables import Case, ClockPause, Contact, ReceivedWarning, Unit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.working_days import Due, DueRule, Pause
from schemas.messages import Level, Text

CLOSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """One open order as a line of its holder's list."""

    number: str
    kind: OrderKind
    level: Level
    unit_name: str
    village_name: str | None
    household_name: str
    address: str | None
    reason: Text
    claim_count: int
    due: Due | None
    days_left: int
    is_overdue: bool
    is_due_soon: bool
    opened_at: datetime
    seen: str

    status = OrderStatus.OPEN

    @property
    def path(self) -> str:
        """Where the order's page is."""
        return f"/orders/{self.number}"

    @property
    def is_follow_up(self) -> bool:
        """Whether this goes on with what another order began."""
        return self.kind is OrderKind.FOLLOW_UP

    @property
    def is_paused(self) -> bool:
        """Whether the clock stands still."""
        return self.due is None

    @property
    def by_urgency(self) -> tuple[bool, datetime, int, str]:
        """Sorts as the cards of the same orders do."""
        return place_in_list(self.due, self.opened_at, self.level, self.number)


@dataclass(frozen=True, slots=True)
class ClosedOrder:
    """An order that is done, as one line: whom the claim that led was about, and when it was closed."""

    number: str
    household_name: str
    closed_at: datetime

    @property
    def path(self) -> str:
        """Where the order's page is."""
        return f"/orders/{self.number}"


def listed_orders(session: Session, viewer: Viewer, rule: DueRule, seal: Seal, at: datetime) -> list[ListedOrder]:
    """The open orders the grid worker holds, as they are at that moment."""
    rows = session.execute(_OPEN, dict(held_by(viewer))).mappings()
    return [_listed(row, viewer, rule, seal, at) for row in rows]


def lately_closed(session: Session, viewer: Viewer, seal: Seal) -> list[ClosedOrder]:
    """The last few orders the grid worker closed, with names as everybody may see them."""
    return [
        ClosedOrder(number, people.name_masked(case_number, person_key, sealed_name, seal), closed_at)
        for number, closed_at, case_number, person_key, sealed_name in session.execute(_CLOSED, dict(held_by(viewer)))
    ]


def _listed(row: Mapping[Any, Any], viewer: Viewer, rule: DueRule, seal: Seal, at: datetime) -> ListedOrder:
    basis = row["basis"] or {}
    lead = row["persons"][0] if row["persons"] else basis["person_key"]
    pauses = [Pause(_day(paused), resumed and _day(resumed)) for paused, resumed in row["pauses"] or ()]
    due = due_by(rule, row["delivered_at"], row["working_days"], pauses)
    name, address = _whom_to_visit(row["case_number"], lead, row["contacts"], seal)
    return ListedOrder(
        number=row["number"],
        kind=row["kind"],
        level=row["level"],
        unit_name=row["unit_name"],
        village_name=row["parent_name"] if row["unit_level"] == "grid" else None,
        household_name=name,
        address=address,
        reason=Text.model_validate(row["reasons"][0] if row["reasons"] else basis["reason"]),
        claim_count=row["claim_count"] or 1 + len(basis.get("also", ())),
        due=due,
        days_left=rule.days_left(due, at) if due else 0,
        is_overdue=due is not None and rule.is_overdue(due, at),
        is_due_soon=due is not None and rule.is_due_soon(due, at),
        opened_at=row["opened_at"],
        seen=mark_of(OrderStatus.OPEN, viewer.staff_id, row["level"], row["warning_ids"] or ()),
    )


def _whom_to_visit(
    case_number: str, lead: str, contacts: Sequence[tuple[str, str, str | None]], seal: Seal
) -> tuple[str, str | None]:
    """The name of whoever the leading claim is about, and their address or else another of the household."""
    names = {person_key: sealed_name for person_key, sealed_name, _ in contacts}
    addresses = [(person_key, sealed) for person_key, _, sealed in contacts if sealed]
    addresses.sort(key=lambda one: one[0] != lead)
    name = people.name_in_full(case_number, lead, bytes.fromhex(names[lead]), seal)
    if not addresses:
        return name, None
    person_key, sealed = addresses[0]
    return name, people.address_in_full(case_number, person_key, bytes.fromhex(sealed), seal)


_day = date.fromisoformat
_Village = aliased(Unit)
_most_urgent_first = (case(URGENCY, value=ReceivedWarning.level), ReceivedWarning.sequence)


def _warnings_of(order_id: InstrumentedAttribute[Any], name: str) -> LateralFromClause:
    """What one order carries, the most urgent first, and its marks in the order in which they came.

    The order is named by a column as it stands: of anything reckoned PostgreSQL is not sure that it tells nobody
    of rows that the policies hide, and then asks them of every warning there is.
    """
    claim = ReceivedWarning.claim
    return (
        select(
            func.array_agg(aggregate_order_by(ReceivedWarning.person_key, *_most_urgent_first)).label("persons"),
            func.jsonb_agg(aggregate_order_by(claim["reason"], *_most_urgent_first)).label("reasons"),
            func.sum(1 + func.coalesce(func.jsonb_array_length(claim["also"]), 0)).label("claim_count"),
            func.array_agg(aggregate_order_by(ReceivedWarning.warning_id, ReceivedWarning.sequence)).label("ids"),
        )
        .where(ReceivedWarning.order_id == order_id)
        .lateral(name)
    )


def _contacts() -> ScalarSelect[Any]:
    sealed = (func.encode(one, "hex") for one in (Contact.sealed_name, Contact.sealed_address))
    told = func.jsonb_build_array(Contact.person_key, *sealed)
    of_case = select(func.jsonb_agg(aggregate_order_by(told, Contact.id))).where(Contact.case_id == WorkOrder.case_id)
    return of_case.correlate(WorkOrder).scalar_subquery()


def _pauses() -> ScalarSelect[Any]:
    told = func.jsonb_build_array(ClockPause.paused_on, ClockPause.resumed_on)
    of_order = select(func.jsonb_agg(aggregate_order_by(told, ClockPause.paused_on)))
    return of_order.where(ClockPause.order_id == WorkOrder.id).correlate(WorkOrder).scalar_subquery()


def _lately_closed() -> Subquery:
    return (
        HELD_ORDERS.with_only_columns(
            WorkOrder.number,
            WorkOrder.closed_at,
            WorkOrder.case_id,
            Case.number.label("case_number"),
            func.coalesce(WorkOrder.follows_id, WorkOrder.id).label("carrying_id"),
            WorkOrder.basis["person_key"].astext.label("person_of_basis"),
        )
        .join(WorkOrder.case)
        .where(WorkOrder.status == OrderStatus.CLOSED)
        .order_by(WorkOrder.closed_at.desc())
        .limit(CLOSED_SHOWN)
        .subquery("closed")
    )


# Written once, below what they are made of.
_own = _warnings_of(WorkOrder.id, "own")
_followed = _warnings_of(WorkOrder.follows_id, "followed")
_OPEN = (
    HELD_ORDERS.with_only_columns(
        WorkOrder.number,
        WorkOrder.kind,
        WorkOrder.level,
        WorkOrder.opened_at,
        WorkOrder.delivered_at,
        WorkOrder.working_days,
        WorkOrder.basis,
        Case.number.label("case_number"),
        Unit.name.label("unit_name"),
        Unit.level.label("unit_level"),
        _Village.name.label("parent_name"),
        _own.c.ids.label("warning_ids"),
        *(
            case((WorkOrder.follows_id.is_(None), _own.c[one]), else_=_followed.c[one]).label(one)
            for one in ("persons", "reasons", "claim_count")
        ),
        _contacts().label("contacts"),
        _pauses().label("pauses"),
    )
    .join(WorkOrder.case)
    .join(_Village, _Village.code == Unit.parent_code, isouter=True)
    .join(_own, true())
    .join(_followed, true())
    .where(WorkOrder.status == OrderStatus.OPEN)
)
_closed = _lately_closed()
_leading_person = func.coalesce(
    select(ReceivedWarning.person_key)
    .where(ReceivedWarning.order_id == _closed.c.carrying_id)
    .order_by(*_most_urgent_first)
    .limit(1)
    .scalar_subquery(),
    _closed.c.person_of_basis,
)
_CLOSED = (
    select(_closed.c.number, _closed.c.closed_at, _closed.c.case_number, Contact.person_key, Contact.sealed_name)
    .join(Contact, (Contact.case_id == _closed.c.case_id) & (Contact.person_key == _leading_person))
    .order_by(_closed.c.closed_at.desc())
)
