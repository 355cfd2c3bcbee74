"""Units: the system administrator walks the tree and adds grids and departments to it."""

import re

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import SignedIn, Viewer, unit_in_scope
from case_service.action_log import Action
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.supervision.queries import way_down
from case_service.tables import Unit
from case_service.tables.people import LONGEST_UNIT_NAME, UnitLevel
from case_service.web import page, see_other

router = APIRouter(prefix="/administration/units", include_in_schema=False)
DEPARTMENT = re.compile(r"[a-z][a-z_]{1,39}")
GRID_NUMBER = re.compile(r"\d{3}")


@router.get("")
def units_page(request: Request, viewer: SignedIn, session: SessionDep, unit: str | None = None) -> Response:
    """A unit and those right below it."""
    return _units_page(request, viewer, session, unit_in_scope(session, viewer, unit or viewer.unit_code))


@router.post("")
def create_unit(request: Request, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """A grid of a village, or a department of a city, county or town."""
    parent = unit_in_scope(session, viewer, field(form, "unit"))
    name, suffix = field(form, "name"), field(form, "suffix")
    level = UnitLevel.GRID if parent.level is UnitLevel.VILLAGE else UnitLevel.DEPARTMENT
    is_grid = level is UnitLevel.GRID
    code = f"{parent.code}{suffix}" if is_grid else f"{parent.code}-{suffix}"
    mistake = None
    if parent.level in (UnitLevel.GRID, UnitLevel.DEPARTMENT):
        mistake = "units.mistake.level"
    elif not (GRID_NUMBER if is_grid else DEPARTMENT).fullmatch(suffix):
        mistake = "units.mistake.grid" if is_grid else "units.mistake.department"
    elif not 0 < len(name) <= LONGEST_UNIT_NAME:
        mistake = "units.mistake.name"
    elif not _is_new(session, code, parent_code=parent.code, name=name, level=level, path=f"{parent.path}{code}/"):
        mistake = "units.mistake.taken"
    if mistake is not None:
        return _units_page(request, viewer, session, parent, mistake)
    action_log.record(session, now, [Action(viewer.username, "unit_created", code, None, {"name": name})])
    session.commit()
    return see_other(f"/administration/units?unit={parent.code}")


def _is_new(session: Session, code: str, **values: str | UnitLevel) -> bool:
    """Whether the unit was added; not where its code is taken, also by somebody just now."""
    new = insert(Unit).values(code=code, **values).on_conflict_do_nothing(index_elements=[Unit.code])
    return session.scalar(new.returning(Unit.code)) is not None


def _units_page(request: Request, viewer: Viewer, session: Session, unit: Unit, mistake: str | None = None) -> Response:
    children = session.scalars(select(Unit).where(Unit.parent_code == unit.code).order_by(Unit.code)).all()
    return page(
        request,
        "pages/units.html",
        status_code=422 if mistake else 200,
        unit=unit,
        way_down=way_down(session, viewer, unit),
        children=children,
        takes=_what_it_takes(unit),
        mistake=mistake,
    )


def _what_it_takes(unit: Unit) -> str | None:
    """What can be added right below `unit`."""
    if unit.level in (UnitLevel.GRID, UnitLevel.DEPARTMENT):
        return None
    return "grid" if unit.level is UnitLevel.VILLAGE else "department"
