"""The city's grids and its staff, as the case service takes them in."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from demo_city.names import worker_names
from demo_city.period import CityPlan
from demo_city.population import People
from schemas.divisions import divisions

EFFECTIVE_FROM = "2026-01-01"
CITY_USERNAME = "city"
COUNTY_USERNAMES = {"铜官区": "tongguan", "义安区": "yian", "郊区": "jiaoqu", "枞阳县": "zongyang"}


def write_directory(folder: Path, plan: CityPlan, people: People) -> None:
    """Write grids.csv and staff.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    grids = people.grids
    grid_rows = [
        (code, village, name, EFFECTIVE_FROM)
        for code, village, name in zip(grids.codes, grids.village_codes, grids.names, strict=True)
    ]
    _write(folder / "grids.csv", ("grid_code", "village_code", "name", "effective_from"), grid_rows)
    posts = [*_supervisors(), *((f"g{code}", "grid_worker", code) for code in grids.codes)]
    names = worker_names(plan.random("staff"), len(posts))
    staff_rows = [
        (username, name, role, unit, f"19911{number:06d}")
        for number, ((username, role, unit), name) in enumerate(zip(posts, names, strict=True), 1)
    ]
    _write(folder / "staff.csv", ("username", "display_name", "role", "unit_code", "phone"), staff_rows)


def _supervisors() -> Iterator[tuple[str, str, str]]:
    """Username, role and unit of the supervisors of city, counties and towns."""
    for division in divisions():
        if division.level == "city":
            yield CITY_USERNAME, "supervisor", division.code
        elif division.level == "county" and division.name in COUNTY_USERNAMES:
            yield COUNTY_USERNAMES[division.name], "supervisor", division.code
        elif division.level == "town":
            yield f"t{division.code[:9]}", "supervisor", division.code


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
