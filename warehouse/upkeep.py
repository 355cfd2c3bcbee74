"""Keeps the tables small: merges small files, lets old snapshots go, removes files that nobody names.

What the tables say stays the same. Nobody may write meanwhile: a file that is not committed yet looks
like one that nobody names.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import StringType

from warehouse.history import SAME_ROWS_MARK, content_id
from warehouse.tables import Warehouse

SMALL_BYTES = 32 * 1024 * 1024
LARGEST_BYTES = 256 * 1024 * 1024
LEAST_FILES = 4
OWN_MARKS = "shouwang."


@dataclass(frozen=True)
class Kept:
    """What upkeep did to one table."""

    files_before: int
    files_after: int
    snapshots_expired: int
    orphans_removed: int
    bytes_freed: int


def keep_up(warehouse: Warehouse, name: str, snapshots_since: datetime, orphans_before: datetime) -> Kept:
    """Merge small files, expire snapshots replaced before the first time, remove orphans older than the second."""
    before = len(warehouse.files(name))
    for group in _groups_to_merge(warehouse.table(name)):
        _merge(warehouse, name, group)
    expired = _expire(warehouse.table(name), snapshots_since)
    orphans = _orphans(warehouse.table(name), orphans_before)
    freed = sum(path.stat().st_size for path in orphans)
    for path in orphans:
        path.unlink()
    return Kept(before, len(warehouse.files(name)), expired, len(orphans), freed)


def _groups_to_merge(table: Table) -> Iterator[list[DataFile]]:
    """Small files that may become one: of one origin, so that a delivery still finds its few files by their metrics."""
    by_origin: Mapping[str, list[DataFile]] = defaultdict(list)
    for task in table.scan().plan_files():
        if task.file.file_size_in_bytes < SMALL_BYTES and not task.delete_files:
            by_origin[_origin(table, task.file)].append(task.file)
    for files in by_origin.values():
        if len(files) >= LEAST_FILES:
            yield from _of_bounded_size(sorted(files, key=lambda file: file.file_path))


def _origin(table: Table, file: DataFile) -> str:
    """`<department>.<class>` of the deliveries in the file; '' where the table knows none or they differ."""
    if "delivery_id" not in table.schema().column_names:
        return ""
    field = table.schema().find_field("delivery_id").field_id
    bounds = [(side or {}).get(field) for side in (file.lower_bounds, file.upper_bounds)]
    origins = {".".join(str(from_bytes(StringType(), bound)).split(".")[:2]) for bound in bounds if bound}
    return origins.pop() if len(origins) == 1 else ""


def _of_bounded_size(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    group: list[DataFile] = []
    for file in files:
        if group and sum(item.file_size_in_bytes for item in group) + file.file_size_in_bytes > LARGEST_BYTES:
            yield group
            group = []
        group.append(file)
    if len(group) > 1:
        yield group


def _merge(warehouse: Warehouse, name: str, group: Sequence[DataFile]) -> None:
    """Put one file with the same rows in the place of the group, in one commit that keeps our marks."""
    path = warehouse.new_path(name)
    listed = ", ".join(f"'{file.file_path.removeprefix('file://')}'" for file in group)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(
            f"copy (select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)) "
            f"to '{path}' (format parquet, compression zstd)"
        )
    table = warehouse.table(name)
    properties = warehouse.snapshot_properties(name)
    marks = {mark: value for mark, value in properties.items() if mark.startswith(OWN_MARKS)}
    marks[SAME_ROWS_MARK] = content_id(table) or ""
    merged = parquet_file_to_data_file(table.io, table.metadata, str(path))
    with (
        table.transaction() as transaction,
        transaction.update_snapshot(snapshot_properties=marks).overwrite() as change,
    ):
        for file in group:
            change.delete_data_file(file)
        change.append_data_file(merged)


def _expire(table: Table, since: datetime) -> int:
    """Let snapshots go that were replaced before the time; the current one always stays."""
    current = table.current_snapshot()
    old = [
        snapshot.snapshot_id
        for snapshot in table.metadata.snapshots
        if snapshot.timestamp_ms < since.timestamp() * 1000 and current and snapshot.snapshot_id != current.snapshot_id
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def _orphans(table: Table, before: datetime) -> list[Path]:
    """Files of the table's folder that no snapshot and no metadata names, old enough not to be in the making."""
    named = set(named_files(table))
    folder = Path(table.location().removeprefix("file://"))
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and str(path) not in named and path.stat().st_mtime < before.timestamp()
    ]


def named_files(table: Table) -> Iterator[str]:
    """Every file that the table's metadata or one of its snapshots names."""
    metadata = [table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)]
    yield from (path.removeprefix("file://") for path in metadata)
    for snapshot in table.metadata.snapshots:
        yield snapshot.manifest_list.removeprefix("file://")
        for manifest in snapshot.manifests(table.io):
            yield manifest.manifest_path.removeprefix("file://")
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                yield entry.data_file.file_path.removeprefix("file://")
