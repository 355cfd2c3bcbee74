"""One PostgreSQL for a benchmark of the case service: filled once a day, copied for each run, served from the copy."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, create_engine, make_url, text

from benchmarks.caseload.askers import Questions
from benchmarks.caseload.filling import Size, fill
from benchmarks.race import BenchmarkError, free_address, own_environment
from benchmarks.reporting import Tell
from case_service.clock import local_date, now
from case_service.database import embedded_postgres, with_driver
from case_service.settings import Settings, read_settings
from case_service.starting import prepared_engine
from jobs.case_service_process import serve_command, serving
from jobs.errors import CaseServiceUnreachableError

FILLED, RUN = "filled", "run"
SECONDS_TO_RECORD = 600


class CaseBench:
    """A filled database's copy, and servers on it; what the copy went through is forgotten at the next run."""

    def __init__(self, folder: Path, size: Size, processes: int, tell: Tell) -> None:
        self.folder, self.size, self._processes, self._tell = folder, size, str(processes), tell

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = embedded_postgres(self.folder / "pg")
        mark, today = self.folder / "filled.json", local_date(now()).isoformat()
        if not mark.is_file() or json.loads(mark.read_text()) != today:
            mark.unlink(missing_ok=True)
            self._recreate(FILLED)
            fill(self.settings(FILLED), self.size, now(), self.folder / "directory", self._tell)
            mark.write_text(json.dumps(today))
        self._tell("a copy of the filled database")
        self._recreate(RUN, FILLED)
        self.engine = prepared_engine(self.settings())
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.engine.dispose()

    def settings(self, database: str = RUN) -> Settings:
        """As the service is set up on a database."""
        return read_settings(mode="demo", home=self.folder / "service", database_url=self._address(database))

    @property
    def postmaster(self) -> int:
        """The process that all of PostgreSQL's processes are children of."""
        return int((self.folder / "pg" / "postmaster.pid").read_text().splitlines()[0])

    @contextmanager
    def service(self) -> Iterator[tuple[str, int]]:
        """The real service on the copy: its address and process."""
        url = free_address()
        with self._serving(serve_command(url), url, "service.log") as pid:
            yield url, pid

    @contextmanager
    def bare(self, asked: Questions) -> Iterator[tuple[str, int]]:
        """The bare endpoints for what is asked: their address and process."""
        url = free_address()
        command = [sys.executable, "-m", "benchmarks.caseload.bare", "--port", url.rpartition(":")[2]]
        command += ["--processes", self._processes]
        with self._serving(
            command,
            url,
            "bare.log",
            json.dumps({kind: [asdict(one) for one in given] for kind, given in asked.items()}),
        ) as pid:
            yield url, pid

    @contextmanager
    def _serving(self, command: list[str], url: str, log: str, given: str = "") -> Iterator[int]:
        told = {
            "SHOUWANG_MODE": "demo",
            "SHOUWANG_HOME": str(self.folder / "service"),
            "SHOUWANG_PROCESSES": self._processes,
            "DATABASE_URL": self._address(RUN),
        }
        try:
            with serving(command, url, self.folder / log, own_environment() | told, given, SECONDS_TO_RECORD) as pid:
                yield pid
        except CaseServiceUnreachableError as problem:
            raise BenchmarkError(f"{problem} {self.folder / log}") from problem

    def _address(self, database: str) -> str:
        return make_url(with_driver(self._server)).set(database=database).render_as_string(hide_password=False)

    def _recreate(self, database: str, template: str = "template0") -> None:
        with self._as_owner().connect() as connection:
            connection.execute(text(f"drop database if exists {database} with (force)"))
            connection.execute(
                text(f"create database {database} encoding 'UTF8' template {template} strategy file_copy")
            )

    def _as_owner(self) -> Engine:
        return create_engine(with_driver(self._server), isolation_level="AUTOCOMMIT")
