"""How far a class was taken from its database: `ops.source_watermark`, one line for each night that took any.

The next night reads from the last watermark on, ties included, and some way below it: a transaction
that was open then may have committed rows with the same or a lower watermark since. What comes twice
is recognised as unchanged by ingest.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

from jobs.errors import SourceError
from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.tables import rows_where

TABLE = "ops.source_watermark"
SHANGHAI = ZoneInfo("Asia/Shanghai")
OVERLAP_MINUTES = 60
OVERLAP_NUMBERS = 1000

Kind = Literal["time", "date", "number", "text"]
Value = datetime | date | Decimal | str


@dataclass(frozen=True)
class Watermark:
    """One value of a class's watermark column; its text keeps the kind, so that it is read back alike."""

    kind: Kind
    value: Value

    @classmethod
    def of(cls, value: object) -> "Watermark":
        """Raises SourceError for what has no order to go by."""
        if isinstance(value, datetime):
            return cls("time", value)
        if isinstance(value, date):
            return cls("date", value)
        if isinstance(value, str):
            return cls("text", value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return cls("number", Decimal(str(value)))
        raise SourceError(
            f"its watermark column holds {type(value).__name__}: the data team must name a column of times, days, "
            "numbers or texts that only grow"
        )

    @classmethod
    def parse(cls, text: str) -> "Watermark":
        kind, _, value = text.partition(" ")
        match kind:
            case "time":
                return cls("time", datetime.fromisoformat(value))
            case "date":
                return cls("date", date.fromisoformat(value))
            case "number":
                return cls("number", Decimal(value))
        return cls("text", value)

    def __str__(self) -> str:
        return f"{self.kind} {self.value.isoformat() if isinstance(self.value, date) else self.value}"

    def exceeds(self, other: "Watermark | None") -> bool:
        """Raises SourceError where the column holds values that cannot be compared."""
        if other is None:
            return True
        try:
            return self.value > other.value  # type: ignore[operator]
        except TypeError:
            raise SourceError(
                f"its watermark column holds {other.kind} and {self.kind} mixed (or times with and without a zone): "
                "the data team must name a column of one kind"
            ) from None

    def start(self, overlap: int | None) -> Value:
        """From where to read next time, ties included."""
        if isinstance(self.value, datetime):
            return self.value - timedelta(minutes=OVERLAP_MINUTES if overlap is None else overlap)
        if isinstance(self.value, date):
            minutes = OVERLAP_MINUTES if overlap is None else overlap
            return self.value - timedelta(days=-(-minutes // (24 * 60)))
        if isinstance(self.value, Decimal):
            return self.value - (OVERLAP_NUMBERS if overlap is None else overlap)
        return self.value

    def is_after_night(self, business_date: date) -> bool:
        """Whether it lies in the future: one mistyped year must not hide all that comes before it."""
        if isinstance(self.value, datetime):
            zone = SHANGHAI if self.value.tzinfo else None
            return self.value >= datetime.combine(business_date + timedelta(days=1), time(), zone)
        return isinstance(self.value, date) and self.value > business_date

    @property
    def day(self) -> date | None:
        """The day it lies on, where it is a time or a day."""
        if isinstance(self.value, datetime):
            return (self.value.astimezone(SHANGHAI) if self.value.tzinfo else self.value).date()
        return self.value if isinstance(self.value, date) else None


@dataclass(frozen=True)
class Taken:
    """What one night took of a class; without a watermark column the whole."""

    extract_class: str
    business_date: date
    delivery_id: str
    row_count: int
    watermark: str | None


def taken_before(installation: Installation, extract_class: str) -> list[Taken]:
    """What was taken of a class, by night."""
    if not installation.warehouse.exists(TABLE):
        return []
    rows = installation.warehouse.rows(TABLE, rows_where(extract_class=extract_class)).to_pylist()
    return sorted((Taken(**row) for row in rows), key=lambda taken: taken.business_date)


def record_taken(installation: Installation, taken: Taken) -> None:
    """Put the line of a night, in place of an earlier one of the same night."""
    table = definition(TABLE)
    where = rows_where(extract_class=taken.extract_class, business_date=taken.business_date)
    installation.warehouse.replace_rows(table, pa.Table.from_pylist([asdict(taken)], schema=table.schema), where)
