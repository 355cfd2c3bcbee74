"""The commands about clocks, messages and the calendar."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from case_service.clock import now
from case_service.notifications.addresses import load_addresses
from case_service.notifications.channels.configured import channels_of
from case_service.official_calendar import due_rule
from case_service.official_year.importing import import_notice, preview_notice
from case_service.official_year.notice import NoticeError, read_notice, text_of_file
from case_service.settings import Settings
from case_service.starting import prepared_engine
from case_service.ticking import tick


def tick_once(settings: Settings, _: argparse.Namespace) -> int:
    """Remind, escalate and send what is ripe now; for a timer where the service does not tick by itself."""
    done = tick(prepared_engine(settings), settings, channels_of(settings, now), now)
    _tell(f"{done.steps_taken} steps taken, {done.sent.delivered} messages sent, {done.sent.not_delivered} not yet")
    return 0


def import_calendar(settings: Settings, chosen: argparse.Namespace) -> int:
    """Show what a year of the State Council's notice would change, and with --apply import it."""
    try:
        notice = read_notice(text_of_file(chosen.file.read_bytes()), chosen.year, chosen.notice)
    except NoticeError as refusal:
        sys.stderr.write("\n".join([f"case_service: {chosen.file} was not taken:", *refusal.mistakes, ""]))
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


def add_to(commands: Any) -> None:
    """Give the command line these commands."""
    commands.add_parser("tick", help=tick_once.__doc__).set_defaults(run=tick_once)
    importing = commands.add_parser("import-calendar", help=import_calendar.__doc__)
    importing.add_argument("file", type=_existing_file)
    importing.add_argument("--year", type=int, required=True)
    importing.add_argument("--notice", required=True, help="the notice's number")
    importing.add_argument("--apply", action="store_true")
    importing.set_defaults(run=import_calendar)
    addressing = commands.add_parser("load-addresses", help=load_staff_addresses.__doc__)
    addressing.add_argument("file", type=_existing_file)
    addressing.set_defaults(run=load_staff_addresses)


def _existing_file(path: str) -> Path:
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}")
    return Path(path)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
