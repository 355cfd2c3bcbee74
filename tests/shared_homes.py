"""Homes that many tests begin from: each is made once in a test run, by whichever worker asks first, and copied."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.installation import Installation
from jobs.settings import Settings
from warehouse.moving import metadata_files, put_to_use
from warehouse.tables import CATALOG_FILE


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name that all workers of the test run share; whoever comes while it is made waits."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, whole = shared / name, shared / f"{name}.whole"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


def installation_at(home: Path) -> Installation:
    return Installation(Settings(mode="demo", home=home))


def copy_folder(source: Path, target: Path) -> None:
    """With links and owners: a database's files belong to the database's user."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def copy_home(source: Path, target: Path) -> Path:
    """A home and its tables as they stand, to go on from elsewhere while others go on from the same."""
    made_in = installation_at(source).warehouse
    copy_folder(source, target)
    for catalog in (target / "warehouse").glob(f"{CATALOG_FILE}*"):
        catalog.unlink()
    put_to_use(installation_at(target).warehouse, metadata_files(made_in), str(made_in.root))
    return target
