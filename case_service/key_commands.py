"""The commands that bring the database to new keys."""

import argparse
import json
import sys
from typing import Any

from sqlalchemy.orm import Session

from case_service import clock
from case_service.action_log import Action, record
from case_service.keys.person_keys import rotate_person_keys
from case_service.keys.sealed_columns import SealingKeyError, seal_anew
from case_service.sealing import Seal
from case_service.settings import Settings
from case_service.starting import prepared_engine
from schemas.person_keys import NextKeys, OtherVersionError

COMMAND_LINE = "command_line"


def rotate_sealing_key(settings: Settings, _: argparse.Namespace) -> int:
    """Seal everything under the newest key of case_sealing_key; the service, started with both keys, may run."""
    engine = prepared_engine(settings)
    try:
        changed = seal_anew(engine, Seal(settings.case_sealing_key or ""))
    except SealingKeyError as refusal:
        return _refused(refusal)
    with Session(engine) as session:
        record(session, clock.now(), [Action(COMMAND_LINE, "sealing_key_rotated", "case_sealing_key", None, changed)])
        session.commit()
    engine.dispose()
    _tell({"sealed_anew": sum(changed.values()), "by_table": {name: count for name, count in changed.items() if count}})
    return 0


def rotate_person_key(settings: Settings, _: argparse.Namespace) -> int:
    """Make the keys of people and households anew; reads person_key, with the new secret last, from standard input."""
    secrets = sys.stdin.read().split()
    if len(secrets) < 2:
        return _refused("give person_key on standard input, with the new secret as its last line")
    engine = prepared_engine(settings)
    keys = NextKeys(secrets[-1].encode(), len(secrets))
    try:
        changed = rotate_person_keys(engine, Seal(settings.case_sealing_key or ""), keys)
    except OtherVersionError as refusal:
        return _refused(refusal)
    with Session(engine) as session:
        record(session, clock.now(), [Action(COMMAND_LINE, "person_key_rotated", "person_key", None, changed)])
        session.commit()
    engine.dispose()
    _tell({"key_version": len(secrets), "rows_changed": sum(changed.values()), "by_column": changed})
    return 0


def add_to(commands: Any) -> None:
    """Give the command line these commands."""
    for name, run in (("rotate-sealing-key", rotate_sealing_key), ("rotate-person-key", rotate_person_key)):
        commands.add_parser(name, help=run.__doc__).set_defaults(run=run)


def _refused(why: object) -> int:
    sys.stderr.write(f"case_service: {why}\n")
    return 2


def _tell(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
