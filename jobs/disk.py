"""A disk that fills up is told in one sentence, whichever library noticed it."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.errors import DiskFullError
from jobs.installation import Installation

# What the operating system, DuckDB, Arrow and SQLite call it.
_SIGNS = ("no space left on device", "disk is full", "file too large", "[errno 28]", "[errno 27]")


def nearest_folder(home: Path) -> Path:
    """The folder itself, or where it is not there yet, the nearest above it that is."""
    whole = home.resolve()
    return next(path for path in (whole, *whole.parents) if path.exists())


def free_bytes(home: Path) -> int:
    """How much space is left where the folder lies or would lie."""
    return shutil.disk_usage(nearest_folder(home)).free


@contextmanager
def disk_full_told(installation: Installation) -> Iterator[None]:
    """Turns any error that means a full disk into a DiskFullError that says who must do what."""
    try:
        yield
    except Exception as error:
        if not _means_full(error):
            raise
        home = installation.settings.home
        free = free_bytes(home) / 1024 / 1024
        raise DiskFullError(
            f"The disk of {home} is full ({free:.1f} MiB free): the system administrator must free or add space, "
            "then run the same again. Nothing was kept by half."
        ) from error


def _means_full(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return True
        if any(sign in str(error).lower() for sign in _SIGNS):
            return True
        error = error.__cause__ or error.__context__
    return False
