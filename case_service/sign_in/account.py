"""One's own account: the second step of signing in, a second factor, a new password, where one is signed in."""

from typing import Annotated

from cryptography.exceptions import InvalidTag
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import SignedIn, Viewer
from case_service.action_log import Action
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, field
from case_service.sign_in import passwords, second_factor, sessions
from case_service.tables import SignInSession, Staff
from case_service.web import page, see_other

router = APIRouter(include_in_schema=False)


def own_row(viewer: SignedIn, session: SessionDep) -> Staff:
    """The viewer's own account, locked until this request is done."""
    return session.get_one(Staff, viewer.staff_id, with_for_update={"of": Staff})


OwnRow = Annotated[Staff, Depends(own_row)]


@router.get("/sign-in/second-factor")
def second_factor_page(request: Request, viewer: SignedIn) -> Response:  # noqa: ARG001
    """Ask for the second factor."""
    return page(request, "pages/second_factor.html", has_failed=False)


@router.post("/sign-in/second-factor")
def show_second_factor(
    request: Request, viewer: SignedIn, staff: OwnRow, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Complete the sign-in with a code. Wrong codes count as wrong passwords do, and lock the account."""
    if _shows_code(request, staff, field(form, "code"), session, now):
        staff.failed_sign_ins, staff.locked_until = 0, None
        _own_session(request, session).second_factor_at = now
        _record(session, viewer, "second_factor_shown", now)
        session.commit()
        return see_other("/")
    if sessions.note_failure(staff, now, request.app.state.settings):
        sessions.revoke(session, staff.id, now, only=_own_session(request, session).id_hash)
    _record(session, viewer, "second_factor_failed", now)
    session.commit()
    return page(request, "pages/second_factor.html", status_code=401, has_failed=True)


@router.get("/account/second-factor")
def enrolment_page(request: Request, viewer: SignedIn, session: SessionDep) -> Response:
    """Show a new secret for an authenticator app."""
    staff = session.get_one(Staff, viewer.staff_id)
    return _enrolment(request, viewer, staff, second_factor.new_secret())


@router.post("/account/second-factor")
def enrol(
    request: Request, viewer: SignedIn, staff: OwnRow, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Keep the secret once a code shows that the app has it; the recovery codes are shown this once.

    Whoever found a session open is asked for more: a code of the present second factor, or else the password.
    Wrong ones count as wrong passwords do.
    """
    seal = request.app.state.seal
    try:
        secret = seal.open(bytes.fromhex(field(form, "sealed_secret")), _enrolment_place(viewer))
    except (ValueError, InvalidTag) as error:
        raise HTTPException(422) from error
    step = second_factor.accepted_step(secret, field(form, "code"), now, 0)
    if step is None:
        return _enrolment(request, viewer, staff, secret, mistake="account.mistake.code")
    if not _is_owner(request, staff, field(form, "proof"), session, now):
        sessions.note_failure(staff, now, request.app.state.settings)
        _record(session, viewer, "second_factor_failed", now)
        session.commit()
        return _enrolment(request, viewer, staff, secret, mistake="account.mistake.owner")
    staff.failed_sign_ins, staff.locked_until = 0, None
    codes = second_factor.enrol(session, staff, secret, step, seal)
    _own_session(request, session).second_factor_at = now
    _record(session, viewer, "second_factor_enrolled", now)
    session.commit()
    return page(request, "pages/recovery_codes.html", codes=codes)


@router.get("/account/password")
def password_page(request: Request, viewer: SignedIn) -> Response:  # noqa: ARG001
    """The form for a new password."""
    return page(request, "pages/new_password.html", mistake=None)


@router.post("/account/password")
def change_password(
    request: Request, viewer: SignedIn, staff: OwnRow, form: CheckedForm, session: SessionDep, now: Now
) -> Response:
    """Change the password, which ends every other session."""
    current, wanted = field(form, "current"), field(form, "new")
    if sessions.is_locked(staff, now) or not passwords.is_right(current, staff.password_hash):
        sessions.note_failure(staff, now, request.app.state.settings)
        session.commit()
        return page(request, "pages/new_password.html", status_code=422, mistake="account.mistake.current")
    if wanted == current or not passwords.is_good(wanted, viewer.username):
        return page(request, "pages/new_password.html", status_code=422, mistake="account.mistake.weak")
    if wanted != field(form, "again"):
        return page(request, "pages/new_password.html", status_code=422, mistake="account.mistake.again")
    staff.password_hash, staff.has_demo_password, staff.must_change_password = passwords.hashed(wanted), False, False
    sessions.revoke(session, staff.id, now, but=_own_session(request, session).id_hash)
    _record(session, viewer, "password_changed", now)
    session.commit()
    return see_other("/account")


@router.get("/account")
def account_page(request: Request, viewer: SignedIn, session: SessionDep, now: Now) -> Response:
    """Where one is signed in, and the way to a new password and a second factor."""
    staff = session.get_one(Staff, viewer.staff_id)
    return page(
        request,
        "pages/account.html",
        sessions=sessions.current_sessions(session, viewer.staff_id, now, request.app.state.settings),
        own=_own_session(request, session).id_hash,
        has_password=staff.password_hash is not None,
        has_second_factor=staff.sealed_second_factor is not None,
        codes_left=second_factor.codes_left(session, viewer.staff_id),
    )


@router.post("/account/sessions")
def end_session(viewer: SignedIn, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Sign out somewhere else: in one place, or everywhere."""
    ended = sessions.revoke(session, viewer.staff_id, now, only=field(form, "session") or None)
    if ended:
        _record(session, viewer, "sessions_ended", now)
    session.commit()
    return see_other("/account")


def _enrolment(request: Request, viewer: Viewer, staff: Staff, secret: str, mistake: str | None = None) -> Response:
    return page(
        request,
        "pages/enrolment.html",
        status_code=422 if mistake else 200,
        mistake=mistake,
        proof=_proof_asked_of(staff),
        secret=secret,
        drawing=second_factor.drawing(secret, viewer.username),
        sealed_secret=request.app.state.seal.close(secret, _enrolment_place(viewer)).hex(),
    )


def _proof_asked_of(staff: Staff) -> str | None:
    """What shows that the owner is at the session; nothing where all of the sign-in is the city's."""
    if staff.sealed_second_factor is not None:
        return "code"
    return "password" if staff.password_hash is not None else None


def _is_owner(request: Request, staff: Staff, proof: str, session: Session, at: Now) -> bool:
    asked = _proof_asked_of(staff)
    if asked == "code":
        return _shows_code(request, staff, proof, session, at)
    return asked is None or (not sessions.is_locked(staff, at) and passwords.is_right(proof, staff.password_hash))


def _shows_code(request: Request, staff: Staff, code: str, session: Session, at: Now) -> bool:
    seal = request.app.state.seal
    return not sessions.is_locked(staff, at) and second_factor.is_right(session, staff, code, at, seal)


def _enrolment_place(viewer: Viewer) -> str:
    """A secret shown in one session cannot be kept in another."""
    return f"{viewer.username}/{viewer.form_token}/enrolment"


def _own_session(request: Request, session: Session) -> SignInSession:
    return session.get_one(SignInSession, sessions.hash_of(request.cookies[sessions.SESSION_COOKIE]))


def _record(session: Session, viewer: Viewer, action: str, at: Now) -> None:
    action_log.record(session, at, [Action(viewer.username, action, viewer.username)])
