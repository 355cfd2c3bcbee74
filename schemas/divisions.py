"""The administrative divisions the product is shipped with (attribution: reference/README.md)."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

REFERENCE_FOLDER = Path(__file__).parent / "reference"
EFFECTIVE_FROM = date(2016, 7, 31)

DivisionLevel = Literal["city", "county", "town", "village"]


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
    """All divisions of the shipped city, parents before children."""
    with (REFERENCE_FOLDER / "divisions_3407.csv").open(encoding="utf-8", newline="") as file:
        rows = [
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
    order = {"city": 0, "county": 1, "town": 2, "village": 3}
    return tuple(sorted(rows, key=lambda division: (order[division.level], division.code)))


@cache
def villages() -> tuple[Division, ...]:
    """The villages and communities, where people live."""
    return tuple(division for division in divisions() if division.level == "village")
