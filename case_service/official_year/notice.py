"""Reading one year of the State Council's notice (国务院办公厅关于…部分节假日安排的通知).

Two forms are taken: JSON in the shape of the public holiday-cn files (`year`, `days` with `name`, `date`, `isOffDay`),
and CSV with the columns `date`, `kind` (`off` or `work`) and, if wanted, `name`. A notice may speak of the last days of
the December before.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from case_service.working_days import HOLIDAYS_FIXED_BY_STATUTE

ONE_DAY = timedelta(days=1)
# 全国年节及纪念日放假办法 (2024): thirteen days in all, of which the lunar ones move.
STATUTORY_DAYS = 13
LONGEST_FILE = 200_000
DECEMBER = 12
YEARS = range(2000, 2100)
KINDS = {"off": True, "work": False}


class NoticeError(Exception):
    """The notice cannot be taken; the messages say what is wrong, line by line."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


class Day(BaseModel):
    """One day of the notice."""

    model_config = ConfigDict(populate_by_name=True)

    day: date = Field(alias="date")
    is_off: bool = Field(alias="isOffDay")
    name: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the notice says of one year: which days are off, and which Saturdays and Sundays are worked."""

    year: int
    number: str
    days: Mapping[date, bool]

    def working_days(self) -> dict[date, bool]:
        """For every day of the year, and those of the December before that it names: whether it is worked."""
        first = date(self.year, 1, 1)
        whole_year = [first + ONE_DAY * n for n in range((date(self.year + 1, 1, 1) - first).days)]
        plain = {day: day.weekday() < 5 for day in whole_year}
        return plain | {day: not is_off for day, is_off in self.days.items()}

    def as_csv(self) -> str:
        """The notice in its plain form, as it is carried from the preview to the import."""
        lines = [f"{day.isoformat()},{'off' if is_off else 'work'}" for day, is_off in sorted(self.days.items())]
        return "\n".join(["date,kind", *lines]) + "\n"


def text_of_file(content: bytes) -> str:
    """The text of a file as it was handed in; raises `NoticeError` unless it is UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoticeError(["the file is not text in UTF-8; save it as UTF-8"]) from None


def read_notice(content: str, year: int, number: str) -> Notice:
    """The notice of `year` with its number; raises `NoticeError` with everything that is wrong with it."""
    if not number.strip():
        raise NoticeError(["the number of the notice is missing, such as 国办发明电〔2026〕7号"])
    if year not in YEARS:
        raise NoticeError([f"{year} is no year that a notice of the State Council speaks of"])
    if len(content) > LONGEST_FILE:
        raise NoticeError(["the file is far longer than a year of holidays"])
    days = _days_of_json(content, year) if content.lstrip().startswith("{") else _days_of_csv(content)
    mistakes = list(_mistakes(days, year))
    if mistakes:
        raise NoticeError(mistakes)
    return Notice(year, number.strip(), {one.day: one.is_off for one in days})


def _days_of_json(content: str, year: int) -> list[Day]:
    try:
        file: dict[str, Any] = json.loads(content)
    except ValueError as error:
        raise NoticeError([f"the file is not JSON: {error}"]) from None
    if file.get("year") != year:
        raise NoticeError([f"the file is of the year {file.get('year')}, not {year}"])
    if not isinstance(file.get("days"), list):
        raise NoticeError(["the file has no list named days"])
    return _checked((f"day {place}", one) for place, one in enumerate(file["days"], start=1))


def _days_of_csv(content: str) -> list[Day]:
    reader = csv.DictReader(io.StringIO(content.lstrip("\ufeff")))
    try:
        names, rows = set(reader.fieldnames or ()), list(enumerate(reader, start=2))
    except csv.Error as error:
        raise NoticeError([f"the file is not CSV: {error}"]) from None
    if not {"date", "kind"} <= names:
        raise NoticeError(["the first line must name the columns date and kind, and may name the column name"])
    wrong = [
        f"line {place}: kind must be off or work, not {row['kind']!r}"
        for place, row in rows
        if row["kind"] not in KINDS
    ]
    if wrong:
        raise NoticeError(wrong)
    return _checked(
        (f"line {place}", {"date": row["date"], "isOffDay": KINDS[row["kind"]], "name": row.get("name") or ""})
        for place, row in rows
    )


def _checked(given: Iterator[tuple[str, Any]]) -> list[Day]:
    days, wrong = [], []
    for place, one in given:
        try:
            days.append(Day.model_validate(one))
        except ValidationError as error:
            wrong += [f"{place}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
    if wrong:
        raise NoticeError(wrong)
    return days


def _mistakes(days: list[Day], year: int) -> Iterator[str]:
    seen: set[date] = set()
    for one in days:
        if one.day.year != year and (one.day.year, one.day.month) != (year - 1, DECEMBER):
            yield f"{one.day} is not a day of {year}"
        if one.day in seen:
            yield f"{one.day} stands twice"
        seen.add(one.day)
        if not one.is_off and one.day.weekday() < 5:
            yield f"{one.day} is a weekday, which is worked anyway; only Saturdays and Sundays are made up for"
    off = {one.day for one in days if one.is_off and one.day.year == year}
    missing = sorted(date(year, *each) for each in HOLIDAYS_FIXED_BY_STATUTE if date(year, *each) not in off)
    if missing:
        yield f"days off by statute are missing: {', '.join(map(str, missing))}"
    if len(off) < STATUTORY_DAYS:
        yield f"the notice names {len(off)} days off; by statute there are at least {STATUTORY_DAYS}"
