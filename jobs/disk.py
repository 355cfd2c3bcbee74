"""How much space there is where an installation lies."""

import shutil
from pathlib import Path


def nearest_folder(home: Path) -> Path:
    """The folder itself, or where it is not there yet, the nearest above it that is."""
    whole = home.resolve()
    return next(path for path in (whole, *whole.parents) if path.exists())


def free_bytes(home: Path) -> int:
    """How much space is left where the folder lies or would lie."""
    return shutil.disk_usage(nearest_folder(home)).free
