"""What came into a table and went from it between two of its states, told by whole files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import DateType, NestedField

SAME_ROWS_MARK = "shouwang.same-rows-as"
EPOCH = date(1970, 1, 1)


def content_id(table: Table) -> str | None:
    """Names the rows that the table holds now: another one after every change, the same after a merge of files."""
    snapshot = table.current_snapshot()
    return _content_id(snapshot) if snapshot else None


def files_changed_since(table: Table, since: str | None) -> Sequence[str] | None:
    """The data files whose rows came or went since the table held the content `since` (None: nothing).

    None where that can no longer be told, because snapshots or files of that time were let go.
    """
    files = set()
    snapshot = table.current_snapshot()
    while snapshot and _content_id(snapshot) != since:
        if not _is_merge(snapshot):
            files |= set(_own_changes(table, snapshot))
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
        if parent is not None and snapshot is None:
            return None
    if snapshot is None and since is not None:
        return None
    return sorted(files) if all(Path(file).is_file() for file in files) else None


def _content_id(snapshot: Snapshot) -> str:
    marks = snapshot.summary.additional_properties if snapshot.summary else {}
    return str(marks.get(SAME_ROWS_MARK, snapshot.snapshot_id))


def _is_merge(snapshot: Snapshot) -> bool:
    return _content_id(snapshot) != str(snapshot.snapshot_id)


def _own_changes(table: Table, snapshot: Snapshot) -> Iterator[str]:
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id != snapshot.snapshot_id:
            continue
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
            if entry.status != ManifestEntryStatus.EXISTING and entry.snapshot_id == snapshot.snapshot_id:
                yield entry.data_file.file_path.removeprefix("file://")


@dataclass(frozen=True)
class FileMetrics:
    """A data file, its rows, and the least and the greatest value of some columns, where the metrics know."""

    path: str
    row_count: int
    bounds: Mapping[str, tuple[Any, Any]]

    def holds_only(self, column: str, value: object) -> bool:
        return self.bounds[column] == (value, value)

    def may_exceed(self, column: str, value: Any) -> bool:
        most = self.bounds[column][1]
        return most is None or most > value


def data_files(table: Table, *columns: str) -> list[FileMetrics]:
    """The table's files, oldest name first, with the metrics of the columns."""
    fields = {column: table.schema().find_field(column) for column in columns}
    found = []
    for file in _files(_State(table.metadata_location, table)):
        sides = (file.lower_bounds or {}, file.upper_bounds or {})
        bounds = {
            column: tuple(_value(known, side.get(known.field_id)) for side in sides) for column, known in fields.items()
        }
        found.append(FileMetrics(file.file_path.removeprefix("file://"), file.record_count, bounds))
    return sorted(found, key=lambda file: file.path)


@dataclass(frozen=True)
class _State:
    """A table as one file of metadata tells it, which never changes."""

    metadata_location: str
    table: Table = field(compare=False)


@lru_cache(maxsize=128)
def _files(state: _State) -> Sequence[DataFile]:
    return [task.file for task in state.table.scan().plan_files()]


def _value(field: NestedField, bound: bytes | None) -> Any:
    if bound is None:
        return None
    value = from_bytes(field.field_type, bound)
    return EPOCH + timedelta(days=value) if isinstance(field.field_type, DateType) else value
