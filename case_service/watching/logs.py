"""What the service logs: a line for every request that it answers, and for what it does by itself."""

import logging
import re
import sys
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from case_service.watching.measures import NO_ROUTE, count_request
from schemas.log_lines import configure

REQUEST_ID, RUN_ID = "X-Request-Id", "X-Run-Id"
GIVEN_ID = re.compile(r"[0-9A-Za-z_:.+-]{8,120}")
ORDER = re.compile(r"/orders/(GD\d{8,20})(?:/|$)")
ASKED_BY_MACHINES = frozenset({"/healthz", "/metrics", "/static"})
log = structlog.get_logger(__name__)


def log_to_standard_error() -> None:
    """As every process of the service logs."""
    configure(readable=sys.stderr.isatty(), level=logging.INFO, others=logging.INFO)
    # Each request has a line of ours.
    logging.getLogger("httpx").setLevel(logging.WARNING)


class Watched:
    """Counts and logs every answer, by its route and not by its address, and names the request in every line about it.

    The request's name is the one that the proxy or the pipeline gave (`X-Request-Id`), else one made up; the answer
    carries it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _bind(scope)
        started, status = time.perf_counter(), 500

        async def send_with_name(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_name)
        finally:
            _tell(scope, status, time.perf_counter() - started)


def _bind(scope: Scope) -> str:
    headers = Headers(scope=scope)
    request_id = _given(headers, REQUEST_ID) or uuid4().hex
    order = ORDER.search(scope["path"])
    known = {"run_id": _given(headers, RUN_ID), "order_id": order and order[1]}
    # Every request is a task with a context of its own, which an error outlives.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=request_id, **{name: value for name, value in known.items() if value}
    )
    return request_id


def _given(headers: Headers, name: str) -> str | None:
    given = headers.get(name, "")
    return given if GIVEN_ID.fullmatch(given) else None


def _tell(scope: Scope, status: int, seconds: float) -> None:
    route = _route(scope)
    count_request(route, scope["method"], status, seconds)
    if route not in ASKED_BY_MACHINES or status >= 500:
        log.info("answered", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))


def _route(scope: Scope) -> str:
    """The template of the route that answered; an address may hold anything, and there is no end of them."""
    if isinstance(scope.get("endpoint"), StaticFiles):
        return "/static"
    route = scope.get("route")
    return str(route.path) if route is not None else NO_ROUTE
