"""What has landed and no night has taken in yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from jobs.ingest import ledger
from jobs.ingest.arrival import base_id
from jobs.ingest.decisions import released_manifests, released_waiting
from jobs.ingest.holds import manifest_of_name
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.steps import recorded_step
from schemas.delivery import (
    DONE_SUFFIX,
    MANIFEST_SUFFIX,
    Manifest,
    business_dates,
    departments_with_deliveries,
    finished_manifests,
)

STEP = "watch."
# What lies in older folders is for whoever runs their nights.
LOOKED_BACK = timedelta(days=31)


@dataclass(frozen=True)
class Landed:
    """A finished delivery: its manifest, and the folder's date and department."""

    manifest: Path
    landed_on: date
    department: str

    @property
    def step(self) -> str:
        """Under what the step log says how far it was taken."""
        return f"{STEP}{self.department}/{self.manifest.name.removesuffix(MANIFEST_SUFFIX)}"

    @cached_property
    def identity(self) -> tuple[str, str]:
        """By what the ledger knows a delivery: its name and its bytes."""
        try:
            manifest = Manifest.model_validate_json(self.manifest.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError):
            manifest = manifest_of_name(self.department, self.landed_on, self.manifest)
        return manifest.delivery_id, "+".join(file.sm3 for file in manifest.files)


def latest_taken_in(installation: Installation) -> date | None:
    """The latest business date of which anything was taken in."""
    return max((record.business_date for record in ledger.records(installation)), default=None)


def landed_at(manifest: Path) -> Landed:
    """The delivery of a manifest under landing/<date>/<department>."""
    return Landed(manifest, date.fromisoformat(manifest.parent.parent.name), manifest.parent.name)


def waiting(installation: Installation, until: date | None = None) -> Iterator[Landed]:
    """Finished deliveries that the ledger does not know, oldest folder first, then those released since they were held.

    Folders dated after `until` are for later. Of folders dated before the latest business date, those count that a
    night has taken anything from.
    """
    records = ledger.records(installation)
    known = {(base_id(record.delivery_id), record.content_hash) for record in records}
    begun = {record.landed_on or record.business_date for record in records}
    latest = max((record.business_date for record in records), default=date.min)
    held = {base_id(record.delivery_id): record for record in records if record.status == "held"}
    for day in business_dates(installation.settings.landing_folder):
        if (until and day > until) or (day < latest and (day not in begun or day < latest - LOOKED_BACK)):
            continue
        for department in departments_with_deliveries(installation.settings.landing_folder, day):
            for path in finished_manifests(installation.settings.landing_folder, day, department):
                landed = Landed(path, day, department)
                if landed.identity not in known and not _was_held(installation, landed, held):
                    yield landed
    if records:
        yield from _released(installation, latest + timedelta(days=1))


def _released(installation: Installation, before: date) -> Iterator[Landed]:
    for department in sorted({record.department for record in released_waiting(installation, before)}):
        for path in released_manifests(installation, department, before):
            if path.with_name(path.name.removesuffix(MANIFEST_SUFFIX) + DONE_SUFFIX).exists():
                yield landed_at(path)


def _was_held(installation: Installation, landed: Landed, held: Mapping[str, DeliveryRecord]) -> bool:
    """Whether it was held for ever and lies there as it did: the ledger keeps no bytes of what nobody may release."""
    record = held.get(landed.identity[0])
    if record is None or record.releasable:
        return False
    looked = recorded_step(installation, record.business_date, landed.step)
    return looked is None or looked[0] == landed.identity[1]
