"""Take a backup of the pipeline's home, while no step runs."""

import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from jobs.alone import nobody_else
from jobs.errors import SettingsError
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.storage_errors import storage_errors_told
from schemas.backup import BackupError, BackupManifest, Part, begun, completed, fingerprint
from warehouse.moving import files_to_take, metadata_files, row_counts

KEYS = ("person_key", "vault_key")
WAREHOUSE, LANDING, HOME, CONFIGURATION = "warehouse", "landing", "home", "configuration"
# What a city writes itself and keeps where these name it.
_WRITTEN_BY_THE_CITY = ("SHOUWANG_CONTRACTS_DIR", "SHOUWANG_DIVISION_CHANGES", "SHOUWANG_CONTROLS")
# Made again by the next night, a log, or of the machine and not of the city; keys go where the operator says.
LEFT_OUT = frozenset({"airflow", "keys", "landing", "lineage", "locks", "postgres", "reports", "warehouse", "work"})
_LOGS = ".log"


def back_up(installation: Installation, folder: Path, at: datetime) -> BackupManifest:
    """Copy landed files, tables with their history, the rest of the home and the city's own files into a new folder.

    Waits until no step runs, and lets none begin meanwhile.
    """
    settings = installation.settings
    _refuse_folder_inside(folder, settings)
    begun(folder)
    with storage_errors_told(installation), nobody_else(installation):
        warehouse = installation.warehouse
        _copy(_tables_files(installation), warehouse.root, folder / WAREHOUSE)
        if settings.landing_folder.is_dir():
            _copy(_files_under(settings.landing_folder), settings.landing_folder, folder / LANDING)
        _copy(_rest_of_home(settings), settings.home, folder / HOME)
        told = {
            "tables": metadata_files(warehouse),
            "made_in": str(warehouse.root),
            "settings": told_settings(settings),
            "configuration": _copy_configuration(folder / CONFIGURATION),
        }
        return completed(
            folder,
            part=Part.PIPELINE,
            made_at=at,
            versions={"shouwang": version("shouwang")},
            rows=row_counts(warehouse),
            keys=key_fingerprints(settings),
            details=told,
        )


def key_fingerprints(settings: Settings) -> dict[str, str]:
    """Of the keys without which the past can neither be joined nor opened, as far as they are here."""
    found = {}
    for name in KEYS:
        try:
            found[name] = fingerprint(name, settings.key(name).decode())
        except SettingsError:
            continue
    return found


def told_settings(settings: Settings) -> dict[str, Any]:
    """The settings that this process has, for whoever sets the next machine up; no secret is among them."""
    told = settings.model_dump(mode="json", exclude={*KEYS, "service_token"})
    if settings.catalog_uri:
        told["catalog_uri"] = make_url(settings.catalog_uri).render_as_string(hide_password=True)
    return told


def _tables_files(installation: Installation) -> Iterable[Path]:
    """What the tables consist of; what analysts read is published again."""
    published = installation.settings.published_folder.resolve()
    return (path for path in files_to_take(installation.warehouse) if not path.is_relative_to(published))


def _refuse_folder_inside(folder: Path, settings: Settings) -> None:
    for kept in (settings.home, settings.landing_folder):
        if folder.resolve().is_relative_to(kept.resolve()):
            raise BackupError(
                f"{folder} lies inside {kept}, which is to be backed up: the operator must name a folder elsewhere, "
                "best on another machine"
            )


def _rest_of_home(settings: Settings) -> Iterable[Path]:
    keys = settings.keys_folder.resolve()
    for path in _files_under(settings.home):
        first = path.relative_to(settings.home).parts[0]
        if first not in LEFT_OUT and not first.endswith(_LOGS) and keys not in path.resolve().parents:
            yield path


def _copy_configuration(target: Path) -> dict[str, str]:
    """Copy what the environment names; returns where each lay, for whoever puts it into place again."""
    named = {name: Path(os.environ[name]) for name in _WRITTEN_BY_THE_CITY if os.environ.get(name)}
    for name, path in named.items():
        files = [path] if path.is_file() else _files_under(path)
        _copy(files, path.parent, target / name)
    return {name: str(path) for name, path in named.items()}


def _files_under(folder: Path) -> Iterable[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _copy(files: Iterable[Path], root: Path, target: Path) -> None:
    for file in files:
        copy = target / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
