"""The promise of a backup: a folder that says what it holds, and is whole once it says so.

A backup of an installation has a folder for each part, and each part has a `manifest.json`, written last.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

MANIFEST = "manifest.json"
_FINGERPRINT_CHARACTERS = 12


class BackupError(Exception):
    """A backup cannot be made, or must not be restored; the message says who must do what."""


class Part(StrEnum):
    """What can be backed up by itself; also the name of its folder."""

    PIPELINE = "pipeline"
    CASE_SERVICE = "case_service"


class KeptFile(BaseModel):
    """One file of a backup, as it was when the backup was made."""

    bytes: int
    sha256: str


class BackupManifest(BaseModel):
    """What a part of a backup holds: rows by table, keys by fingerprint, files by digest."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    part: Part
    made_at: datetime
    versions: dict[str, str]
    rows: dict[str, int]
    keys: dict[str, str]
    details: dict[str, Any]
    files: dict[str, KeptFile]


def begun(folder: Path) -> Path:
    """An empty folder for a backup, closed to others: it holds what departments delivered."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there already; name a new folder for the backup, or remove this one first")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def completed(folder: Path, **told: Any) -> BackupManifest:
    """Write down the digest of every file in `folder`, and with that declare the backup whole."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): _kept(path) for path in paths}
    manifest = BackupManifest(files=files, **told)
    part = folder / f"{MANIFEST}.part"
    part.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    part.rename(folder / MANIFEST)
    return manifest


def read_backup(folder: Path, part: Part) -> BackupManifest:
    """The manifest of a backup that is there in full, each file as it was; else `BackupError`."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(
            f"{folder} holds no whole backup of the {part.value.replace('_', ' ')}: there is no {MANIFEST}. "
            "The operator must name another backup; this one was never finished, or it is another folder."
        )
    try:
        manifest = BackupManifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise BackupError(
            f"{path} cannot be read ({error}): the operator must use the version of the product that made this "
            "backup, or another backup"
        ) from error
    if manifest.part is not part:
        raise BackupError(f"{folder} is a backup of the {manifest.part.value}, not of the {part.value}")
    _refuse_damage(folder, manifest.files)
    return manifest


def fingerprint(name: str, key: str) -> str:
    """Tells whether a key is the same as that of a backup, and nothing of the key."""
    return hashlib.sha256(f"backup:{name}:{key}".encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


def refuse_other_keys(manifest: BackupManifest, in_use: Mapping[str, str], keys_folder: Path) -> None:
    """Raise `BackupError` unless the keys in use open what the backup holds."""
    for name, kept in manifest.keys.items():
        if in_use.get(name) != kept:
            raise BackupError(
                f"the backup was sealed with another {name} (fingerprint {kept}, in use: {in_use.get(name, 'none')}). "
                f"The system administrator must put the {name} of that time into {keys_folder}; without it nobody can "
                "open what was kept. Nothing was restored."
            )


def refuse_other_rows(manifest: BackupManifest, found: Mapping[str, int]) -> None:
    """Raise `BackupError` unless every table holds as many rows as when the backup was made."""
    names = sorted(manifest.rows.keys() | found.keys())
    other = [name for name in names if manifest.rows.get(name) != found.get(name)]
    if other:
        told = ", ".join(f"{name} {found.get(name)} instead of {manifest.rows.get(name)}" for name in other)
        raise BackupError(f"what was restored is not what was kept: {told}. Do not use it; restore another backup")


def _kept(path: Path) -> KeptFile:
    with path.open("rb") as file:
        return KeptFile(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _refuse_damage(folder: Path, files: Mapping[str, KeptFile]) -> None:
    for name, kept in files.items():
        path = folder / name
        if not path.is_file() or _kept(path) != kept:
            found = "is missing" if not path.is_file() else "is not as it was when the backup was made"
            raise BackupError(f"{path} {found}: the operator must restore another backup. Nothing was restored.")
