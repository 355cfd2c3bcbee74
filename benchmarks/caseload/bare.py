"""Bare endpoints: the SQL that the service runs for a request, word for word, and nothing else.

`python -m benchmarks.caseload.bare --port N --processes M` reads the questions as JSON from standard input. It asks
the service in this process each of them once, in a transaction that is taken back, and notes every statement with its
parameters and where a transaction ends. Then it serves: `/list/0` runs the first list's statements again, and commits
where the service did. No session is looked up beyond that, nothing is opened, reckoned or made into a page.
"""

import argparse
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event, text

from benchmarks.caseload.load import Asked
from case_service.app import create_app
from case_service.database import database_url, make_engine
from case_service.row_security import ServiceSession
from case_service.settings import read_settings

COMMIT = "commit"
NOTED = text("update sign_in_session set last_seen_at = now() where revoked_at is null")
# The number of an outcome is what the statement before it found; every replay finds another.
LAST_OUTCOME = "last_outcome_sequence"
WRITES_OUTCOME = "INSERT INTO outcome "


@dataclass(frozen=True)
class Statement:
    """One statement as it went to PostgreSQL, or the end of a transaction."""

    sql: str
    parameters: Any = None


class Recording:
    """The service in this process, asked in transactions that are all taken back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._app = create_app(read_settings(), engine)
        self._client = TestClient(self._app, follow_redirects=False)

    def of(self, asked: Asked) -> list[Statement]:
        """What the service asks of PostgreSQL to answer this."""
        with self._engine.connect() as connection:
            transaction = connection.begin()
            self._app.state.engine = connection
            with _noted(connection) as statements:
                answer = self._client.request(
                    asked.method, asked.path, headers=asked.headers, content=asked.content or None
                )
            transaction.rollback()
        if answer.status_code not in (200, 303):
            raise ValueError(f"{asked.method} {asked.path} was answered with {answer.status_code}")
        return statements


@contextmanager
def _noted(connection: Connection) -> Iterator[list[Statement]]:
    found: list[Statement] = []

    def note(_: object, __: object, sql: str, parameters: Any, *___: object) -> None:
        found.append(Statement(sql, parameters))

    def note_commit(_: object) -> None:
        found.append(Statement(COMMIT))

    event.listen(connection, "before_cursor_execute", note)
    event.listen(ServiceSession, "after_commit", note_commit)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)
        event.remove(ServiceSession, "after_commit", note_commit)


def replay(engine: Engine, statements: Sequence[Statement]) -> int:
    """Run the statements again, reading all they answer; says how many rows."""
    count = last_outcome = 0
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        for one in statements:
            if one.sql == COMMIT:
                connection.commit()
                continue
            parameters = one.parameters
            if one.sql.startswith(WRITES_OUTCOME):
                parameters = _renumbered(parameters, last_outcome)
            cursor.execute(one.sql, parameters)
            rows = cursor.fetchall() if cursor.description else []
            if LAST_OUTCOME in one.sql:
                last_outcome = rows[0][0]
            count += len(rows)
        return count
    finally:
        connection.close()


def _renumbered(parameters: Mapping[str, Any], last: int) -> dict[str, Any]:
    names = sorted(name for name in parameters if name.startswith("sequence"))
    return {**parameters, **{name: last + place for place, name in enumerate(names, start=1)}}


def bare_app(engine: Engine, recorded: Mapping[str, Sequence[Sequence[Statement]]]) -> FastAPI:
    """An application with nothing but the recorded statements."""
    app = FastAPI(openapi_url=None)

    def answer(kind: str, number: int) -> PlainTextResponse:
        return PlainTextResponse(str(replay(engine, recorded[kind][number])))

    app.add_api_route("/healthz", lambda: "ok")
    app.add_api_route("/{kind}/{number}", answer, methods=["GET", "POST"])
    return app


def main() -> None:
    """Record, then serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.caseload.bare", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, required=True)
    chosen = parser.parse_args()
    asked = {kind: [Asked(**one) for one in given] for kind, given in json.load(sys.stdin).items()}
    engine = make_engine(database_url(read_settings()))
    with engine.begin() as connection:
        # Otherwise the first look of a minute would be noted each time.
        connection.execute(NOTED)
    recording = Recording(engine)
    recorded = {kind: [recording.of(one) for one in given] for kind, given in asked.items()}
    engine.dispose()
    # uvicorn sends itself the signal again once it is done; ending in order also ends the others.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.create_server(("127.0.0.1", chosen.port), backlog=2048) as listener:
        others = _others(chosen.processes - 1)
        config = uvicorn.Config(bare_app(engine, recorded), server_header=False, log_config=None, access_log=False)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            for pid in others:
                os.kill(pid, signal.SIGKILL)


def _others(count: int) -> list[int]:
    """So many more processes that hold what was recorded; none of its own for a process that came to be here."""
    found: list[int] = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            return []
        found.append(pid)
    return found


if __name__ == "__main__":
    main()
