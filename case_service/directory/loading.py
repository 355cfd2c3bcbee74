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
from case_service.tables.people import LONGEST_UNIT_NAME, PowerHeldError, Role, UnitLevel, fits
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
    name: str = Field(min_length=1, max_length=LONGEST_UNIT_NAME)
    effective_from: date | None = None


class StaffLine(Line):
    """One member of staff."""

    username: str = Field(min_length=1)
    display_name: str = Field(min_length=1)
    role: Role
    unit_code: str = Field(pattern=r"^(\d{12}|\d{15}|\d{12}-[a-z_]+)$")
    phone: str = ""


class DepartmentLine(Line):
    """One department of a division, such as the civil affairs bureau of a county."""

    department: str = Field(pattern=r"^[a-z_]+$")
    division_code: str = Field(pattern=r"^\d{12}$")
    name: str = Field(min_length=1, max_length=LONGEST_UNIT_NAME)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many lines the files held."""

    grid_count: int
    staff_count: int
    department_count: int


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


def load_directory(
    session: Session, grids_file: Path, staff_file: Path, with_demo_password: bool, departments_file: Path | None = None
) -> Loaded:
    """Bring units and staff up to the files. Who is no longer in the file keeps their account until it is closed."""
    grids = list(lines_of(grids_file, GridLine))
    village_paths = dict(session.execute(select(Unit.code, Unit.path).where(Unit.level == UnitLevel.VILLAGE)).all())
    _refuse_unknown(grids_file, [grid.village_code for grid in grids], set(village_paths))
    _put_units(session, [_grid(grid, village_paths[grid.village_code]) for grid in grids])
    departments = _put_departments(session, departments_file) if departments_file else 0
    staff = list(lines_of(staff_file, StaffLine))
    levels = dict(session.execute(select(Unit.code, Unit.level)).all())
    _refuse_unknown(staff_file, [one.unit_code for one in staff], set(levels))
    _refuse_unfit(staff_file, staff, levels)
    try:
        _put_staff(session, staff, with_demo_password)
    except PowerHeldError as refusal:
        raise DirectoryFileError(f"{staff_file}: {refusal}") from refusal
    return Loaded(len(grids), len(staff), departments)


def _put_departments(session: Session, path: Path) -> int:
    departments = list(lines_of(path, DepartmentLine))
    at_levels = (UnitLevel.CITY, UnitLevel.COUNTY, UnitLevel.TOWN)
    paths = dict(session.execute(select(Unit.code, Unit.path).where(Unit.level.in_(at_levels))).all())
    _refuse_unknown(path, [one.division_code for one in departments], set(paths))
    _put_units(session, [_department(one, paths[one.division_code]) for one in departments])
    return len(departments)


def _department(line: DepartmentLine, division_path: str) -> dict[str, object]:
    code = f"{line.division_code}-{line.department}"
    return {
        "code": code,
        "parent_code": line.division_code,
        "name": line.name,
        "level": UnitLevel.DEPARTMENT,
        "path": f"{division_path}{code}/",
        "effective_from": None,
    }


def _grid(grid: GridLine, village_path: str) -> dict[str, object]:
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
        row.display_name, row.unit_code = line.display_name, line.unit_code
        row.grant(line.role)
        row.phone = line.phone or None
        if row.id is None:
            row.has_demo_password = with_demo_password
        if demo_hash and row.password_hash is None:
            row.password_hash, row.has_demo_password = demo_hash, True
        session.add(row)
    session.flush()


def lines_of(path: Path, kind: type[LineT]) -> Iterator[LineT]:
    """The lines of the file; all mistakes are told together."""
    mistakes = []
    for number, row in enumerate(_rows_of(path), start=2):
        try:
            yield kind.model_validate({str(name): value for name, value in row.items() if value != ""})
        except ValidationError as error:
            where = ", ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            mistakes.append(f"line {number}: {where}")
    if mistakes:
        raise DirectoryFileError(f"{path}: " + "; ".join(mistakes))


def _rows_of(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, restkey="more than the header names"))
    except UnicodeDecodeError as error:
        raise DirectoryFileError(f"{path} is not text in UTF-8; save it as CSV in UTF-8.") from error
    except (OSError, csv.Error) as error:
        raise DirectoryFileError(f"{path} cannot be read: {error}") from error


def _refuse_unknown(path: Path, codes: list[str], known: set[str]) -> None:
    unknown = sorted({code for code in codes if code not in known})
    if unknown:
        raise DirectoryFileError(f"{path}: no unit has these codes: {', '.join(unknown)}")


def _refuse_unfit(path: Path, staff: list[StaffLine], levels: dict[str, UnitLevel]) -> None:
    unfit = [
        f"{one.username} cannot be {one.role} in {one.unit_code}, a {levels[one.unit_code]}"
        for one in staff
        if not fits(one.role, levels[one.unit_code])
    ]
    if unfit:
        raise DirectoryFileError(f"{path}: " + "; ".join(unfit))
