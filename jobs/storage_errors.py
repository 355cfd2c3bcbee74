"""A full disk, a damaged file or a locked catalog is told in one sentence, whichever library noticed it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import duckdb
import pyarrow as pa

from jobs.disk import free_bytes
from jobs.errors import CatalogLockedError, DamagedFileError, DiskFullError, ShouwangError
from jobs.installation import Installation
from warehouse.damage import DamagedFile, damaged_files

# What the operating system, DuckDB, Arrow and SQLite call a full disk.
_FULL = ("no space left on device", "disk is full", "file too large", "[errno 28]", "[errno 27]")
_UNREADABLE = (duckdb.Error, pa.ArrowException, OSError)
_BUILT_FROM_OTHERS = ("dwd.", "dws.")
_MOST_NAMED = 3


@contextmanager
def storage_errors_told(installation: Installation) -> Iterator[None]:
    """Turns what storage does to a job into an error that says who must do what.

    Raises DiskFullError, CatalogLockedError, or DamagedFileError where a file that a table names cannot be read.
    """
    try:
        yield
    except ShouwangError:
        raise
    except Exception as error:
        told = storage_error(installation, error)
        if told is None:
            raise
        raise told from error


def storage_error(installation: Installation, error: BaseException) -> ShouwangError | None:
    """What an error means where it is storage's doing; None where it is not."""
    causes = list(_causes(error))
    if any(_means_full(cause) for cause in causes):
        return _disk_full(installation)
    if any(isinstance(cause, sqlite3.OperationalError) and "locked" in str(cause) for cause in causes):
        return _catalog_locked(installation)
    if any(isinstance(cause, _UNREADABLE) or ".parquet" in str(cause) for cause in causes):
        # Only what truly cannot be read is called damaged.
        damaged = list(islice(damaged_files(installation.warehouse), _MOST_NAMED + 1))
        return _damaged(damaged) if damaged else None
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _means_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return any(sign in str(error).lower() for sign in _FULL)


def _disk_full(installation: Installation) -> ShouwangError:
    home = installation.settings.home
    return DiskFullError(
        f"The disk of {home} is full ({free_bytes(home) / 1024 / 1024:.1f} MiB free): the system administrator must "
        "free or add space, then run the same again. Nothing was kept by half."
    )


def _catalog_locked(installation: Installation) -> ShouwangError:
    folder = installation.settings.warehouse_folder
    return CatalogLockedError(
        f"Another program keeps the catalog of the warehouse in {folder} locked: the system administrator must see who "
        "has it open (a database browser, a copy under way) and close that, then run the same again. Nothing was kept "
        "by half."
    )


def _damaged(damaged: list[DamagedFile]) -> ShouwangError:
    named = "; ".join(f"{file.path} of {file.table}" for file in damaged[:_MOST_NAMED])
    more = " and more" if len(damaged) > _MOST_NAMED else ""
    cure = "bring back the last backup with 'shouwang restore' and run the nights since then again"
    if all(file.table.startswith(_BUILT_FROM_OTHERS) for file in damaged):
        cure = "run 'shouwang conform --whole', which builds these tables anew, and then the same again"
    return DamagedFileError(
        f"Damaged: {named}{more}. The system administrator must look after the disk, then {cure}. Nothing was changed."
    )
