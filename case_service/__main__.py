"""The command line: `python -m case_service COMMAND`; `--help` lists the commands."""

import argparse
import getpass
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log, backup_commands, clock, clock_commands, key_commands, serving
from case_service.access_matrix import Right
from case_service.action_log import Action
from case_service.database import UnknownSchemaError, database_url, make_engine, schema_revisions
from case_service.directory.loading import DirectoryFileError, load_directory
from case_service.service_token import TokenNameTakenError, create_token, revoke_token
from case_service.settings import Settings, UnsafeToStartError, read_settings
from case_service.sign_in import passwords
from case_service.starting import prepared_engine
from case_service.tables import Staff
from case_service.watching.logs import log_to_standard_error
from schemas.backup import BackupError

COMMAND_LINE = "command_line"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says whether it did what it promises."""
    log_to_standard_error()
    chosen = _parser().parse_args(arguments)
    try:
        given = {name: getattr(chosen, name) for name in ("host", "port") if getattr(chosen, name, None) is not None}
        result: int = chosen.run(read_settings(**given), chosen)
    except (UnsafeToStartError, DirectoryFileError, BackupError, UnknownSchemaError) as refusal:
        _tell(f"case_service: {refusal}", sys.stderr)
        return 2
    return result


def serve(settings: Settings, _: argparse.Namespace) -> int:
    """Answer requests until told to stop."""
    serving.serve(settings)
    return 0


def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the schema, the calendar and the divisions up to date."""
    prepared_engine(settings).dispose()
    return 0


def schema(settings: Settings, chosen: argparse.Namespace) -> int:
    """Say which version the schema of the database has, and with --upgrade bring it to the newest."""
    engine = make_engine(database_url(settings))
    held, newest = schema_revisions(engine)
    engine.dispose()
    if chosen.upgrade:
        prepared_engine(settings).dispose()
    _tell(json.dumps({"schema_before": held, "schema": newest}))
    return 0


def load(settings: Settings, chosen: argparse.Namespace) -> int:
    """Load the city's grids and staff."""
    with Session(prepared_engine(settings)) as session:
        loaded = load_directory(session, chosen.grids, chosen.staff, settings.is_demo, chosen.departments)
        counts = {"grids": loaded.grid_count, "departments": loaded.department_count, "staff": loaded.staff_count}
        action_log.record(session, clock.now(), [Action(COMMAND_LINE, "directory_loaded", "directory", None, counts)])
        session.commit()
    told = f"{loaded.grid_count} grids, {loaded.department_count} departments and {loaded.staff_count} staff"
    _tell(f"{told} are in the directory")
    return 0


def set_password(settings: Settings, chosen: argparse.Namespace) -> int:
    """Give one member of staff a password, read from the terminal or from standard input."""
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not passwords.is_good(password, chosen.username):
        told = f"a password has at least {passwords.SHORTEST_PASSWORD} characters, and not the username in it"
        _tell(f"case_service: {told}", sys.stderr)
        return 2
    with Session(prepared_engine(settings)) as session:
        staff = session.scalar(select(Staff).where(Staff.username == chosen.username))
        if staff is None:
            _tell(f"case_service: nobody is called {chosen.username}; load the directory first", sys.stderr)
            return 2
        staff.password_hash, staff.has_demo_password = passwords.hashed(password), False
        staff.failed_sign_ins, staff.locked_until = 0, None
        action_log.record(session, clock.now(), [Action(COMMAND_LINE, "password_set", staff.username)])
        session.commit()
    return 0


def audit_verify(settings: Settings, _: argparse.Namespace) -> int:
    """Check the chain of the action log; its head is worth keeping elsewhere."""
    with Session(prepared_engine(settings)) as session:
        found = action_log.verify(session)
    if found.broken_at is not None:
        _tell(f"the action log is broken at entry {found.broken_at}; the last good head is {found.head}", sys.stderr)
        return 1
    _tell(f"the action log holds: {found.entry_count} entries, head {found.head}")
    return 0


def audit_export(settings: Settings, _: argparse.Namespace) -> int:
    """Write the whole action log to standard output, as lines of JSON with their hashes."""
    with Session(prepared_engine(settings)) as session:
        for entry in session.scalars(action_log.all_entries()):
            sys.stdout.write(action_log.as_line(entry))
    return 0


def token_create(settings: Settings, chosen: argparse.Namespace) -> int:
    """Create a service token with the rights named, and tell it this once."""
    with Session(prepared_engine(settings)) as session:
        try:
            token = create_token(session, chosen.name, [Right(one) for one in chosen.right], clock.now())
        except TokenNameTakenError:
            _tell(f"case_service: there was a token {chosen.name} before; choose another name", sys.stderr)
            return 2
        details = {"rights": sorted(chosen.right)}
        action_log.record(session, clock.now(), [Action(COMMAND_LINE, "token_created", chosen.name, None, details)])
        session.commit()
    _tell(token)
    return 0


def token_revoke(settings: Settings, chosen: argparse.Namespace) -> int:
    """End a service token at once."""
    with Session(prepared_engine(settings)) as session:
        if not revoke_token(session, chosen.name, clock.now()):
            _tell(f"case_service: no token {chosen.name} is in use", sys.stderr)
            return 2
        action_log.record(session, clock.now(), [Action(COMMAND_LINE, "token_revoked", chosen.name)])
        session.commit()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m case_service", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve_command = commands.add_parser("serve", help=serve.__doc__)
    serve_command.add_argument("--host")
    serve_command.add_argument("--port", type=int)
    serve_command.set_defaults(run=serve)
    commands.add_parser("migrate", help=migrate.__doc__).set_defaults(run=migrate)
    of_schema = commands.add_parser("schema", help=schema.__doc__)
    of_schema.add_argument("--upgrade", action="store_true")
    of_schema.set_defaults(run=schema)
    loading = commands.add_parser("load-directory", help=load.__doc__)
    loading.add_argument("--grids", type=Path, required=True)
    loading.add_argument("--staff", type=Path, required=True)
    loading.add_argument("--departments", type=Path)
    loading.set_defaults(run=load)
    passwording = commands.add_parser("set-password", help=set_password.__doc__)
    passwording.add_argument("username")
    passwording.set_defaults(run=set_password)
    clock_commands.add_to(commands)
    backup_commands.add_to(commands)
    key_commands.add_to(commands)
    audit = commands.add_parser("audit", help="The record of actions.").add_subparsers(required=True)
    audit.add_parser("verify", help=audit_verify.__doc__).set_defaults(run=audit_verify)
    audit.add_parser("export", help=audit_export.__doc__).set_defaults(run=audit_export)
    token = commands.add_parser("token", help="Tokens of services.").add_subparsers(required=True)
    creating = token.add_parser("create", help=token_create.__doc__)
    creating.add_argument("name")
    creating.add_argument("--right", action="append", choices=[one.value for one in Right], required=True)
    creating.set_defaults(run=token_create)
    revoking = token.add_parser("revoke", help=token_revoke.__doc__)
    revoking.add_argument("name")
    revoking.set_defaults(run=token_revoke)
    return parser


def _tell(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
