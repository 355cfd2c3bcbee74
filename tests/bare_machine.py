"""A machine on which some programs are missing."""

import os
from pathlib import Path


def programs_without(folder: Path, *names: str) -> Path:
    """A folder for a PATH: links to all programs of this machine but those whose names begin so."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            link = folder / program.name
            if not program.name.startswith(names) and not link.is_symlink():
                link.symlink_to(program)
    return folder
