"""Keeps two runs from doing the same thing at once: locks under `<home>/locks`.

Each step holds the installation's lock shared and its own scope's lock alone: the departments of a
night are ingested side by side, but a department, and what builds on all of them, one run at a time.
No step runs under another person key than that of the tables.
Table upkeep holds the installation alone. A lock dies with its process, however that ends.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import structlog

from jobs.errors import BusyError
from jobs.installation import Installation
from jobs.rotation.in_use import refuse_other_person_key

log = structlog.get_logger(__name__)

INSTALLATION, NIGHT, STATE = "installation", "night", "state"
LONGEST_WAIT_SECONDS = 6 * 3600.0
_PAUSE_SECONDS = 0.1


@contextmanager
def alone(installation: Installation, scope: str, longest_wait: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold the scope while the block runs, waiting for whoever holds it. Raises BusyError after the longest wait."""
    folder = _locks_folder(installation)
    with (
        _held(folder / f"{INSTALLATION}.lock", fcntl.LOCK_SH, longest_wait),
        _held(folder / f"{scope}.lock", fcntl.LOCK_EX, longest_wait),
    ):
        refuse_other_person_key(installation.settings)
        yield


@contextmanager
def night_alone(installation: Installation, longest_wait: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold the whole night of one process, so that two started at once follow each other."""
    with _held(_locks_folder(installation) / f"{NIGHT}.lock", fcntl.LOCK_EX, longest_wait):
        yield


@contextmanager
def nobody_else(installation: Installation, longest_wait: float = LONGEST_WAIT_SECONDS) -> Iterator[None]:
    """Hold the whole installation while the block runs: no step runs meanwhile."""
    with _held(_locks_folder(installation) / f"{INSTALLATION}.lock", fcntl.LOCK_EX, longest_wait):
        yield


def _locks_folder(installation: Installation) -> Path:
    folder = installation.settings.home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _held(path: Path, kind: int, longest_wait: float) -> Iterator[None]:
    with path.open("a+", encoding="utf-8") as file:
        _wait_for(file, path, kind, longest_wait)
        if kind == fcntl.LOCK_EX:
            _sign(file)
        yield


def _wait_for(file: TextIO, path: Path, kind: int, longest_wait: float) -> None:
    until = time.monotonic() + longest_wait
    waiting = False
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise BusyError(
                    f"{path.stem} is being worked on by {_holder(path)}; wait for it or end it, then run again."
                ) from None
            if not waiting:
                log.warning("waiting for another run", scope=path.stem, held_by=_holder(path))
            waiting = True
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _sign(file: TextIO) -> None:
    """Say who holds the lock, for those who wait."""
    file.seek(0)
    file.truncate()
    file.write(f"process {os.getpid()}")
    file.flush()


def _holder(path: Path) -> str:
    """The process that signed last, and since when; a lock held by many names none."""
    since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    signed = path.read_text(encoding="utf-8").strip()
    return f"{signed} since {since:%Y-%m-%dT%H:%M:%SZ}" if signed else "other steps"
