"""One small city for all tests of this folder, and one of the usual size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from demo_city.build import build
from demo_city.period import FIRST_NIGHT, CityPlan
from schemas.delivery import MANIFEST_SUFFIX, Manifest, department_folder

SMALL = CityPlan(people=1500, seed=7, first_night=FIRST_NIGHT, nights=2)
USUAL = CityPlan(people=30_000, seed=7, first_night=FIRST_NIGHT, nights=2)


@dataclass(frozen=True)
class BuiltCity:
    """A city on disk, with its manifests and its truth."""

    home: Path
    plan: CityPlan
    manifests: Sequence[Manifest]

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    def data_file(self, manifest: Manifest) -> Path:
        """The delivery's file, in whichever night's folder it lies."""
        folders = [department_folder(self.landing, day, manifest.department) for day in self.plan.dates]
        named = [folder for folder in folders if (folder / f"{manifest.stem}{MANIFEST_SUFFIX}").exists()]
        exactly = [folder for folder in named if _read_manifest(folder, manifest) == manifest]
        return (exactly or named)[0] / manifest.files[0].name

    def judged(self) -> Iterator[tuple[str, Manifest]]:
        """The deliveries whose rows are judged one by one, under the names by which they are known."""
        accounts = self.truth("deliveries").itertuples()
        for manifest, account in zip(self.manifests, accounts, strict=True):
            if account.outcome == "ingested":
                yield str(account.delivery_id), manifest

    def manifest(self, extract_class: str, night: int = 0, sequence: int = 1) -> Manifest:
        wanted = (extract_class, self.plan.dates[night], sequence)
        return next(
            each for each in self.manifests if (each.extract_class, each.business_date, each.sequence) == wanted
        )

    def truth(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.home / "demo" / "truth" / f"{name}.parquet")


def _read_manifest(folder: Path, named: Manifest) -> Manifest:
    path = folder / f"{named.stem}{MANIFEST_SUFFIX}"
    return Manifest.model_validate_json(path.read_text(encoding="utf-8"))


def built(home: Path, plan: CityPlan) -> BuiltCity:
    return BuiltCity(home, plan, build(home, plan, lambda _: None))


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> BuiltCity:
    return built(tmp_path_factory.mktemp("small_city"), SMALL)


@pytest.fixture(scope="session")
def usual_city(tmp_path_factory: pytest.TempPathFactory) -> BuiltCity:
    return built(tmp_path_factory.mktemp("usual_city"), USUAL)
