"""A list of orders as a workbook: masked, and nothing in it can run as a formula."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import BytesIO

import xlsxwriter
from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer, with_everything_shown
from case_service.action_log import Action
from case_service.clock import SHANGHAI
from case_service.orders.cards import Card, card
from case_service.sealing import Seal
from case_service.tables import Unit, WorkOrder
from case_service.working_days import DueRule
from schemas.messages import Text

MOST_ROWS = 20_000
ROWS_AT_ONCE = 500
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    ("number", 20), ("case", 20), ("kind", 14), ("standing", 14), ("level", 14), ("name", 10), ("identity", 22),
    ("phone", 16), ("village", 20), ("unit", 20), ("model", 28), ("worker", 12), ("opened", 18), ("delivered", 18),
    ("due", 14), ("closed", 18),
)  # fmt: skip
# What a spreadsheet takes for a formula when the file is saved as text and opened again.
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def export(
    session: Session,
    orders: Select[WorkOrder],
    unit: Unit,
    viewer: Viewer,
    rule: DueRule,
    seal: Seal,
    at: datetime,
    words: Callable[..., str],
    say: Callable[[Text], str],
) -> bytes:
    """The workbook of `orders`, cut at so many rows with a line that says so; that it was made is recorded."""
    count = session.scalar(orders.order_by(None).with_only_columns(func.count(WorkOrder.id))) or 0
    shown = session.scalars(with_everything_shown(orders.limit(MOST_ROWS)).execution_options(yield_per=ROWS_AT_ONCE))
    lines = ([as_text(value) for value in _line(card(one, viewer, rule, seal, at), words, say)] for one in shown)
    notice = words("export.cut", count=count, most=MOST_ROWS) if count > MOST_ROWS else ""
    content = _workbook(unit.name, [words(f"export.{name}") for name, _ in COLUMNS], lines, notice)
    details = {"rows": min(count, MOST_ROWS)}
    action_log.record(session, at, [Action(viewer.username, "orders_exported", unit.code, "following_up", details)])
    return content


def as_text(value: str) -> str:
    """`value` so that no spreadsheet runs it, be it opened from the workbook or from a text file made of it."""
    return f"'{value}" if value.startswith(STARTS_A_FORMULA) else value


def _line(one: Card, words: Callable[..., str], say: Callable[[Text], str]) -> Iterable[str]:
    person = next(person for person in one.people if person.person_key == one.lead.person_key)
    return (
        one.number,
        one.case_number,
        words(f"order_kind.{one.kind}"),
        words("supervision.overdue") if one.is_overdue else words(f"order_status.{one.status}"),
        words(f"level.{one.level}"),
        person.name,
        person.identity_number,
        person.phone or "",
        one.village_name or "",
        one.unit_name,
        say(one.lead.model_title),
        one.assignee_name or "",
        _moment(one.opened_at),
        _moment(one.delivered_at),
        one.due.on.isoformat() if one.due else "",
        _moment(one.closed_at),
    )


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else ""


def _workbook(title: str, headers: Sequence[str], lines: Iterable[Sequence[str]], notice: str) -> bytes:
    kept = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(kept, options) as workbook:
        text = workbook.add_format({"num_format": "@"})
        bold = workbook.add_format({"bold": True, "num_format": "@"})
        sheet = workbook.add_worksheet(_sheet_name(title))
        for place, (header, (_, width)) in enumerate(zip(headers, COLUMNS, strict=True)):
            sheet.set_column(place, place, width, text)
            sheet.write_string(0, place, header, bold)
        sheet.freeze_panes(1, 1)
        last = 0
        for last, line in enumerate(lines, start=1):
            for place, value in enumerate(line):
                sheet.write_string(last, place, value, text)
        if notice:
            sheet.write_string(last + 1, 0, notice, bold)
    return kept.getvalue()


def _sheet_name(title: str) -> str:
    """What a sheet may be called: 31 characters, and none that workbooks keep for themselves."""
    return "".join(" " if one in r"[]:*?/\'" else one for one in title)[:31]
