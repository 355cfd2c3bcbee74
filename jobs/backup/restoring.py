"""Bring a backup of the pipeline into an empty home, under any path, and compare."""

import shutil
from pathlib import Path

from jobs.alone import nobody_else
from jobs.backup.taking import HOME, LANDING, WAREHOUSE, key_fingerprints
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.storage_errors import storage_errors_told
from schemas.backup import BackupError, BackupManifest, Part, read_backup, refuse_other_keys, refuse_other_rows
from warehouse.moving import put_to_use, row_counts
from warehouse.tables import CATALOG_FILE


def restorable(installation: Installation, folder: Path) -> BackupManifest:
    """The manifest of a whole backup that fits the keys in use and has nothing in its way; else `BackupError`."""
    settings = installation.settings
    manifest = read_backup(folder, Part.PIPELINE)
    refuse_other_keys(manifest, key_fingerprints(settings), settings.keys_folder)
    if tables := installation.warehouse.table_names():
        raise _in_the_way(f"the catalog of {settings.warehouse_folder} names {len(tables)} tables")
    for target in _targets(folder, settings).values():
        there = [path for path in target.iterdir() if CATALOG_FILE not in path.name] if target.is_dir() else []
        if there or target.is_file():
            raise _in_the_way(f"there is something at {target}")
    return manifest


def restore(installation: Installation, folder: Path) -> BackupManifest:
    """Copy everything to where this installation's settings say it lies. What was there in part must be removed first.

    The catalog learns of the tables last, so a restore that was interrupted has no tables.
    """
    with storage_errors_told(installation), nobody_else(installation):
        manifest = restorable(installation, folder)
        for source, target in _targets(folder, installation.settings).items():
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        put_to_use(installation.warehouse, manifest.details["tables"], manifest.details["made_in"])
        refuse_other_rows(manifest, row_counts(installation.warehouse))
    return manifest


def _targets(folder: Path, settings: Settings) -> dict[Path, Path]:
    """Where each thing of the backup goes."""
    chosen = {folder / WAREHOUSE: settings.warehouse_folder, folder / LANDING: settings.landing_folder}
    home = folder / HOME
    rest = {path: settings.home / path.name for path in home.iterdir()} if home.is_dir() else {}
    return {source: target for source, target in (chosen | rest).items() if source.exists()}


def _in_the_way(what: str) -> BackupError:
    return BackupError(
        f"{what}, and nothing is restored over it. The system administrator must name an empty SHOUWANG_HOME "
        "(and SHOUWANG_LANDING, SHOUWANG_CATALOG_URI where they are set), or move what is there away first."
    )
