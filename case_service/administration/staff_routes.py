"""Pages about accounts: the system administrator makes them, the security administrator says what they may do."""

from math import ceil
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import SignedIn, Viewer, unit_in_scope
from case_service.action_log import Action
from case_service.administration import staff as accounts
from case_service.administration.staff import AccountInScope, AccountOfAnother, Details
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.sign_in import passwords, second_factor, sessions
from case_service.tables import Staff
from case_service.tables.people import PowerHeldError, Role, fits
from case_service.web import page, see_other

router = APIRouter(prefix="/administration/staff", include_in_schema=False)


@router.get("")
def staff_page(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    now: Now,
    q: Annotated[str, Query(max_length=40)] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:
    """Everybody with an account, and for the system administrator a form for one more."""
    return _staff_page(request, viewer, session, now, q.strip(), page_number)


@router.post("")
def create_account(request: Request, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """An account without role or password: the security administrator gives both."""
    unit = unit_in_scope(session, viewer, field(form, "unit"))
    details = Details(field(form, "username"), field(form, "display_name"), field(form, "phone"))
    mistake = details.mistake_in_username() or details.mistake()
    if mistake is None and not accounts.new_account(session, details, unit):
        mistake = "staff.mistake.taken"
    if mistake is not None:
        return _staff_page(request, viewer, session, now, "", 1, mistake=mistake, entered=details, unit_code=unit.code)
    _record(session, viewer, "account_created", details.username, now, unit=unit.code)
    session.commit()
    return see_other(_path(details.username))


@router.get("/{username}")
def account_page(request: Request, staff: AccountInScope, viewer: SignedIn, session: SessionDep, now: Now) -> Response:
    """One account, and what this administrator may do with it."""
    return _account_page(request, staff, viewer, session, now)


@router.post("/{username}/details")
def change_details(
    request: Request, staff: AccountInScope, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Name, phone and unit. Whose role does not fit the new unit loses it until it is granted anew."""
    unit = unit_in_scope(session, viewer, field(form, "unit") or staff.unit_code)
    details = Details(staff.username, field(form, "display_name"), field(form, "phone"))
    mistake = details.mistake()
    if mistake is not None:
        return _account_page(request, staff, viewer, session, now, mistake=mistake)
    staff.display_name, staff.phone = details.display_name, details.phone or None
    if unit.code != staff.unit_code:
        staff.unit_code = unit.code
        if staff.role is not None and not fits(staff.role, unit.level):
            staff.role = None
        sessions.revoke(session, staff.id, now)
    _record(session, viewer, "account_changed", staff.username, now, unit=unit.code)
    session.commit()
    return see_other(_path(staff.username))


@router.post("/{username}/role")
def grant_role(
    request: Request, staff: AccountOfAnother, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Give the role, which ends the sessions of the one before; an empty one takes it away."""
    wanted = field(form, "role")
    if wanted and wanted not in set(Role):
        raise HTTPException(422)
    try:
        if not wanted:
            staff.role = None
        elif fits(Role(wanted), staff.unit.level):
            staff.grant(Role(wanted))
        else:
            return _account_page(request, staff, viewer, session, now, mistake="staff.mistake.role")
    except PowerHeldError:
        return _account_page(request, staff, viewer, session, now, mistake="staff.mistake.power")
    sessions.revoke(session, staff.id, now)
    _record(session, viewer, "role_granted", staff.username, now, role=wanted or None)
    session.commit()
    return see_other(_path(staff.username))


@router.post("/{username}/unlocking")
def unlock(staff: AccountOfAnother, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now) -> Response:
    """End the time for which wrong passwords have locked the account."""
    staff.failed_sign_ins, staff.locked_until = 0, None
    _record(session, viewer, "account_unlocked", staff.username, now)
    session.commit()
    return see_other(_path(staff.username))


@router.post("/{username}/password")
def issue_password(
    request: Request, staff: AccountOfAnother, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """A password for the next sign-in, shown this once, after which its owner must choose another."""
    password = passwords.new_one()
    staff.password_hash, staff.has_demo_password, staff.must_change_password = passwords.hashed(password), False, True
    staff.failed_sign_ins, staff.locked_until = 0, None
    sessions.revoke(session, staff.id, now)
    _record(session, viewer, "password_issued", staff.username, now)
    session.commit()
    return _account_page(request, staff, viewer, session, now, password=password)


@router.post("/{username}/second-factor")
def reset_second_factor(
    staff: AccountOfAnother, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """For whoever lost phone and recovery codes."""
    second_factor.forget(session, staff)
    sessions.revoke(session, staff.id, now)
    _record(session, viewer, "second_factor_reset", staff.username, now)
    session.commit()
    return see_other(_path(staff.username))


@router.post("/{username}/sessions")
def end_sessions(staff: AccountOfAnother, viewer: SignedIn, _: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Sign somebody out everywhere."""
    sessions.revoke(session, staff.id, now)
    _record(session, viewer, "sessions_ended", staff.username, now)
    session.commit()
    return see_other(_path(staff.username))


@router.post("/{username}/closing")
def close_account(
    staff: AccountOfAnother, viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Close the account of whoever left, or open it again. Orders they hold are for their supervisor to hand on."""
    staff.is_active = field(form, "is_active") == "yes"
    sessions.revoke(session, staff.id, now)
    _record(session, viewer, "account_opened" if staff.is_active else "account_closed", staff.username, now)
    session.commit()
    return see_other(_path(staff.username))


def _staff_page(
    request: Request, viewer: Viewer, session: Session, now: Now, words: str, page_number: int, **entered: Any
) -> Response:
    found, count = accounts.accounts(session, viewer, words, page_number)
    return page(
        request,
        "pages/staff.html",
        status_code=422 if entered else 200,
        accounts=found,
        count=count,
        words=words,
        page_number=page_number,
        page_count=max(ceil(count / accounts.ACCOUNTS_PER_PAGE), 1),
        is_locked=lambda staff: sessions.is_locked(staff, now),
        mistake=entered.get("mistake"),
        entered=entered.get("entered"),
        unit_code=entered.get("unit_code", ""),
    )


def _account_page(
    request: Request,
    staff: Staff,
    viewer: Viewer,
    session: Session,
    now: Now,
    mistake: str | None = None,
    password: str | None = None,
) -> Response:
    settings = request.app.state.settings
    return page(
        request,
        "pages/staff_account.html",
        status_code=422 if mistake else 200,
        staff=staff,
        is_own=staff.id == viewer.staff_id,
        is_locked=sessions.is_locked(staff, now),
        roles=[role for role in Role if fits(role, staff.unit.level)],
        sessions=sessions.current_sessions(session, staff.id, now, settings),
        mistake=mistake,
        password=password,
    )


def _path(username: str) -> str:
    return f"/administration/staff/{username}"


def _record(session: Session, viewer: Viewer, action: str, username: str, at: Now, **details: str | None) -> None:
    action_log.record(session, at, [Action(viewer.username, action, username, None, dict(details))])
