"""How division codes changed: which code a code of old became, and from when.

Shipped are the county-level changes of the city (reference/README.md). An administrator adds a city's own in one CSV
file of the same columns, which SHOUWANG_DIVISION_CHANGES names:

`effective_on` (day), `change` (recoded | merged | renamed | abolished), `code` and `name` of old (twelve digits),
`successor_code` and `successor_name` (empty where abolished), `successor_parent_code` (only where the successor is in
no list yet, so that it joins the tree of divisions), `source`.

A recoded county or town takes everything under it along: the digits behind its own stay. Where divisions merged, two
villages may have had the same last digits, so each village needs a line of its own.
"""

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

REFERENCE_FOLDER = Path(__file__).parent / "reference"
OWN_CHANGES_SETTING = "SHOUWANG_DIVISION_CHANGES"
KINDS = ("recoded", "merged", "renamed", "abolished")
DivisionLevel = Literal["city", "county", "town", "village"]
LEVEL_DIGITS: Mapping[DivisionLevel, int] = {"city": 4, "county": 6, "town": 9, "village": 12}


class DivisionError(ValueError):
    """A line of a file of division changes cannot be used; the message names file, line and what to mend."""


@dataclass(frozen=True, slots=True)
class DivisionChange:
    """One code that became another, or none, on a day."""

    effective_on: date
    change: str
    code: str
    name: str
    successor_code: str | None
    successor_name: str | None
    successor_parent_code: str | None
    source: str


@cache
def division_changes() -> tuple[DivisionChange, ...]:
    """All changes, oldest first. Raises DivisionError where a line cannot be used or codes lead in a circle."""
    files = [REFERENCE_FOLDER / "division_changes.csv"]
    if own := os.environ.get(OWN_CHANGES_SETTING):
        files.append(Path(own))
    found = [change for file in files for change in _read(file)]
    by_code: dict[str, DivisionChange] = {}
    for change in found:
        if change.code in by_code and by_code[change.code] != change:
            raise DivisionError(f"{change.code} changes twice in {', '.join(map(str, files))}; keep one line of it.")
        by_code[change.code] = change
    for change in found:
        _check_no_circle(change, by_code)
    return tuple(sorted(found, key=lambda change: (change.effective_on, change.code)))


def level_of(code: str) -> DivisionLevel:
    """The level that a twelve-digit code is of, by the zeros at its end."""
    return next(level for level, digits in LEVEL_DIGITS.items() if not code[digits:].strip("0"))


def _read(path: Path) -> Iterator[DivisionChange]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            yield _change(row, f"{path.name} line {line}")


def _change(row: Mapping[str, str | None], place: str) -> DivisionChange:
    text = {name: (value or "").strip() for name, value in row.items() if name}
    missing = [name for name in ("effective_on", "change", "code", "source") if not text.get(name)]
    if missing:
        raise DivisionError(f"{place}: fill in {', '.join(missing)}.")
    if text["change"] not in KINDS:
        raise DivisionError(f"{place}: change {text['change']!r} must be one of {', '.join(KINDS)}.")
    successor = text.get("successor_code") or (text["code"] if text["change"] == "renamed" else None)
    for code in filter(None, (text["code"], successor, text.get("successor_parent_code"))):
        if not (len(code) == 12 and code.isdigit()):
            raise DivisionError(f"{place}: {code!r} must have twelve digits; a spreadsheet may have cut its zeros.")
    if (successor is None) != (text["change"] == "abolished"):
        raise DivisionError(f"{place}: give a successor_code, or call the change abolished.")
    try:
        day = date.fromisoformat(text["effective_on"])
    except ValueError:
        raise DivisionError(f"{place}: effective_on {text['effective_on']!r} must be a day like 2024-01-31.") from None
    return DivisionChange(
        effective_on=day,
        change=text["change"],
        code=text["code"],
        name=text.get("name", ""),
        successor_code=successor,
        successor_name=text.get("successor_name") or None,
        successor_parent_code=text.get("successor_parent_code") or None,
        source=text["source"],
    )


def _check_no_circle(change: DivisionChange, by_code: Mapping[str, DivisionChange]) -> None:
    seen = {change.code}
    at: DivisionChange | None = change
    while at and at.successor_code and at.change != "renamed":
        if at.successor_code in seen:
            raise DivisionError(f"{', '.join(sorted(seen))} lead back to {at.successor_code}; mend their successors.")
        seen.add(at.successor_code)
        at = by_code.get(at.successor_code)
