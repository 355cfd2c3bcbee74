"""The sign-in page, signing out, the choice of language, and the way home."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import SignedIn
from case_service.action_log import Action
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, checked_form, field
from case_service.sign_in import oidc, queries, sessions
from case_service.web import LANGUAGE_COOKIE, own_path, page, see_other

router = APIRouter(include_in_schema=False)
log = structlog.get_logger(__name__)
ONE_YEAR = 365 * 24 * 3600


@router.get("/")
def home(viewer: SignedIn) -> Response:
    """Send each role to the page it starts from."""
    return see_other(viewer.home)


@router.get("/sign-in")
def sign_in_page(request: Request, session: SessionDep, next: str | None = None) -> Response:  # noqa: A002
    """The sign-in page; in a demo it lists who can be tried out."""
    return _sign_in_page(request, session, next)


@router.post("/sign-in")
def sign_in(request: Request, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Sign in, then go where the person was heading."""
    settings = request.app.state.settings
    session_id = sessions.sign_in(
        session, field(form, "username"), field(form, "password"), now, settings, _device(request)
    )
    session.commit()
    if session_id is None:
        return _sign_in_page(request, session, field(form, "next"), failure="sign_in.failed")
    return _signed_in(request, session_id, field(form, "next"))


@router.get("/sign-in/oidc")
def leave_for_provider(request: Request, session: SessionDep, now: Now, next: str | None = None) -> Response:  # noqa: A002
    """Send the browser to the city's own sign-in."""
    settings, seal = request.app.state.settings, request.app.state.seal
    if not settings.oidc_issuer:
        raise HTTPException(404)
    try:
        address, cookie = oidc.begin(settings, _redirect_uri(request), own_path(next), now, seal)
    except oidc.OidcError as problem:
        return _provider_failed(request, session, problem)
    response = RedirectResponse(address, status_code=303)
    response.set_cookie(
        oidc.COOKIE, cookie, oidc.COOKIE_SECONDS, httponly=True, samesite="lax", secure=not settings.is_demo
    )
    return response


@router.get("/sign-in/oidc/callback")
def return_from_provider(request: Request, session: SessionDep, now: Now) -> Response:
    """Sign in whoever the provider sent back."""
    settings, seal = request.app.state.settings, request.app.state.seal
    if not settings.oidc_issuer:
        raise HTTPException(404)
    cookie = request.cookies.get(oidc.COOKIE, "")
    try:
        identity, next_path = oidc.finish(settings, _redirect_uri(request), str(request.url), cookie, now, seal)
    except oidc.OidcError as problem:
        return _provider_failed(request, session, problem)
    staff = oidc.account_of(session, identity)
    if staff is None:
        action_log.record(session, now, [Action("nobody", "sign_in_failed", "no account for the city's sign-in")])
        session.commit()
        return _sign_in_page(request, session, next_path, failure="sign_in.no_account")
    session_id = sessions.start(session, staff, now, _device(request))
    action_log.record(session, now, [Action(staff.username, "signed_in", staff.username, None, {"by": "oidc"})])
    session.commit()
    response = _signed_in(request, session_id, next_path)
    response.delete_cookie(oidc.COOKIE)
    return response


@router.post("/sign-out")
def sign_out(
    request: Request,
    viewer: SignedIn,
    session: SessionDep,
    now: Now,
    _: Annotated[object, Depends(checked_form)],
) -> Response:
    """Revoke this session."""
    sessions.sign_out(session, request.cookies[sessions.SESSION_COOKIE], viewer, now)
    session.commit()
    response = see_other("/sign-in")
    response.delete_cookie(sessions.SESSION_COOKIE)
    return response


@router.get("/language/{language}")
def choose_language(request: Request, language: str, back: str = "/") -> RedirectResponse:
    """Remember the language on this device. It changes nothing else, so a plain link will do."""
    response = see_other(own_path(back))
    settings = request.app.state.settings
    chosen = "en" if language == "en" else "zh"
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=ONE_YEAR, httponly=True, samesite="lax", secure=not settings.is_demo
    )
    return response


def _signed_in(request: Request, session_id: str, next_path: str) -> Response:
    response = see_other(own_path(next_path))
    is_secure = not request.app.state.settings.is_demo
    response.set_cookie(sessions.SESSION_COOKIE, session_id, httponly=True, samesite="lax", secure=is_secure)
    return response


def _device(request: Request) -> str:
    return request.headers.get("user-agent", "")


def _redirect_uri(request: Request) -> str:
    base = request.app.state.settings.public_url or str(request.base_url)
    return base.rstrip("/") + "/sign-in/oidc/callback"


def _provider_failed(request: Request, session: Session, problem: oidc.OidcError) -> Response:
    log.warning("city's sign-in failed", reason=str(problem))
    return _sign_in_page(request, session, None, failure="sign_in.provider_failed")


def _sign_in_page(request: Request, session: Session, next_path: str | None, failure: str | None = None) -> Response:
    settings = request.app.state.settings
    return page(
        request,
        "pages/sign_in.html",
        status_code=401 if failure else 200,
        next_path=own_path(next_path),
        failure=failure,
        demo_sign_ins=queries.demo_sign_ins(session) if settings.is_demo else [],
    )
