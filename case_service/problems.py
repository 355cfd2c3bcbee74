"""What goes wrong, in plain words: a page for people, problem+json (RFC 9457) for programs."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from starlette.exceptions import HTTPException

from case_service.access import NotSignedInError, StepMissingError
from case_service.orders.states import MoveRefusedError
from case_service.security_headers import security_headers
from case_service.web import page, see_other, wants_json

WORDED = frozenset({401, 403, 404, 405, 409, 411, 413, 422, 500, 503})
DATABASE_AWAY = (OperationalError, InterfaceError, NoConnectionFreeError)
# SQLAlchemy's code for a statement on a connection that was lost before it.
AFTER_A_CUT = "8s2b"
SECONDS_TO_TRY_AGAIN = 10

log = structlog.get_logger(__name__)


def register_problems(app: FastAPI) -> None:
    """Give `app` one answer to each kind of failure."""
    app.add_exception_handler(NotSignedInError, _not_signed_in)
    app.add_exception_handler(StepMissingError, _step_missing)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(MoveRefusedError, _moved_on)
    app.add_exception_handler(DataError, _not_storable)
    app.add_exception_handler(OverflowError, _not_storable)
    app.add_exception_handler(DBAPIError, _perhaps_cut_off)
    app.add_exception_handler(PendingRollbackError, _perhaps_cut_off)
    for away in DATABASE_AWAY:
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(Exception, _broken)


def _not_signed_in(request: Request, _: Exception) -> Response:
    """To the sign-in page, and after it back to where the person was heading; programs and phones are told."""
    if request.url.path.startswith("/api/") or wants_json(request):
        return _answer(request, 401, detail="nobody is signed in", headers={"WWW-Authenticate": "Session"})
    target = "/sign-in"
    if request.method == "GET" and request.url.path != "/":
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target += f"?next={quote(asked, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return see_other(target)


def _step_missing(request: Request, error: Exception) -> Response:
    """To the page where the sign-in is completed."""
    target = error.step if isinstance(error, StepMissingError) else "/sign-in"
    if request.url.path.startswith("/api/"):
        return _answer(request, 403, detail=f"the sign-in is not complete; complete it at {target}")
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return see_other(target)


def refused(request: Request, error: Exception) -> Response:
    """The answer to whatever a route, or what stands before the routes, refuses by its status."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else None
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _answer(request, status, detail=detail, headers=headers)


def _not_valid(request: Request, error: Exception) -> Response:
    # What was sent is left out of the answer: it may hold personal data, and answers end in logs.
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    told = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": one["msg"]} for one in errors]
    return _answer(request, 422, detail="the request does not keep to the contract", errors=told)


def _moved_on(request: Request, error: Exception) -> Response:
    """The order is not any more where the move starts: somebody else was quicker, or has it."""
    return _answer(request, 409, detail=str(error))


def _not_storable(request: Request, _: Exception) -> Response:
    return _answer(request, 422, detail="a text holds a NUL character, or a number or a day is out of range")


def _database_away(request: Request, error: Exception) -> Response:
    """The database is stopped, starting, or out of reach. What was sent may be sent again: its key makes it safe."""
    log.warning("database does not answer", exc_info=error)
    # Who is signed in cannot be asked; a page that knew would ask for more.
    request.state.viewer = None
    detail = "the database does not answer now; send the same again in a moment"
    return _answer(request, 503, detail=detail, headers={"Retry-After": str(SECONDS_TO_TRY_AGAIN)})


def _perhaps_cut_off(request: Request, error: Exception) -> Response:
    """A connection that breaks while it is used may be told as any error of the database, or by the next statement."""
    is_cut = isinstance(error, DBAPIError) and error.connection_invalidated
    if is_cut or (isinstance(error, PendingRollbackError) and error.code == AFTER_A_CUT):
        return _database_away(request, error)
    raise error


def _broken(request: Request, error: Exception) -> Response:
    log.error("request failed", exc_info=error)
    # This answer is made outside the middleware that adds the headers to all others.
    answer = _answer(request, 500)
    answer.headers.update(security_headers(request))
    return answer


def _answer(
    request: Request, status: int, detail: str | None = None, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    title = HTTPStatus(status).phrase
    if request.url.path.startswith("/api/") or wants_json(request):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": detail or title, **more}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    response = page(request, "pages/problem.html", status_code=status, kind=status if status in WORDED else 500)
    response.headers.update(headers or {})
    return response
