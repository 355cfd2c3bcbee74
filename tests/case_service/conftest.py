"""One PostgreSQL for the run, a fresh copy of a prepared database for each test, and people to sign in as."""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, event, make_url, select, text
from sqlalchemy.orm import Session

from case_service import clock as service_clock
from case_service.app import answer_from, routed_app
from case_service.clock import SHANGHAI
from case_service.database import embedded_postgres, make_engine, with_driver
from case_service.settings import DEMO_SERVICE_TOKEN, Settings, read_settings
from case_service.sign_in import sessions
from case_service.tables import SignInSession, Staff
from schemas.messages import WarningMessage
from tests.case_service import made_up
from tests.case_service.checked_pages import check_answer
from tests.case_service.own_database import prepare_database
from tests.case_service.running_service import running_with_directory

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOVEMBER_MORNING = datetime(2025, 11, 21, 9, 30, tzinfo=SHANGHAI)
_database_numbers = count(1)
# Putting a hundred routes together takes longer than most tests; what no open door answers with is taken again.
_idle_apps: list[FastAPI] = []


def _read_and_check(response: httpx.Response) -> None:
    response.read()
    check_answer(response)


@dataclass
class StoppedClock:
    """A clock that stands where the test puts it."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment.astimezone(UTC)


@dataclass
class Door:
    """A way into the service for a test: as the pipeline, or as somebody's browser."""

    app: FastAPI
    engine: Engine
    clock: StoppedClock
    settings: Settings
    clients: list[TestClient] = field(default_factory=list)

    def anonymous(self, raise_server_exceptions: bool = True) -> TestClient:
        """A browser nobody has signed in with."""
        client = TestClient(
            self.app,
            base_url="http://testserver",
            follow_redirects=False,
            raise_server_exceptions=raise_server_exceptions,
        )
        client.event_hooks["response"].append(_read_and_check)
        self.clients.append(client)
        return client

    def browser(self, username: str) -> TestClient:
        """The browser of somebody signed in; `form_token` waits in its headers for `post`."""
        client = self.anonymous()
        with Session(self.engine) as session:
            staff = session.scalars(select(Staff).where(Staff.username == username)).one()
            session_id = sessions.start(session, staff, self.clock())
            token = session.scalars(
                select(SignInSession.form_token).where(SignInSession.id_hash == sessions.hash_of(session_id))
            ).one()
            session.commit()
        client.cookies.set(sessions.SESSION_COOKIE, session_id)
        client.form_token = token
        return client

    def pipeline(self) -> TestClient:
        """The pipeline, with its token."""
        client = TestClient(self.app, headers={"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"})
        self.clients.append(client)
        return client

    def put(self, *warnings: WarningMessage, **more: object) -> list[dict[str, object]]:
        """Put warnings, and say what became of them."""
        response = self.pipeline().put("/api/v1/warnings", json=made_up.batch(*warnings, **more))
        assert response.status_code == 200, response.text
        return list(response.json()["dispositions"])

    def visit(self, order_number: str, username: str = made_up.WORKER, **answers: str | list[str]) -> None:
        """Record a visit as the grid worker would."""
        browser = self.browser(username)
        response = browser.post(f"/orders/{order_number}/visit", data=visit_form(browser, self.clock(), **answers))
        assert response.status_code == 303, response.text

    def session(self) -> Session:
        """The database itself."""
        return Session(self.engine)


def visit_form(browser: TestClient, at: datetime, **answers: str | list[str]) -> dict[str, str | list[str]]:
    """A complete visit form; every call is another submission unless told its key."""
    complete: dict[str, str | list[str]] = {
        "form_token": browser.form_token,
        "submission_key": secrets.token_urlsafe(16),
        "visited_at": at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M"),
        "visit_kind": "warned",
        "question_living": "secure",
        "note": "住院三次，家里只有老伴照顾",
        "place": "home",
        "outcome": "helped",
    }
    return complete | answers


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of one PostgreSQL server; its folder is short because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    # Registered before the server registers its own stopping, so that it runs after it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = embedded_postgres(folder / "pg")
    server = create_engine(with_driver(address), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        # A test database need not survive a power cut.
        for unsafe in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(text(f"alter system set {unsafe}"))
        connection.execute(text("select pg_reload_conf()"))
    server.dispose()
    return address


@pytest.fixture(scope="session")
def template_database(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with schema, calendar, divisions and a small directory, to be copied."""
    folder = tmp_path_factory.mktemp("directory")
    prepare_database(postgres, folder)
    return make_url(postgres).database or ""


def new_database(postgres: str, template: str) -> str:
    """The address of a fresh copy of `template`."""
    name = f"test_{next(_database_numbers)}"
    server = create_engine(make_url(with_driver(postgres)).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        # Through the log, as is usual, takes twice as long.
        connection.execute(text(f'create database {name} template "{template}" strategy file_copy'))
    server.dispose()
    return make_url(with_driver(postgres)).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def new_test_database(postgres: str, template_database: str) -> Callable[[], str]:
    """Makes databases for tests that share one."""
    return partial(new_database, postgres, template_database)


@pytest.fixture
def empty_database(postgres: str, template_database: str) -> str:
    """A database without any table of ours."""
    return new_database(postgres, "template0")


@pytest.fixture
def database(postgres: str, template_database: str) -> str:
    """A database for one test."""
    return new_database(postgres, template_database)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An engine on the test's database."""
    engine = make_engine(database)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> StoppedClock:
    """Friday, 21 November 2025, half past nine."""
    return StoppedClock(NOVEMBER_MORNING)


@contextmanager
def opened_door(database: str, home: Path, clock: StoppedClock | None = None, **given: object) -> Iterator[Door]:
    """The service in demo mode on a database: no week is full, and nobody looks in again, unless a test says so."""
    usual = {"mode": "demo", "home": home, "visits_per_week": 1_000, "follow_up_working_days": 0}
    settings = read_settings(**{**usual, **given})
    engine = make_engine(database)
    stopped = clock or StoppedClock(NOVEMBER_MORNING)
    app = _idle_apps.pop() if _idle_apps else routed_app()
    answer_from(app, settings, engine)
    app.dependency_overrides = {service_clock.moment_of_request: stopped}
    door = Door(app, engine, stopped, settings)
    yield door
    for client in door.clients:
        client.close()
    engine.dispose()
    _idle_apps.append(app)


@pytest.fixture
def door(database: str, clock: StoppedClock, tmp_path: Path) -> Iterator[Door]:
    """The service on the test's own database."""
    with opened_door(database, tmp_path, clock) as door:
        yield door


def act(door: Door, username: str, path: str, **fields: str | list[str]) -> httpx.Response:
    """Post a form of a page as somebody would."""
    browser = door.browser(username)
    return browser.post(path, data={"form_token": browser.form_token, **fields})


@contextmanager
def counted_queries(engine: Engine) -> Iterator[list[str]]:
    """What is asked of the database in the block."""
    asked: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A running service with the small directory of the tests, for browsers."""
    with running_with_directory() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser."""
    from tests.case_service.chromium import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def order_number(door: Door) -> str:
    """An open order held by the grid worker of the first grid."""
    return str(door.put(made_up.warning())[0]["order_number"])
