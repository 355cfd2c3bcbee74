"""Upkeep: every table stays small and quick to read; what it says stays the same. Old lineage events go."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from jobs.alone import nobody_else
from jobs.installation import Installation
from jobs.settings import Settings
from warehouse.upkeep import keep_up

# A file younger than this may belong to a run on another machine that our lock does not see.
ORPHAN_AGE = timedelta(days=1)


def upkeep(
    installation: Installation, now: datetime, keep_days: int, orphan_age: timedelta = ORPHAN_AGE
) -> dict[str, dict[str, Any]]:
    """Keep up every table and report what was done to each; waits until no step runs.

    Lineage events of business dates more than `keep_days` ago are removed.
    """
    with nobody_else(installation):
        _remove_lineage_events(installation.settings, (now - timedelta(days=keep_days)).date())
        return {
            name: asdict(keep_up(installation.warehouse, name, now - timedelta(days=keep_days), now - orphan_age))
            for name in installation.warehouse.table_names()
        }


def _remove_lineage_events(settings: Settings, before: date) -> None:
    for file in settings.lineage_folder.glob("????-??-??.jsonl"):
        if date.fromisoformat(file.stem) < before:
            file.unlink()
