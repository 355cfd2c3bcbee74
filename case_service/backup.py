"""Backup and restore of the case service's database, in which photos and everything else of it lie.

What was counted and what was dumped are one snapshot, so the service may go on working meanwhile.
"""

from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.database import alembic_config
from case_service.postgres_tools import run_tool, server_major
from case_service.row_security import SERVICE_ROLE, ensure_service_role
from case_service.settings import Settings
from schemas.backup import (
    BackupError,
    BackupManifest,
    Part,
    begun,
    completed,
    fingerprint,
    read_backup,
    refuse_other_keys,
    refuse_other_rows,
)

DUMP = "database.dump"
_TABLES = text("select tablename from pg_tables where schemaname = 'public' order by tablename")
# These name the owner of the database that was dumped, who need not be the owner here.
_OWNERS_ENTRY = " DEFAULT ACL "
_PRIVILEGES = (
    f"alter default privileges in schema public grant select, insert, update on tables to {SERVICE_ROLE}",
    f"alter default privileges in schema public grant usage, select on sequences to {SERVICE_ROLE}",
)


def back_up(engine: Engine, settings: Settings, folder: Path, at: datetime) -> BackupManifest:
    """Dump the database into `folder` with what a restore is compared with; a broken record is told, and kept too."""
    begun(folder)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(text("select pg_export_snapshot()"))
        rows, chain = _row_counts(connection), _chain(connection)
        revision = connection.scalar(text("select version_num from alembic_version"))
        where = ["--format", "custom", "--file", str(folder / DUMP)]
        run_tool("pg_dump", engine, ["--snapshot", str(snapshot), "--no-owner", *where])
    return completed(
        folder,
        part=Part.CASE_SERVICE,
        made_at=at,
        versions={"shouwang": version("shouwang"), "schema": revision, "postgresql": str(server_major(engine))},
        rows=rows,
        keys=_keys(settings),
        details={"record_of_actions": chain},
    )


def restore(engine: Engine, settings: Settings, folder: Path) -> BackupManifest:
    """Bring a backup into an empty database, all or nothing, and compare. Raises `BackupError` and changes nothing
    where there is something already, the backup is not whole, or the key in use would not open it."""
    manifest = read_backup(folder, Part.CASE_SERVICE)
    refuse_other_keys(manifest, _keys(settings), settings.keys_dir or settings.home / "keys")
    _refuse_unknown_schema(engine, manifest)
    _refuse_what_is_there(engine)
    ensure_service_role(engine)
    listed = run_tool("pg_restore", engine, ["--list", str(folder / DUMP)])
    contents = folder.parent / f"{folder.name}.contents"
    contents.write_text("\n".join(line for line in listed.splitlines() if _OWNERS_ENTRY not in line) + "\n", "utf-8")
    try:
        whole = ["--no-owner", "--single-transaction", "--exit-on-error"]
        run_tool("pg_restore", engine, [*whole, "--use-list", str(contents), str(folder / DUMP)])
    finally:
        contents.unlink()
    with engine.begin() as connection:
        for statement in _PRIVILEGES:
            connection.execute(text(statement))
    _compare(engine, manifest)
    return manifest


def _row_counts(connection: Connection) -> dict[str, int]:
    names = connection.scalars(_TABLES).all()
    return {name: int(connection.scalar(text(f'select count(*) from public."{name}"')) or 0) for name in names}


def _chain(connection: Connection) -> dict[str, object]:
    return asdict(action_log.verify(Session(connection)))


def _keys(settings: Settings) -> dict[str, str]:
    return {"case_sealing_key": fingerprint("case_sealing_key", settings.case_sealing_key or "")}


def _refuse_unknown_schema(engine: Engine, manifest: BackupManifest) -> None:
    try:
        ScriptDirectory.from_config(alembic_config(engine)).get_revision(manifest.versions["schema"])
    except CommandError as error:
        raise BackupError(
            f"the backup is of a newer version of the product (schema {manifest.versions['schema']}): "
            f"the system administrator must install version {manifest.versions['shouwang']} or newer"
        ) from error


def _refuse_what_is_there(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.scalars(_TABLES).all()
    if found:
        raise BackupError(
            f"the database {engine.url.database} holds {len(found)} tables, and nothing is restored over them. The "
            "system administrator must stop the case service, create an empty database and name it with DATABASE_URL "
            "(with the database that comes with the product: name an empty SHOUWANG_HOME)."
        )


def _compare(engine: Engine, manifest: BackupManifest) -> None:
    with engine.connect() as connection:
        refuse_other_rows(manifest, _row_counts(connection))
        if (chain := _chain(connection)) != manifest.details["record_of_actions"]:
            raise BackupError(
                f"the restored record of actions is not the one that was kept: {chain} instead of "
                f"{manifest.details['record_of_actions']}. Do not use it; restore another backup"
            )
