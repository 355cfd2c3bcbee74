"""Takes the tables along to another folder: what a copy of them needs, and how it is put to use there.

Iceberg's files name each other by whole paths, so a copy elsewhere still reads the files it was copied from until
metadata, manifest lists and manifests are written anew. Data files stay as they are, and so do snapshots and their ids.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestFile, read_manifest_list, write_manifest, write_manifest_list
from pyiceberg.table import StaticTable, Table
from pyiceberg.table.snapshots import Snapshot

from warehouse.tables import CATALOG_FILE, Warehouse
from warehouse.upkeep import named_files

# Where a manifest list says where a manifest lies and how long it is, and a manifest where its data file lies.
_MANIFEST_PATH, _MANIFEST_LENGTH, _DATA_PATH = 0, 1, 1
_SCHEME = "file://"


def files_to_take(warehouse: Warehouse) -> Iterator[Path]:
    """Every file under the warehouse's folder that a table names or that belongs to no table, without the catalog."""
    tables = [warehouse.table(name) for name in warehouse.table_names()]
    named = {Path(path) for table in tables for path in named_files(table)}
    folders = {Path(table.location().removeprefix(_SCHEME)) for table in tables}
    for path in sorted(warehouse.root.rglob("*")):
        is_catalog = path.parent == warehouse.root and path.name.startswith(CATALOG_FILE)
        if path.is_file() and not is_catalog and (path in named or not folders.intersection(path.parents)):
            yield path


def metadata_files(warehouse: Warehouse) -> dict[str, str]:
    """Of every table the file that is its current state, relative to the warehouse's folder."""
    locations = {name: warehouse.table(name).metadata_location for name in warehouse.table_names()}
    return {
        name: Path(location.removeprefix(_SCHEME)).relative_to(warehouse.root).as_posix()
        for name, location in locations.items()
    }


def row_counts(warehouse: Warehouse) -> dict[str, int]:
    """How many rows every table holds, old versions included."""
    return {name: int(warehouse.table(name).scan().count()) for name in warehouse.table_names()}


def put_to_use(warehouse: Warehouse, metadata: dict[str, str], taken_from: str) -> None:
    """Let tables whose files were copied under this warehouse's folder name these files, and enter them in the catalog.

    `taken_from` is the folder in which they were made.
    """
    for name, file in metadata.items():
        path = warehouse.root / file
        if taken_from != str(warehouse.root):
            _point_here(warehouse.root, path, f"{_SCHEME}{taken_from}/")
        warehouse.enter(name, f"{_SCHEME}{path}")


def _point_here(root: Path, metadata_file: Path, before: str) -> None:
    here = f"{_SCHEME}{root}/"
    table = StaticTable.from_metadata(str(metadata_file))
    lengths: dict[str, int] = {}
    for snapshot in table.metadata.snapshots:
        _point_snapshot_here(table, snapshot, before, here, lengths)
    logged = [entry.metadata_file for entry in table.metadata.metadata_log]
    for file in (metadata_file, *(Path(_moved(path, before, here).removeprefix(_SCHEME)) for path in logged)):
        content = _named_anew(json.loads(file.read_text(encoding="utf-8")), before, here)
        file.write_text(json.dumps(content), encoding="utf-8")


def _point_snapshot_here(table: Table, snapshot: Snapshot, before: str, here: str, lengths: dict[str, int]) -> None:
    io, list_path = table.io, _moved(snapshot.manifest_list, before, here)
    manifests = list(read_manifest_list(io.new_input(list_path)))
    for manifest in manifests:
        manifest[_MANIFEST_PATH] = path = _moved(manifest.manifest_path, before, here)
        if path not in lengths:
            lengths[path] = _point_manifest_here(table, manifest, before, here)
        manifest[_MANIFEST_LENGTH] = lengths[path]
    version, compression = table.metadata.format_version, _compression(table)
    parent, sequence = snapshot.parent_snapshot_id, snapshot.sequence_number
    output = io.new_output(list_path)
    with write_manifest_list(version, output, snapshot.snapshot_id, parent, sequence, compression) as writer:
        writer.add_manifests(manifests)


def _point_manifest_here(table: Table, manifest: ManifestFile, before: str, here: str) -> int:
    """Write the manifest anew in its place; returns how long it is now."""
    io: FileIO = table.io
    entries = manifest.fetch_manifest_entry(io, discard_deleted=False)
    spec, version = table.specs()[manifest.partition_spec_id], table.metadata.format_version
    output = io.new_output(manifest.manifest_path)
    made_by = manifest.added_snapshot_id or 0
    with write_manifest(version, spec, table.schema(), output, made_by, _compression(table)) as writer:
        for entry in entries:
            entry.data_file[_DATA_PATH] = _moved(entry.data_file.file_path, before, here)
            writer.add_entry(entry)
    return len(io.new_input(manifest.manifest_path))


def _compression(table: Table) -> Any:
    return table.properties.get("write.avro.compression-codec", "gzip")


def _moved(path: str, before: str, here: str) -> str:
    """A path under the folder of before as one under the folder of here; data files are named without a scheme."""
    for scheme in ("", _SCHEME):
        old, new = before.removeprefix(scheme), here.removeprefix(scheme)
        if path.startswith(old):
            return new + path.removeprefix(old)
    return path


def _named_anew(value: Any, before: str, here: str) -> Any:
    if isinstance(value, dict):
        return {key: _named_anew(item, before, here) for key, item in value.items()}
    if isinstance(value, list):
        return [_named_anew(item, before, here) for item in value]
    return _moved(value, before, here) if isinstance(value, str) else value
