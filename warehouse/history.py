"""What came into a table and went from it between two of its states, told by whole files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import ManifestEntryStatus
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.types import StringType

SAME_ROWS_MARK = "shouwang.same-rows-as"


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


def files_and_others(table: Table, column: str, value: str) -> tuple[Sequence[str], Sequence[str]]:
    """All data files, and among them those that may hold any other value in the column, judged by their metrics."""
    field = table.schema().find_field(column).field_id
    every, others = [], []
    for task in table.scan().plan_files():
        path = task.file.file_path.removeprefix("file://")
        bounds = {(side or {}).get(field) for side in (task.file.lower_bounds, task.file.upper_bounds)}
        every.append(path)
        if bounds != {to_bytes(StringType(), value)}:
            others.append(path)
    return sorted(every), sorted(others)
