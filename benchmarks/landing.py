"""The deliveries that every contender reads: the same files of the same night."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas.delivery import Manifest, departments_with_deliveries, finished_manifests
from schemas.loader import Contract, contracts


@dataclass(frozen=True)
class DeliveredExtract:
    """One finished delivery: its manifest, its contract and its data files."""

    manifest: Manifest
    contract: Contract
    files: tuple[Path, ...]


def delivered_extracts(landing: Path, business_date: date) -> list[DeliveredExtract]:
    """All finished deliveries of a night, department by department."""
    found = []
    for department in departments_with_deliveries(landing, business_date):
        for path in finished_manifests(landing, business_date, department):
            manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
            files = tuple(path.parent / file.name for file in manifest.files)
            found.append(DeliveredExtract(manifest, contracts()[manifest.extract_class], files))
    return found
