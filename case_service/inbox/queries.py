"""What taking in warnings asks the database: everything for a batch, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import Sequence, func, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from case_service.clock import SHANGHAI, local_date
from case_service.inbox.withholding import RecentCase
from case_service.orders.cards import URGENCY, StoredWarning
from case_service.tables import Case, ReceivedWarning, Staff, Unit, WorkOrder
from case_service.tables.casework import CASE_NUMBER, ORDER_NUMBER, CaseStatus, Matter, OrderKind, OrderStatus
from case_service.tables.people import Role, UnitLevel
from schemas.messages import DispositionKind, Level, WarningMessage


def received_before(session: Session, warnings: list[WarningMessage]) -> dict[str, ReceivedWarning]:
    """Those of the warnings that came before, by id, with their order and case."""
    ids = [warning.warning_id for warning in warnings]
    rows = session.scalars(
        select(ReceivedWarning)
        .where(ReceivedWarning.warning_id.in_(ids))
        .options(selectinload(ReceivedWarning.order).selectinload(WorkOrder.case))
        .execution_options(populate_existing=True)
    )
    return {row.warning_id: row for row in rows}


def open_cases(session: Session, household_keys: Iterable[str]) -> dict[str, Case]:
    """The open case of each household that has one, be it without an order to visit."""
    rows = session.scalars(
        select(Case)
        .where(
            Case.household_key.in_(list(household_keys)),
            Case.matter == Matter.HARDSHIP,
            Case.status == CaseStatus.OPEN,
        )
        .options(selectinload(Case.contacts))
    )
    return {case.household_key: case for case in rows}


def open_orders(session: Session, household_keys: Iterable[str]) -> dict[str, WorkOrder]:
    """The visit under way for each household that has an open case."""
    rows = session.scalars(
        select(WorkOrder)
        .join(WorkOrder.case)
        .where(
            Case.household_key.in_(list(household_keys)),
            Case.matter == Matter.HARDSHIP,
            Case.status == CaseStatus.OPEN,
            WorkOrder.kind == OrderKind.HOME_VISIT,
            WorkOrder.status != OrderStatus.CLOSED,
        )
        .options(contains_eager(WorkOrder.case).selectinload(Case.contacts))
    )
    return {order.case.household_key: order for order in rows}


def recent_cases(
    session: Session, household_keys: Iterable[str], on: date, quiet_days: int
) -> dict[str, list[RecentCase]]:
    """The cases of each household that were closed so lately that they may still withhold."""
    earliest = datetime.combine(on - timedelta(days=quiet_days), time(), SHANGHAI)
    rows = session.execute(
        select(Case, ReceivedWarning.level, ReceivedWarning.claim)
        .join(WorkOrder, WorkOrder.case_id == Case.id)
        .join(ReceivedWarning, ReceivedWarning.order_id == WorkOrder.id)
        .where(Case.household_key.in_(list(household_keys)), Case.closed_at >= earliest)
    )
    warnings_of: dict[Case, list[tuple[Level, StoredWarning]]] = defaultdict(list)
    for case, level, claim in rows:
        warnings_of[case].append((level, StoredWarning.model_validate(claim)))
    found: dict[str, list[RecentCase]] = defaultdict(list)
    for case, warnings in warnings_of.items():
        found[case.household_key].append(_recent_case(case, warnings))
    return found


def opened_in_week(session: Session, worker_ids: Iterable[int], on: date) -> Counter[int]:
    """How many visits each worker was given in the week of the business date, Monday to Sunday."""
    monday = on - timedelta(days=on.weekday())
    rows = session.execute(
        select(WorkOrder.assignee_id, func.count(ReceivedWarning.warning_id))
        .join(ReceivedWarning, ReceivedWarning.order_id == WorkOrder.id)
        .where(
            WorkOrder.assignee_id.in_(list(worker_ids)),
            ReceivedWarning.disposition == DispositionKind.OPENED,
            ReceivedWarning.disposed_on.between(monday, monday + timedelta(days=6)),
        )
        .group_by(WorkOrder.assignee_id)
    )
    return Counter({worker_id: count for worker_id, count in rows if worker_id is not None})


def units_by_code(session: Session, codes: set[str]) -> dict[str, Unit]:
    """Those of the units that exist."""
    return {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.code.in_(codes)))}


def root_unit(session: Session) -> Unit:
    """The top of the tree, which answers for every place nobody else knows."""
    return session.scalars(select(Unit).where(Unit.level == UnitLevel.CITY).order_by(Unit.code)).first() or _no_tree()


def worker_of_each_grid(session: Session, grid_codes: set[str]) -> dict[str, int]:
    """The staff id of the grid worker of each grid; where there are two, the first by username."""
    rows = session.execute(
        select(Staff.unit_code, Staff.id)
        .where(Staff.unit_code.in_(grid_codes), Staff.role == Role.GRID_WORKER, Staff.is_active)
        .order_by(Staff.username.desc())
    )
    return dict(rows.all())


def next_order_number(session: Session, at: datetime) -> str:
    """GD, the date, and a number that is never used again."""
    return Numbers(session, at, 1).next_order()


@dataclass
class Numbers:
    """Numbers of cases and orders, never used again: so many are drawn at once, and those left over are lost."""

    session: Session
    at: datetime
    at_once: int
    _cases: list[int] = field(default_factory=list)
    _orders: list[int] = field(default_factory=list)

    def next_case(self) -> str:
        """GA, the date, and a number."""
        return f"GA{local_date(self.at):%Y%m%d}{self._next(CASE_NUMBER, self._cases):06d}"

    def next_order(self) -> str:
        """GD, the date, and a number."""
        return f"GD{local_date(self.at):%Y%m%d}{self._next(ORDER_NUMBER, self._orders):06d}"

    def _next(self, sequence: Sequence, drawn: list[int]) -> int:
        if not drawn:
            series = func.generate_series(1, max(self.at_once, 1)).table_valued("place")
            drawn += sorted(self.session.scalars(select(sequence.next_value()).select_from(series)), reverse=True)
        return drawn.pop()


def _recent_case(case: Case, warnings: list[tuple[Level, StoredWarning]]) -> RecentCase:
    if case.closed_at is None or case.outcome is None:
        raise ValueError(f"case {case.number} is closed without a time or an outcome")
    figures: dict[str, Decimal] = {}
    for claim in (claim for _, stored in warnings for claim in (stored, *stored.also)):
        if claim.leading_figure is not None:
            figures[claim.model_id] = max(claim.leading_figure, figures.get(claim.model_id, claim.leading_figure))
    return RecentCase(
        closed_on=local_date(case.closed_at),
        outcome=case.outcome,
        level=min((level for level, _ in warnings), key=URGENCY.__getitem__),
        person_keys=frozenset(claim.person_key for _, stored in warnings for claim in (stored, *stored.also)),
        figures=figures,
    )


def _no_tree() -> Unit:
    raise LookupError("no units are loaded: the administrator must run python -m case_service load-directory")
