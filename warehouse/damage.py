"""Files of the warehouse that cannot be read any more: lost, cut short, or changed by a failing disk."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.history import data_files
from warehouse.tables import Warehouse


@dataclass(frozen=True)
class DamagedFile:
    """A file that its table names and nobody can read."""

    table: str
    path: Path


def damaged_files(warehouse: Warehouse) -> Iterator[DamagedFile]:
    """Read every file that a table names now, and give those that cannot be read; changes nothing."""
    for name in warehouse.table_names():
        try:
            paths = [Path(file.path) for file in data_files(warehouse.table(name))]
        except (OSError, ValueError, EOFError):
            yield DamagedFile(name, warehouse.root / name.replace(".", "/") / "metadata")
            continue
        yield from (DamagedFile(name, path) for path in paths if not _can_be_read(path))


def _can_be_read(path: Path) -> bool:
    try:
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches():
                pass
    except (OSError, pa.ArrowException):
        return False
    return True
