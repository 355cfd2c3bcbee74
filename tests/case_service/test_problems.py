"""A database that goes away in the middle of a request is told as away, whichever error says so."""

from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError

from case_service.problems import register_problems
from case_service.settings import read_settings

PROBLEM = "application/problem+json"


@pytest.fixture
def asked() -> Callable[[Callable[[], None]], TestClient]:
    """A service whose one route does this."""

    def client(work: Callable[[], None]) -> TestClient:
        app = FastAPI()
        app.state.settings = read_settings(mode="demo")
        register_problems(app)
        app.add_api_route("/api/v1/read", work)
        return TestClient(app)

    return client


def broken_in_use(connection_invalidated: bool) -> Callable[[], None]:
    def work() -> None:
        raise DBAPIError("select 1", {}, psycopg.DatabaseError("x"), connection_invalidated=connection_invalidated)

    return work


def test_a_connection_that_breaks_in_use_counts_as_away(asked: Callable[[Callable[[], None]], TestClient]) -> None:
    answer = asked(broken_in_use(True)).get("/api/v1/read")
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    with pytest.raises(DBAPIError):
        asked(broken_in_use(False)).get("/api/v1/read")


def test_a_statement_after_the_cut_counts_as_away_too_and_one_after_a_mistake_does_not(
    asked: Callable[[Callable[[], None]], TestClient], engine: Engine
) -> None:
    def cut() -> None:
        with engine.connect() as connection:
            with suppress(SQLAlchemyError):
                connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
            connection.execute(text("select 1"))

    def mistaken() -> None:
        raise PendingRollbackError("a flush failed before", code="7s2a")

    assert asked(cut).get("/api/v1/read").status_code == 503
    with pytest.raises(PendingRollbackError):
        asked(mistaken).get("/api/v1/read")
