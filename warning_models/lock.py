"""The lock: which version of each model has which content, so that none changes unnoticed.

After raising a model's version: `python -m warning_models.lock`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import yaml

from warning_models.loader import MODELS_FOLDER, ModelError, WarningModel, load_models, read_yaml

LOCK_FILE = MODELS_FOLDER / "lock.yaml"


class Entry(TypedDict):
    version: int
    sha256: str


def read_lock(file: Path = LOCK_FILE) -> dict[str, Entry]:
    """Model id to locked version and hash."""
    return read_yaml(file) or {}


def lock_failures(models: Sequence[WarningModel], lock: Mapping[str, Entry]) -> list[str]:
    """Where models and lock part, and what to do about it."""
    gone = lock.keys() - {model.id for model in models}
    failures = [f"{model_id}: locked but gone; keep it with status retired" for model_id in gone]
    for model in models:
        entry = lock.get(model.id)
        if entry is None or model.version > entry["version"]:
            failures.append(f"{model.id}: version {model.version} is not locked; run python -m warning_models.lock")
        elif model.version < entry["version"]:
            failures.append(f"{model.id}: version {model.version} is below the locked {entry['version']}; raise it")
        elif model.lock_hash != entry["sha256"]:
            failures.append(f"{model.id}: changed under version {model.version}; raise the version, then lock it")
    return sorted(failures)


def locked(models: Sequence[WarningModel], lock: Mapping[str, Entry]) -> dict[str, Entry]:
    """The lock brought up to date. Refused for a model that changed without a new version."""
    changed = [failure for failure in lock_failures(models, lock) if "not locked" not in failure]
    if changed:
        raise ModelError("; ".join(changed))
    return {model.id: {"version": model.version, "sha256": model.lock_hash} for model in models}


def main() -> None:
    """Write lock.yaml."""
    lock = locked(load_models(), read_lock())
    heading = "# Written by python -m warning_models.lock; see lock.py.\n"
    LOCK_FILE.write_text(heading + yaml.safe_dump(lock, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()
