"""Builds a demo city once: facts, truth, directory, deliveries, and last of all a marker."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demo_city.deliver import Delivered
from demo_city.directory import write_directory
from demo_city.facts import City, imagine
from demo_city.period import CITY_CODE, MOST_NIGHTS, CityPlan
from demo_city.planning import PlannedDelivery, regular_deliveries
from demo_city.resending import out_of_the_ordinary, without_held_back
from demo_city.side_by_side import deliver_side_by_side
from demo_city.truth import hardships, shielded_people
from demo_city.truth_files import write_truth
from schemas.delivery import Manifest

GENERATION = 5
LEAST_PEOPLE = 1000


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
    if plan.city_code == CITY_CODE:
        # The case service knows the divisions of the real city only.
        write_directory(folders.demo / "directory", plan, city.people)
    delivered = _deliver_all(city, folders, progress)
    folders.begun.replace(folders.marker)
    return [each.manifest for each in delivered]


def _deliver_all(city: City, folders: HomeFolders, progress: Callable[[str], None]) -> list[Delivered]:
    found = hardships(city)
    shielded = shielded_people(city, found)
    delivered = deliver_side_by_side(city, _planned(city), shielded, folders.landing, progress)
    write_truth(folders.demo / "truth", city, found, delivered)
    return delivered


def _planned(city: City) -> list[PlannedDelivery]:
    """Every delivery, in the order of nights."""
    plan, regular = city.plan, list(regular_deliveries(city))
    if plan.mess == "none" or plan.nights == 1:
        return regular
    unusual = out_of_the_ordinary(regular, plan.dates[0], plan.dates[1], with_held=plan.mess == "all")
    return sorted([*map(without_held_back, regular), *unusual], key=lambda each: each.landed)


def _arguments(plan: CityPlan) -> str:
    return json.dumps({"generation": GENERATION, **plan.as_arguments()}, indent=2) + "\n"


def _is_there(folders: HomeFolders, plan: CityPlan) -> bool:
    if plan.people < LEAST_PEOPLE or not 1 <= plan.nights <= MOST_NIGHTS:
        raise CityRefusedError(
            f"A demo city needs at least {LEAST_PEOPLE} people, and between one night and {MOST_NIGHTS}."
        )
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
        crashed = CityPlan.of_arguments(json.loads(folders.begun.read_text(encoding="utf-8")))
        for business_date in crashed.dates:
            shutil.rmtree(folders.landing / business_date.isoformat(), ignore_errors=True)
        shutil.rmtree(folders.demo / "truth", ignore_errors=True)
        shutil.rmtree(folders.demo / "directory", ignore_errors=True)
    elif folders.landing.is_dir() and any(folders.landing.iterdir()):
        raise CityRefusedError(
            f"{folders.landing} already holds deliveries that are not the demo city's; choose another --home."
        )
