"""Counting for the dashboard: every figure with the address of the list behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, case, func, select
from sqlalchemy.orm import Session, aliased

from case_service.access import Viewer, in_subtree
from case_service.clock import SHANGHAI, local_date
from case_service.dashboard.table import Line, Table, plain_table, table_with_total
from case_service.row_security import looking_as_system
from case_service.supervision.compliance import lateness
from case_service.supervision.filters import Keeping, Wanted, month_of
from case_service.supervision.queries import Standing, Tally, judge, tallies, total
from case_service.tables import Handling, ReceivedWarning, Referral, Unit, Visit, WorkOrder
from case_service.tables.casework import OrderKind, OrderStatus
from case_service.tables.people import Role, UnitLevel
from case_service.tables.referrals import HandlingResult, HelpKind
from case_service.words import WORDS
from case_service.working_days import DueRule
from schemas.messages import OutcomeKind, Text

MONTHS = 12
STANDINGS = (Standing.OPEN, Standing.OVERDUE, Standing.UNASSIGNED, Standing.CLOSED)
RESULTS = (
    HandlingResult.HELPED,
    HandlingResult.ALREADY_RECEIVING,
    HandlingResult.NOT_ELIGIBLE,
    HandlingResult.DECLINED,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is counted for whom: the orders at or below a unit, by an on-looker who may count there."""

    session: Session
    viewer: Viewer
    unit: Unit
    rule: DueRule
    at: datetime
    least: int

    @property
    def orders(self) -> Select[WorkOrder]:
        """All orders of the unit."""
        return select(WorkOrder).join(WorkOrder.unit).where(in_subtree(self.unit.path))


def tables(asked: Asked) -> list[Table]:
    """All themes, for a unit that the viewer's scope was checked for. Counts name nobody, so all orders are read."""
    with looking_as_system(asked.session):
        everybody = replace(asked.viewer, role=Role.CITY)
        judgement = judge(asked.session, everybody, asked.rule, asked.at)
        found = tallies(asked.session, everybody, asked.unit, judgement)
        return [
            _by_unit(asked, found),
            _by_month(asked),
            _in_time(asked),
            _by_model(asked),
            _by_department(asked),
            _by_help(asked),
        ]


def _by_unit(asked: Asked, found: Sequence[Tally]) -> Table:
    counted = [(_named(tally.unit), [_standing(tally, standing) for standing in STANDINGS]) for tally in found]
    whole = total(asked.unit, found)
    columns = [f"supervision.{one}" for one in STANDINGS]
    totals = [_standing(whole, standing) for standing in STANDINGS]
    return table_with_total("by_unit", columns, counted, totals, asked.least)


def _standing(tally: Tally, standing: Standing) -> tuple[int, str]:
    count = tally.open if standing is Standing.OPEN else tally.counts[standing]
    return count, Wanted(standing=standing).address(tally.unit.code)


def _by_month(asked: Asked) -> Table:
    this = local_date(asked.at).replace(day=1)
    months = [_months_before(this, n) for n in reversed(range(MONTHS))]
    since = datetime.combine(months[0], datetime.min.time(), SHANGHAI)
    opened = _monthly(asked, asked.orders.where(WorkOrder.opened_at >= since), WorkOrder.opened_at)
    closed = _monthly(asked, asked.orders.where(WorkOrder.closed_at >= since), WorkOrder.closed_at)
    code = asked.unit.code
    counted = [
        (
            Text(zh=f"{day.year}年{day.month}月", en=f"{day:%b %Y}"),
            [
                (opened.get(month_of(day), 0), Wanted(opened=month_of(day)).address(code)),
                (closed.get(month_of(day), 0), Wanted(closed=month_of(day)).address(code)),
            ],
        )
        for day in months
    ]
    return plain_table("by_month", ["dashboard.opened", "dashboard.closed"], counted, asked.least)


def _monthly(asked: Asked, orders: Select[WorkOrder], moment: SQLColumnExpression[Any]) -> dict[str, int]:
    month = func.to_char(func.timezone(SHANGHAI.key, moment), "YYYY-MM").label("month")
    narrowed = orders.with_only_columns(month).subquery()
    return dict(asked.session.execute(select(narrowed.c.month, func.count()).group_by(narrowed.c.month)).all())


def _in_time(asked: Asked) -> Table:
    is_late = lateness(asked.session, asked.orders, asked.rule).is_late.label("is_late")
    child = aliased(Unit)
    closed = (
        select(child.code, is_late)
        .select_from(WorkOrder)
        .join(WorkOrder.unit)
        .join(child, Unit.path.startswith(child.path))
        .where(child.parent_code == asked.unit.code, WorkOrder.status == OrderStatus.CLOSED)
        .subquery()
    )
    counts: dict[tuple[str, bool], int] = {
        (code, late): count
        for code, late, count in asked.session.execute(
            select(closed.c.code, closed.c.is_late, func.count()).group_by(closed.c.code, closed.c.is_late)
        )
    }
    units = asked.session.scalars(select(Unit).where(Unit.code.in_({code for code, _ in counts})).order_by(Unit.code))
    counted = [(_named(unit), _kept(unit, counts)) for unit in units]
    sums = [sum(cells[place][0] for _, cells in counted) for place in (0, 1)]
    addresses = [Wanted(keeping=one).address(asked.unit.code) for one in Keeping]
    columns, whole = [f"dashboard.{one}" for one in Keeping], list(zip(sums, addresses, strict=True))
    return table_with_total("in_time", columns, counted, whole, asked.least, percent_of=0, rows_add_up=True)


def _kept(unit: Unit, counts: Mapping[tuple[str, bool], int]) -> list[tuple[int, str]]:
    return [
        (counts.get((unit.code, one is Keeping.LATE), 0), Wanted(keeping=one).address(unit.code)) for one in Keeping
    ]


def _by_model(asked: Asked) -> Table:
    visited = (Visit.order_id == WorkOrder.id) & Visit.sent_back_at.is_(None)
    orders = (
        asked.orders.join(ReceivedWarning, ReceivedWarning.order_id == WorkOrder.id)
        .outerjoin(Visit, visited)
        .where(WorkOrder.kind == OrderKind.HOME_VISIT)
    )
    number = func.distinct(WorkOrder.id)
    closed = WorkOrder.status == OrderStatus.CLOSED
    outcomes = (OutcomeKind.HELPED, OutcomeKind.REFERRED)
    # One warning's words for its model's name, the latest.
    title = func.max(ReceivedWarning.claim["model_title"].astext)
    rows = asked.session.execute(
        orders.with_only_columns(
            ReceivedWarning.model_id,
            title,
            func.count(number),
            func.count(func.distinct(case((closed, WorkOrder.id)))),
            *(func.count(func.distinct(case((closed & (Visit.outcome == one), WorkOrder.id)))) for one in outcomes),
        )
        .group_by(ReceivedWarning.model_id)
        .order_by(func.count(number).desc(), ReceivedWarning.model_id)
    ).all()
    code = asked.unit.code
    counted = []
    for model, words, opened, ended, helped, referred in rows:
        by_model = Wanted(model=model, kind=OrderKind.HOME_VISIT)
        addresses = [by_model, by_model.but(standing=Standing.CLOSED),
                     *(by_model.but(standing=Standing.CLOSED, outcome=one) for one in outcomes)]  # fmt: skip
        counts = (opened, ended, helped, referred)
        counted.append(
            (Text.model_validate_json(words),
             [(count, one.address(code)) for count, one in zip(counts, addresses, strict=True)])
        )  # fmt: skip
    columns = [f"dashboard.model.{one}" for one in ("orders", "closed", "helped", "referred")]
    table = plain_table("by_model", columns, counted, asked.least)
    return replace(table, lines=[_yield_of(line) for line in table.lines], has_percent=True)


def _yield_of(line: Line) -> Line:
    _, closed, helped, referred = (figure.value for figure in line.figures)
    if closed and helped is not None and referred is not None:
        return replace(line, percent=100 * (helped + referred) / closed)
    return line


def _by_department(asked: Asked) -> Table:
    orders = asked.orders.where(Unit.level == UnitLevel.DEPARTMENT).outerjoin(
        Handling, Handling.order_id == WorkOrder.id
    )
    rows = asked.session.execute(
        orders.with_only_columns(WorkOrder.unit_code, WorkOrder.status, Handling.result, func.count()).group_by(
            WorkOrder.unit_code, WorkOrder.status, Handling.result
        )
    ).all()
    units = asked.session.scalars(
        select(Unit).where(Unit.code.in_({row.unit_code for row in rows})).order_by(Unit.code)
    ).all()
    counted = []
    for unit in units:
        own = [(row.status, row.result, row[3]) for row in rows if row.unit_code == unit.code]
        cells = [
            (sum(count for status, _, count in own if status in (OrderStatus.OFFERED, OrderStatus.OPEN)),
             Wanted(standing=Standing.OPEN).address(unit.code)),
            *((sum(count for _, found, count in own if found is result), Wanted(result=result).address(unit.code))
              for result in (*RESULTS, HandlingResult.RETURNED)),
        ]  # fmt: skip
        counted.append((_named(unit), cells))
    columns = ["supervision.open", *(f"handling_result.{one}" for one in (*RESULTS, HandlingResult.RETURNED))]
    return plain_table("by_department", columns, counted, asked.least)


def _by_help(asked: Asked) -> Table:
    rows = asked.session.execute(
        asked.orders.join(Referral, Referral.id == WorkOrder.referral_id)
        .outerjoin(Handling, Handling.order_id == WorkOrder.id)
        .with_only_columns(
            Referral.kind,
            func.count(),
            func.count(case((Handling.result == HandlingResult.HELPED, WorkOrder.id))),
        )
        .group_by(Referral.kind)
    ).all()
    counts = {kind: (asked_for, helped) for kind, asked_for, helped in rows}
    code = asked.unit.code
    counted = [
        (
            WORDS[f"help_kind.{kind}"],
            [
                (counts[kind][0], Wanted(help_kind=kind).address(code)),
                (counts[kind][1], Wanted(help_kind=kind, result=HandlingResult.HELPED).address(code)),
            ],
        )
        for kind in HelpKind
        if kind in counts
    ]
    return plain_table("by_help", ["dashboard.asked_for", "handling_result.helped"], counted, asked.least)


def _named(unit: Unit) -> Text:
    return Text(zh=unit.name, en=unit.name)


def _months_before(first: date, count: int) -> date:
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
