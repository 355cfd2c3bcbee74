"""What somebody wants to see of the orders of a unit: read from an address, told to the database, written again."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, SQLColumnExpression, select

from case_service.clock import SHANGHAI
from case_service.supervision.queries import Judgement, Standing
from case_service.tables import Handling, ReceivedWarning, Referral, Visit, WorkOrder
from case_service.tables.casework import OrderKind
from case_service.tables.referrals import HandlingResult, HelpKind
from schemas.messages import Level, OutcomeKind


class Keeping(StrEnum):
    """Whether what is closed was closed by the day it was due."""

    IN_TIME = "in_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a list of orders; what is none narrows nothing. Months are written `2025-11`."""

    standing: Standing | None = None
    level: Level | None = None
    kind: OrderKind | None = None
    model: str | None = None
    outcome: OutcomeKind | None = None
    help_kind: HelpKind | None = None
    result: HandlingResult | None = None
    keeping: Keeping | None = None
    opened: str | None = None
    closed: str | None = None

    @classmethod
    def read(cls, request: Request) -> Self:
        """The filters of an address; words that do not exist are left out."""
        given = request.query_params
        words = {"standing": Standing, "level": Level, "kind": OrderKind, "outcome": OutcomeKind,
                 "help_kind": HelpKind, "result": HandlingResult, "keeping": Keeping}  # fmt: skip
        known = {name: kind(given[name]) for name, kind in words.items() if given.get(name) in set(kind)}
        months = {name: given[name] for name in ("opened", "closed") if _first_day(given.get(name, ""))}
        return cls(**known, **months, model=given.get("model", "").replace("\0", "") or None)  # type: ignore[arg-type]

    def but(self, **changes: object) -> Self:
        """The same with other filters in place."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def address(self, unit_code: str, page_number: int = 1, path: str = "/supervision") -> str:
        """Where the list that is wanted is to be found."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        page = {"page": page_number} if page_number > 1 else {}
        return f"{path}?{urlencode({'unit': unit_code, **{name: one for name, one in given.items() if one}, **page})}"

    def conditions(self, judgement: Judgement, is_late: ColumnElement[bool]) -> list[ColumnElement[bool]]:
        """What the orders wanted fulfil; `is_late` says of closed ones whether they were."""
        visits = select(Visit.id).where(Visit.order_id == WorkOrder.id, Visit.sent_back_at.is_(None))
        warnings = select(ReceivedWarning.warning_id).where(ReceivedWarning.order_id == WorkOrder.id)
        referrals = select(Referral.id).where(Referral.id == WorkOrder.referral_id)
        handled = select(Handling.id).where(Handling.order_id == WorkOrder.id)
        return [
            *([judgement.holds(self.standing)] if self.standing else []),
            *([WorkOrder.level == self.level] if self.level else []),
            *([WorkOrder.kind == self.kind] if self.kind else []),
            *([warnings.where(ReceivedWarning.model_id == self.model).exists()] if self.model else []),
            *([visits.where(Visit.outcome == self.outcome).exists()] if self.outcome else []),
            *([referrals.where(Referral.kind == self.help_kind).exists()] if self.help_kind else []),
            *([handled.where(Handling.result == self.result).exists()] if self.result else []),
            *([is_late if self.keeping is Keeping.LATE else ~is_late] if self.keeping else []),
            *([WorkOrder.closed_at.is_not(None)] if self.keeping else []),
            *(_in_month(WorkOrder.opened_at, self.opened) if self.opened else []),
            *(_in_month(WorkOrder.closed_at, self.closed) if self.closed else []),
        ]


WantedDep = Annotated[Wanted, Depends(Wanted.read)]


def month_of(day: date) -> str:
    """The month of a day, as filters write it."""
    return f"{day:%Y-%m}"


def _first_day(month: str) -> date | None:
    try:
        return datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        return None


def _in_month(column: SQLColumnExpression[Any], month: str) -> list[ColumnElement[bool]]:
    first = _first_day(month)
    if first is None:
        return []
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    start, end = (datetime.combine(day, time(), SHANGHAI) for day in (first, following))
    return [column >= start, column < end]
