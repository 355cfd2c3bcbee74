"""The sign-in page, signing out, the choice of language, and the way home."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from case_service.access import SignedIn
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.forms_posted import CheckedForm, checked_form, field
from case_service.sign_in import queries, sessions
from case_service.web import LANGUAGE_COOKIE, own_path, page, see_other

router = APIRouter(include_in_schema=False)
ONE_YEAR = 365 * 24 * 3600


@router.get("/")
def home(viewer: SignedIn) -> Response:
    """Send each role to the page it starts from."""
    return see_other(viewer.home)


@router.get("/sign-in")
def sign_in_page(request: Request, session: SessionDep, next: str | None = None) -> Response:  # noqa: A002
    """The sign-in page; in a demo it lists who can be tried out."""
    return _sign_in_page(request, session, next, has_failed=False)


@router.post("/sign-in")
def sign_in(request: Request, form: CheckedForm, session: SessionDep, now: Now) -> Response:
    """Sign in, then go where the person was heading."""
    settings = request.app.state.settings
    session_id = sessions.sign_in(session, field(form, "username"), field(form, "password"), now, settings)
    session.commit()
    if session_id is None:
        return _sign_in_page(request, session, field(form, "next"), has_failed=True)
    response = see_other(own_path(field(form, "next")))
    response.set_cookie(sessions.SESSION_COOKIE, session_id, httponly=True, samesite="lax", secure=not settings.is_demo)
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


def _sign_in_page(request: Request, session: SessionDep, next_path: str | None, has_failed: bool) -> Response:
    is_demo = request.app.state.settings.is_demo
    return page(
        request,
        "pages/sign_in.html",
        status_code=401 if has_failed else 200,
        next_path=own_path(next_path),
        has_failed=has_failed,
        demo_sign_ins=queries.demo_sign_ins(session) if is_demo else [],
    )
