"""How a department hands over an extract: where the files lie and what the manifest says.

A delivery is one or more data files, a manifest, and a zero-byte `.ok` written last.
Without `.ok` nothing is read; after it nothing may change.

    landing/<business date>/<department>/<class>_<yyyymmdd>_<seq>.csv
                                         <class>_<yyyymmdd>_<seq>.manifest.json
                                         <class>_<yyyymmdd>_<seq>.ok
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MANIFEST_SUFFIX = ".manifest.json"
DONE_SUFFIX = ".ok"


class DeliveredFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    sm3: str


class Manifest(BaseModel):
    """What the department says it sent; ingest holds the delivery to it.

    `row_count` counts data rows without header and title; `control_sum` is the sum of the
    contract's control field over all rows as delivered, wrong rows included, or null
    where the contract names none. `watermark` stands in what we took from a department's database
    ourselves: the highest one among its rows (see jobs.sources). `counties`, six digits each, says that the
    delivery covers only these; without them it covers the whole city.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    extract_class: str
    department: str
    schema_version: str
    mode: Literal["full", "incremental"]
    business_date: date
    period_start: date
    period_end: date
    sequence: int
    row_count: int
    control_sum: Decimal | None
    files: list[DeliveredFile]
    encoding: str | None
    watermark: str | None = None
    counties: list[Annotated[str, Field(pattern=r"^\d{6}$")]] = Field(default_factory=list)

    @model_validator(mode="after")
    def covers_the_city_if_full(self) -> Self:
        """A full snapshot of some counties would be read as if everybody elsewhere were gone."""
        if self.counties and self.mode == "full":
            raise ValueError("a full delivery covers the whole city; deliver some counties as incremental")
        return self

    @property
    def stem(self) -> str:
        return f"{self.extract_class}_{self.business_date:%Y%m%d}_{self.sequence:02d}"

    @property
    def delivery_id(self) -> str:
        """Names the delivery everywhere: `<department>.<class>.<yyyymmdd>.<seq>`."""
        return f"{self.department}.{self.extract_class}.{self.business_date:%Y%m%d}.{self.sequence:02d}"


def file_sm3(path: Path) -> str:
    """The SM3 hash (GB/T 32905) of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new("sm3")).hexdigest()


def department_folder(landing: Path, business_date: date, department: str) -> Path:
    return landing / business_date.isoformat() / department


def finished_manifests(landing: Path, business_date: date, department: str) -> Iterator[Path]:
    """The manifests of a department's finished deliveries for a date, in order of sequence."""
    folder = department_folder(landing, business_date, department)
    for path in sorted(folder.glob(f"*{MANIFEST_SUFFIX}")):
        if path.with_name(path.name.removesuffix(MANIFEST_SUFFIX) + DONE_SUFFIX).exists():
            yield path


def business_dates(landing: Path) -> list[date]:
    """The dates for which anything was delivered, oldest first."""
    if not landing.is_dir():
        return []
    return sorted(date.fromisoformat(path.name) for path in landing.iterdir() if path.is_dir())


def departments_with_deliveries(landing: Path, business_date: date) -> list[str]:
    folder = landing / business_date.isoformat()
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir())
