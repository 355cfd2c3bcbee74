"""Builds the demo city once: facts, truth, directory, deliveries, and last of all a marker."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from demo_city.deliver import deliver, planned_deliveries
from demo_city.directory import write_directory
from demo_city.facts import City, imagine
from demo_city.period import CityPlan
from demo_city.truth import deaths, hardships, near_misses, shielded_people, with_identities
from schemas.delivery import Manifest

GENERATION = 3
LEAST_PEOPLE = 1000
TRUTH_README = """# Truth

What really happened in the demo city: for tests and for judging the warnings afterwards.
No job, model or service may read this folder; whoever reads it knows the answers.

- hardship.parquet: who is in which hardship since when, and the first night whose deliveries show it.
- deaths.parquet: who died when, whether the household register still has them, and what is still paid.
- near_misses.parquet: who only looks like a case, and why.
- wrong_rows.parquet: every row of the deliveries that was made wrong (kind names the way) or that is
  messy but right. `line` is the line of the file as a person sees it, header and title counted.
  Two rows with the same key and different content are both listed: nobody can tell which is right.
"""


class CityRefusedError(Exception):
    """The city cannot be built here; the message says why and what to do."""


@dataclass(frozen=True)
class HomeFolders:
    """Where everything lies under the home folder."""

    home: Path

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def demo(self) -> Path:
        return self.home / "demo"

    @property
    def marker(self) -> Path:
        """Written last: the city is whole."""
        return self.demo / "city.json"

    @property
    def begun(self) -> Path:
        """Written first: what a crash leaves behind."""
        return self.demo / "building.json"


def build(home: Path, plan: CityPlan, progress: Callable[[str], None]) -> list[Manifest]:
    """Build the city under `home`; an empty list where the same city is already there."""
    folders = HomeFolders(home)
    if _is_there(folders, plan):
        return []
    _clear_the_ground(folders)
    folders.demo.mkdir(parents=True, exist_ok=True)
    folders.begun.write_text(_arguments(plan), encoding="utf-8")
    progress("imagining people and facts")
    city = imagine(plan)
    write_directory(folders.demo / "directory", plan, city.people)
    manifests = _deliver_all(city, folders, progress)
    folders.begun.replace(folders.marker)
    return manifests


def _deliver_all(city: City, folders: HomeFolders, progress: Callable[[str], None]) -> list[Manifest]:
    found = hardships(city)
    shielded = shielded_people(city, found)
    manifests, wrong = [], []
    for planned in planned_deliveries(city):
        progress(f"{city.plan.dates[planned.night]} {planned.extract_class}")
        manifest, rows = deliver(city, planned, shielded, folders.landing)
        manifests.append(manifest)
        wrong.append(rows)
    _write_truth(folders.demo / "truth", city, found, pd.concat(wrong, ignore_index=True))
    return manifests


def _write_truth(folder: Path, city: City, found: pd.DataFrame, wrong_rows: pd.DataFrame) -> None:
    folder.mkdir(mode=0o700, parents=True)
    (folder / "README.md").write_text(TRUTH_README, encoding="utf-8")
    with_identities(city, found).to_parquet(folder / "hardship.parquet", index=False)
    deaths(city).to_parquet(folder / "deaths.parquet", index=False)
    near_misses(city).to_parquet(folder / "near_misses.parquet", index=False)
    wrong_rows.to_parquet(folder / "wrong_rows.parquet", index=False)


def _arguments(plan: CityPlan) -> str:
    return json.dumps({"generation": GENERATION, **plan.as_arguments()}, indent=2) + "\n"


def _is_there(folders: HomeFolders, plan: CityPlan) -> bool:
    if plan.people < LEAST_PEOPLE or plan.nights < 1:
        raise CityRefusedError(f"A demo city needs at least {LEAST_PEOPLE} people and one night.")
    if not folders.marker.exists():
        return False
    there = folders.marker.read_text(encoding="utf-8")
    if there == _arguments(plan):
        return True
    raise CityRefusedError(
        f"Another demo city is already in {folders.home}: {json.dumps(json.loads(there))}. "
        "Deliveries never change after arrival; choose another --home, or remove that folder first."
    )


def _clear_the_ground(folders: HomeFolders) -> None:
    """Remove what a build that crashed has left; refuse where anyone else has delivered."""
    if folders.begun.exists():
        left = json.loads(folders.begun.read_text(encoding="utf-8"))
        crashed = CityPlan(left["people"], left["seed"], date.fromisoformat(left["first_night"]), left["nights"])
        for business_date in crashed.dates:
            shutil.rmtree(folders.landing / business_date.isoformat(), ignore_errors=True)
        shutil.rmtree(folders.demo / "truth", ignore_errors=True)
        shutil.rmtree(folders.demo / "directory", ignore_errors=True)
    elif folders.landing.is_dir() and any(folders.landing.iterdir()):
        raise CityRefusedError(
            f"{folders.landing} already holds deliveries that are not the demo city's; choose another --home."
        )
