"""The application: its parts put together."""

from functools import partial
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from case_service.administration import log, staff_routes, tokens, units
from case_service.api import routes as api
from case_service.api.bodies import RefuseEndlessJson
from case_service.api.description import PROBLEMS, described
from case_service.cases import routes as cases
from case_service.clocks import routes as clock_routes
from case_service.dashboard import routes as dashboard
from case_service.database import CONNECTIONS, REQUESTS_AT_ONCE, SessionDep
from case_service.deadlines import routes as deadlines
from case_service.doorkeeper import let_in
from case_service.fieldwork import routes as fieldwork
from case_service.freshness import routes as freshness
from case_service.inbox import routes as inbox
from case_service.notifications import routes as messages
from case_service.official_calendar import stored_calendar
from case_service.official_year import routes as official_year
from case_service.orders import routes as orders
from case_service.outcomes import routes as outcomes
from case_service.phone import routes as phone
from case_service.problems import register_problems
from case_service.referrals import administration as dispatch_table
from case_service.referrals import routes as referrals
from case_service.reviews import routes as reviews
from case_service.sealing import Seal
from case_service.security_headers import SecurityHeaders
from case_service.settings import Settings
from case_service.sign_in import account
from case_service.sign_in import routes as sign_in
from case_service.supervision import routes as supervision
from case_service.turnstile import Turnstile
from case_service.visits import routes as visits
from case_service.watching import routes as watching
from case_service.watching.logs import Watched
from case_service.watching.measures import count_connections

STATIC_FOLDER = Path(__file__).parent / "static"


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The case service over one database, which is migrated already."""
    app = routed_app()
    answer_from(app, settings, engine)
    return app


def answer_from(app: FastAPI, settings: Settings, engine: Engine) -> None:
    """Let the application answer from this database, with these settings."""
    app.state.settings = settings
    app.state.engine = engine
    app.state.seal = Seal(settings.case_sealing_key or "")
    count_connections(engine, CONNECTIONS)


def routed_app() -> FastAPI:
    """The application with all its routes, which cannot answer yet: see `answer_from`."""
    app = FastAPI(
        title="守望 case service",
        docs_url=None,  # the pages that come with FastAPI load scripts from outside hosts
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.add_middleware(Turnstile, most=REQUESTS_AT_ONCE)
    app.add_middleware(RefuseEndlessJson)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Watched)
    register_problems(app)
    pipeline = (inbox.router, outcomes.router, deadlines.router, freshness.pipeline_router, reviews.pipeline_router)
    for router in (*pipeline, watching.router, api.router):
        app.include_router(router, dependencies=[Depends(let_in)], responses=PROBLEMS)
    app.openapi = partial(described, app)  # type: ignore[method-assign]
    casework = (orders, visits, fieldwork, phone, referrals, cases, supervision, dashboard, freshness, reviews)
    administration = (staff_routes, units, tokens, log, dispatch_table)
    clocks = (clock_routes, messages, official_year)
    for feature in (sign_in, account, *casework, *administration, *clocks):
        app.include_router(feature.router, dependencies=[Depends(let_in)])
    app.add_api_route("/healthz", health, include_in_schema=False)
    app.add_api_route("/static/htmx.min.js", htmx, include_in_schema=False)
    app.add_api_route("/static/echarts.mjs", echarts, include_in_schema=False)
    app.add_api_route("/static/idb.js", idb, include_in_schema=False)
    app.add_api_route("/service-worker.js", service_worker, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC_FOLDER), name="static")
    return app


def health(session: SessionDep) -> JSONResponse:
    """Whether the service and its database can work, and to which year the calendar goes; 503 while they cannot."""
    try:
        years = stored_calendar(session).published_years
    except OperationalError:
        return JSONResponse({"status": "the database does not answer"}, status_code=503)
    return JSONResponse({"status": "ok", "calendar_until": max(years, default=None)})


def htmx(request: Request) -> FileResponse:
    """The htmx script, from where npm put it."""
    folder: Path = request.app.state.settings.node_modules
    return FileResponse(folder / "htmx.org" / "dist" / "htmx.min.js", media_type="text/javascript")


def echarts(request: Request) -> FileResponse:
    """The chart module, from where npm put it."""
    folder: Path = request.app.state.settings.node_modules
    return FileResponse(folder / "echarts" / "dist" / "echarts.esm.min.mjs", media_type="text/javascript")


def idb(request: Request) -> FileResponse:
    """The module over IndexedDB, from where npm put it."""
    folder: Path = request.app.state.settings.node_modules
    return FileResponse(folder / "idb" / "build" / "index.js", media_type="text/javascript")


def service_worker() -> FileResponse:
    """The phones' service worker; it lies at the root because it answers for all pages."""
    return FileResponse(STATIC_FOLDER / "phone" / "service-worker.js", media_type="text/javascript")
