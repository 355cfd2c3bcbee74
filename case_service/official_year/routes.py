"""The page on which the system administrator keeps the calendar."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from case_service.access import SignedIn
from case_service.body_sizes import MOST_BYTES_OF_A_FORM, refuse_too_large
from case_service.clock import Now, local_date
from case_service.database import SessionDep
from case_service.forms_posted import MOST_FIELDS, CheckedForm, checked_form, field
from case_service.official_calendar import DueRuleDep
from case_service.official_year import importing
from case_service.official_year.notice import Notice, NoticeError, read_notice, text_of_file
from case_service.tables import CalendarOverride
from case_service.web import page, see_other

router = APIRouter(include_in_schema=False)
YEARS_SHOWN = 5
LONGEST_REASON = 100


async def checked_upload(request: Request) -> FormData:
    """The posted form with at most one file, if it carries the token of this session."""
    refuse_too_large(request, MOST_BYTES_OF_A_FORM)
    return await checked_form(request, await request.form(max_files=1, max_fields=MOST_FIELDS))


CheckedUpload = Annotated[FormData, Depends(checked_upload)]


@router.get("/calendar")
def calendar_page(request: Request, viewer: SignedIn, session: SessionDep, now: Now) -> Response:  # noqa: ARG001
    """Which years are published, the city's own days, and the form for the next notice."""
    return _calendar_page(request, session, now)


@router.post("/calendar/preview")
def preview(
    request: Request,
    viewer: SignedIn,  # noqa: ARG001
    form: CheckedUpload,
    session: SessionDep,
    rule: DueRuleDep,
    now: Now,
) -> Response:
    """Read the notice, and show what it would change before it is imported."""
    try:
        notice = _notice(form, _file_text(form))
    except NoticeError as error:
        return _calendar_page(request, session, now, mistakes=error.mistakes)
    found = importing.preview_notice(session, notice, rule)
    return page(request, "pages/calendar_preview.html", notice=notice, preview=found)


@router.post("/calendar/notice")
def import_notice(request: Request, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Import the notice that was previewed."""
    try:
        notice = _notice(form, field(form, "content"))
    except NoticeError as error:
        return _calendar_page(request, session, now, mistakes=error.mistakes)
    importing.import_notice(session, notice, viewer.username, now)
    session.commit()
    return see_other("/calendar")


@router.post("/calendar/override")
def change_override(viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Enter a day of the city's own, or withdraw it."""
    try:
        day = date.fromisoformat(field(form, "day"))
    except ValueError as error:
        raise HTTPException(422) from error
    kind, reason = field(form, "kind"), field(form, "reason")
    if kind == "withdraw":
        importing.withdraw_override(session, day, viewer.username, now)
    elif kind in ("off", "work") and 0 < len(reason) <= LONGEST_REASON:
        importing.enter_override(session, day, kind == "work", reason, viewer.username, now)
    else:
        raise HTTPException(422)
    session.commit()
    return see_other("/calendar")


def _calendar_page(request: Request, session: Session, now: datetime, mistakes: list[str] | None = None) -> Response:
    years = importing.published_years(session)
    own = select(CalendarOverride).where(CalendarOverride.withdrawn_at.is_(None)).order_by(CalendarOverride.day.desc())
    return page(
        request,
        "pages/calendar.html",
        status_code=422 if mistakes else 200,
        years=years[:YEARS_SHOWN],
        next_year=max((one.year for one in years), default=local_date(now).year) + 1,
        overrides=session.scalars(own).all(),
        mistakes=mistakes or [],
    )


def _notice(form: FormData, content: str) -> Notice:
    year = field(form, "year")
    if not (year.isdecimal() and len(year) == 4):
        raise NoticeError(["the year has four digits"])
    return read_notice(content, int(year), field(form, "notice"))


def _file_text(form: FormData) -> str:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise NoticeError(["choose the file of the notice"])
    return text_of_file(upload.file.read())
