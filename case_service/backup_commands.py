"""The commands that back the database up and restore it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from case_service import backup
from case_service.clock import now
from case_service.database import database_url, make_engine
from case_service.settings import Settings
from schemas.backup import BackupManifest


def back_up(settings: Settings, chosen: argparse.Namespace) -> int:
    """Write the database, with all photos, into a new folder; the service may run meanwhile."""
    engine = make_engine(database_url(settings))
    manifest = backup.back_up(engine, settings, chosen.folder, now())
    engine.dispose()
    _tell("backed up", manifest)
    broken_at = manifest.details["record_of_actions"]["broken_at"]
    if broken_at is not None:
        sys.stderr.write(
            f"case_service: the backup is whole, but the record of actions is broken at entry {broken_at}: "
            "the audit administrator must look (python -m case_service audit verify)\n"
        )
        return 1
    return 0


def restore(settings: Settings, chosen: argparse.Namespace) -> int:
    """Bring a backup into an empty database and compare; the service must not run."""
    engine = make_engine(database_url(settings))
    manifest = backup.restore(engine, settings, chosen.folder)
    engine.dispose()
    _tell("restored", manifest)
    return 0


def add_to(commands: Any) -> None:
    """Give the command line these commands."""
    for name, run in (("backup", back_up), ("restore", restore)):
        adding = commands.add_parser(name, help=run.__doc__)
        adding.add_argument("folder", type=Path)
        adding.set_defaults(run=run)


def _tell(done: str, manifest: BackupManifest) -> None:
    chain = manifest.details["record_of_actions"]
    told = {
        "part": manifest.part.value,
        "done": done,
        "made_at": manifest.made_at.isoformat(),
        "versions": manifest.versions,
        "rows": sum(manifest.rows.values()),
        "record_of_actions": {"entries": chain["entry_count"], "head": chain["head"]},
        "keys_needed": manifest.keys,
    }
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
