"""The one door to every route: who is looking, and whether the written matrix lets them in."""

import secrets
from typing import cast

import structlog
from fastapi import HTTPException, Request
from sqlalchemy import select
from starlette.routing import Route

from case_service.access import NotSignedInError, StepMissingError
from case_service.access_matrix import access_matrix
from case_service.clock import Now
from case_service.database import SessionDep
from case_service.notifications.queries import UNREAD_COUNT
from case_service.official_calendar import CALENDAR_EDITION_NOW
from case_service.row_security import NOBODY, PIPELINE, look_as
from case_service.service_token import admit_token
from case_service.sign_in.sessions import SESSION_COOKIE, viewer_of

FORM_TOKEN_HEADER = "X-Form-Token"  # noqa: S105 - the name of a header
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# What every page shows or stands on, whoever looks: asked at once, and written once.
_FOR_EVERY_PAGE = select(UNREAD_COUNT.scalar_subquery(), CALENDAR_EDITION_NOW.scalar_subquery())
log = structlog.get_logger(__name__)


def let_in(request: Request, session: SessionDep, now: Now) -> None:
    """Find out who is looking, and refuse whoever the matrix does not name; a route without a row lets nobody in."""
    matrix = access_matrix()
    route = f"{request.method} {cast('Route', request.scope['route']).path}"
    if route in matrix.pipeline:
        admit_token(request, session, matrix.pipeline[route])
        look_as(session, PIPELINE)
        return
    session_id = request.cookies.get(SESSION_COOKIE)
    viewer = viewer_of(session, session_id, now, request.app.state.settings) if session_id else None
    request.state.viewer = viewer
    look_as(session, viewer.looking if viewer and not viewer.missing_step else NOBODY)
    if route in matrix.anybody:
        return
    row = matrix.staff.get(route)
    if row is None:
        log.error("route without a row in access_matrix.yaml, so nobody is let in", route=route)
    if viewer is None:
        raise NotSignedInError
    if viewer.missing_step is not None and request.url.path not in (viewer.missing_step, "/sign-out"):
        raise StepMissingError(viewer.missing_step)
    if row is None or viewer.role not in row.roles:
        raise HTTPException(403)
    is_api = request.url.path.startswith("/api/")
    if request.method == "GET" and not is_api:
        found = session.execute(_FOR_EVERY_PAGE, {"reader": viewer.staff_id}).one()
        request.state.unread, request.state.calendar_edition = found
    if is_api and request.method not in SAFE_METHODS:
        given = request.headers.get(FORM_TOKEN_HEADER, "")
        if not secrets.compare_digest(given.encode(), viewer.form_token.encode()):
            raise HTTPException(403, f"the header {FORM_TOKEN_HEADER} does not carry the token of this session")
