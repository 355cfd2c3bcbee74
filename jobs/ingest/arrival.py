"""How a delivery arrived: in which night's folder, and under which name it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from schemas.delivery import Manifest


@dataclass(frozen=True)
class Arrival:
    """A manifest, the folder it lies in, the night that takes it in, and the delivery's name.

    The name is the manifest's, with `.r2`, `.r3`… where a delivery of the same name but with other
    bytes was ingested before: what came first is never overwritten, what came later never lost.
    """

    manifest: Manifest
    folder: Path
    known_on: date
    delivery_id: str

    @property
    def content_hash(self) -> str:
        """The files' hashes as the manifest states them, joined; the files are held to it."""
        return "+".join(file.sm3 for file in self.manifest.files)

    @property
    def landed_on(self) -> date:
        """The date of the folder, landing/<date>/<department>."""
        return date.fromisoformat(self.folder.parent.name)

    def is_late(self, latency_days: int) -> bool:
        """Whether it came after the night it was made for, or longer after its period than was promised."""
        after_period = self.landed_on - self.manifest.period_end
        return self.manifest.business_date < self.landed_on or after_period > timedelta(days=latency_days)


def base_id(delivery_id: str) -> str:
    """The name that the manifest gives, without a revision."""
    return ".".join(delivery_id.split(".")[:4])


def next_id(manifest: Manifest, ingested_ids: Sequence[str]) -> str:
    """The name for a delivery whose bytes are new, given those of the same name that were ingested."""
    same_name = [known for known in ingested_ids if base_id(known) == manifest.delivery_id]
    return f"{manifest.delivery_id}.r{len(same_name) + 1}" if same_name else manifest.delivery_id
