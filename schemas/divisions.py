"""The administrative divisions the product is shipped with (attribution: reference/README.md)."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from schemas.division_changes import (
    LEVEL_DIGITS,
    REFERENCE_FOLDER,
    DivisionError,
    DivisionLevel,
    division_changes,
    level_of,
)

EFFECTIVE_FROM = date(2016, 7, 31)


@dataclass(frozen=True, slots=True)
class Division:
    """One administrative division; `code` has twelve digits."""

    code: str
    parent_code: str
    name: str
    level: DivisionLevel
    urban_rural_code: str
    is_virtual: bool


@cache
def divisions() -> tuple[Division, ...]:
    """All divisions of the city, parents before children: those as of EFFECTIVE_FROM and those that changes added."""
    found = {division.code: division for division in _shipped()}
    for change in division_changes():
        code, parent_code = change.successor_code, change.successor_parent_code
        if code and parent_code and code not in found:
            parent = found.get(parent_code)
            if parent is None:
                raise DivisionError(f"{code} is put under {parent_code}, which is no division.")
            name = change.successor_name or code
            found[code] = Division(code, parent_code, name, level_of(code), parent.urban_rural_code, is_virtual=False)
            if change.change == "recoded":
                found |= {moved.code: moved for moved in _moved_along(change.code, code, tuple(found.values()))}
        elif change.change == "renamed" and change.successor_name and change.code in found:
            found[change.code] = replace(found[change.code], name=change.successor_name)
    order = list(LEVEL_DIGITS)
    return tuple(sorted(found.values(), key=lambda division: (order.index(division.level), division.code)))


def _moved_along(old: str, new: str, known: Sequence[Division]) -> Iterator[Division]:
    """What stands under a recoded division, under its new code."""
    digits = LEVEL_DIGITS[level_of(old)]
    for division in known:
        if division.code != old and division.code.startswith(old[:digits]):
            code, parent = (new[:digits] + given[digits:] for given in (division.code, division.parent_code))
            yield replace(division, code=code, parent_code=parent)


def _shipped() -> list[Division]:
    with (REFERENCE_FOLDER / "divisions_3407.csv").open(encoding="utf-8", newline="") as file:
        return [
            Division(
                code=row["code"],
                parent_code=row["parent_code"],
                name=row["name"],
                level=row["level"],  # type: ignore[arg-type]
                urban_rural_code=row["urban_rural_code"],
                is_virtual=row["is_virtual"] == "t",
            )
            for row in csv.DictReader(file)
        ]


@cache
def villages() -> tuple[Division, ...]:
    """The villages and communities, where people live."""
    return tuple(division for division in divisions() if division.level == "village")
