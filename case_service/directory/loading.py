"""Loading the directory. Loading the same files again changes nothing."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.settings import DEMO_PASSWORD
from case_service.sign_in import passwords
from case_service.tables import Staff, Unit
from case_service.tables.people import Role, UnitLevel
from schemas.divisions import divisions


class DirectoryFileError(Exception):
    """A directory file cannot be loaded; the message names the file and every line to mend."""


class Line(BaseModel):
    """A line of a directory file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


LineT = TypeVar("LineT", bound=Line)


class GridLine(Line):
    """One grid."""

    grid_code: str = Field(pattern=r"^\d{15}$")
    village_code: str = Field(pattern=r"^\d{12}$")
    name: str = Field(min_length=1)
    effective_from: date | None = None


class StaffLine(Line):
    """One member of staff."""

    username: str = Field(min_length=1)
    display_name: str = Field(min_length=1)
    role: Role
    unit_code: str = Field(pattern=r"^(\d{12}|\d{15})$")
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many lines the files held."""

    grid_count: int
    staff_count: int


def load_divisions(session: Session) -> None:
    """City, counties, towns and villages, as shipped."""
    paths: dict[str, str] = {}
    rows: list[dict[str, object]] = []
    for division in divisions():
        paths[division.code] = f"{paths.get(division.parent_code, '')}{division.code}/"
        rows.append(
            {
                "code": division.code,
                "parent_code": division.parent_code if division.parent_code in paths else None,
                "name": division.name,
                "level": UnitLevel(division.level),
                "path": paths[division.code],
                "effective_from": None,
            }
        )
    _put_units(session, rows)


def load_directory(session: Session, grids_file: Path, staff_file: Path, with_demo_password: bool) -> Loaded:
    """Bring units and staff up to the files. Who is no longer in the file keeps their account until it is closed."""
    grids = list(_lines(grids_file, GridLine))
    village_paths = dict(session.execute(select(Unit.code, Unit.path).where(Unit.level == UnitLevel.VILLAGE)).all())
    _refuse_unknown(grids_file, [grid.village_code for grid in grids], set(village_paths))
    _put_units(session, [_unit_of(grid, village_paths[grid.village_code]) for grid in grids])
    staff = list(_lines(staff_file, StaffLine))
    _refuse_unknown(staff_file, [one.unit_code for one in staff], set(session.scalars(select(Unit.code))))
    _put_staff(session, staff, with_demo_password)
    return Loaded(len(grids), len(staff))


def _unit_of(grid: GridLine, village_path: str) -> dict[str, object]:
    return {
        "code": grid.grid_code,
        "parent_code": grid.village_code,
        "name": grid.name,
        "level": UnitLevel.GRID,
        "path": f"{village_path}{grid.grid_code}/",
        "effective_from": grid.effective_from,
    }


def _put_units(session: Session, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    statement = insert(Unit)
    changed = {name: statement.excluded[name] for name in ("parent_code", "name", "path", "effective_from")}
    session.execute(statement.on_conflict_do_update(index_elements=[Unit.code], set_=changed), rows)


def _put_staff(session: Session, staff: list[StaffLine], with_demo_password: bool) -> None:
    known = {one.username: one for one in session.scalars(select(Staff))}
    # One hash for the whole demo: hashing five hundred times would take a minute.
    demo_hash = passwords.hashed(DEMO_PASSWORD) if with_demo_password else None
    for line in staff:
        row = known.get(line.username) or Staff(username=line.username, failed_sign_ins=0, is_active=True)
        row.display_name, row.role, row.unit_code = line.display_name, line.role, line.unit_code
        row.phone = line.phone or None
        if row.id is None:
            row.has_demo_password = with_demo_password
        if demo_hash and row.password_hash is None:
            row.password_hash, row.has_demo_password = demo_hash, True
        session.add(row)
    session.flush()


def _lines(path: Path, kind: type[LineT]) -> Iterator[LineT]:
    """The lines of the file; all mistakes are told together."""
    mistakes = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                yield kind.model_validate({name: value for name, value in row.items() if value != ""})
            except ValidationError as error:
                where = ", ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
                mistakes.append(f"line {number}: {where}")
    if mistakes:
        raise DirectoryFileError(f"{path}: " + "; ".join(mistakes))


def _refuse_unknown(path: Path, codes: list[str], known: set[str]) -> None:
    unknown = sorted({code for code in codes if code not in known})
    if unknown:
        raise DirectoryFileError(f"{path}: no unit has these codes: {', '.join(unknown)}")
