"""One small city for all tests of this folder, and one of the usual size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from demo_city.build import build
from demo_city.period import CityPlan
from schemas.delivery import Manifest, department_folder

SMALL = CityPlan(people=1500, seed=7, first_night=date(2026, 11, 19), nights=2)
USUAL = CityPlan(people=30_000, seed=7, first_night=date(2026, 11, 19), nights=2)


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
        folder = department_folder(self.landing, manifest.business_date, manifest.department)
        return folder / manifest.files[0].name

    def manifest(self, extract_class: str, night: int = 0, sequence: int = 1) -> Manifest:
        wanted = (extract_class, self.plan.dates[night], sequence)
        return next(
            each for each in self.manifests if (each.extract_class, each.business_date, each.sequence) == wanted
        )

    def truth(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.home / "demo" / "truth" / f"{name}.parquet")


def built(home: Path, plan: CityPlan) -> BuiltCity:
    return BuiltCity(home, plan, build(home, plan, lambda _: None))


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> BuiltCity:
    return built(tmp_path_factory.mktemp("small_city"), SMALL)


@pytest.fixture(scope="session")
def usual_city(tmp_path_factory: pytest.TempPathFactory) -> BuiltCity:
    return built(tmp_path_factory.mktemp("usual_city"), USUAL)
