"""How long people wait while each migration after the first is made on tables of this size.

A copy of the filled database goes down to the first version and up again, one version at a time. All the while
readers and writers ask for the locks that any read and any change of a row asks for; the longest wait is told.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from benchmarks.reporting import Report, Tell
from case_service.database import alembic_config

TABLES = ("work_order", "household_case", "received_warning", "visit", "contact", "outcome", "action_log")
MODES = {"read": "access share", "write": "row exclusive"}
SECONDS_BETWEEN_ASKS = 0.01


@dataclass
class Asker:
    """Somebody who reads or changes rows of a table again and again, and remembers the longest wait."""

    engine: Engine
    table: str
    kind: str
    longest_s: float = 0.0

    def ask(self, ended: Event) -> None:
        """Ask until ended."""
        with self.engine.connect() as connection:
            while not ended.wait(SECONDS_BETWEEN_ASKS):
                started = time.perf_counter()
                connection.execute(text(f"lock table {self.table} in {MODES[self.kind]} mode"))
                self.longest_s = max(self.longest_s, time.perf_counter() - started)
                connection.commit()


def migrated(engine: Engine, tell: Tell) -> dict[str, Report]:
    """Each migration's seconds and the longest waits in it, on a copy that is at the newest version."""
    config = alembic_config(engine)
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    command.downgrade(config, revisions[0])
    found = {}
    for revision in revisions[1:]:
        with _asking(engine) as askers:
            started = time.perf_counter()
            command.upgrade(config, revision)
            seconds = time.perf_counter() - started
        longest = {kind: max(askers, key=lambda one: (one.kind == kind, one.longest_s)) for kind in MODES}
        found[revision] = {
            "seconds": seconds,
            "waited_ms": {kind: 1000 * one.longest_s for kind, one in longest.items()},
            "longest_for": {kind: one.table for kind, one in longest.items()},
        }
        tell(f"{revision}: {seconds:.2f} s, a reader waited {longest['read'].longest_s:.2f} s at the most, a writer "
             f"{longest['write'].longest_s:.2f} s ({longest['write'].table})")  # fmt: skip
    return found


@contextmanager
def _asking(engine: Engine) -> Iterator[list[Asker]]:
    ended = Event()
    askers = [Asker(engine, table, kind) for table in TABLES for kind in MODES]
    threads = [Thread(target=one.ask, args=(ended,)) for one in askers]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        ended.set()
        for thread in threads:
            thread.join()
