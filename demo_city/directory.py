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
DEPARTMENTS = {
    "civil_affairs": "民政局",
    "human_resources": "人力资源和社会保障局",
    "medical_insurance": "医疗保障局",
    "education": "教育局",
    "housing": "住房和城乡建设局",
    "disabled_persons_federation": "残疾人联合会",
}
COUNTY_USERNAMES = {"铜官区": "tongguan", "义安区": "yian", "郊区": "jiaoqu", "枞阳县": "zongyang"}


def write_directory(folder: Path, plan: CityPlan, people: People) -> None:
    """Write grids.csv, departments.csv and staff.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    grids = people.grids
    grid_rows = [
        (code, village, name, EFFECTIVE_FROM)
        for code, village, name in zip(grids.codes, grids.village_codes, grids.names, strict=True)
    ]
    _write(folder / "grids.csv", ("grid_code", "village_code", "name", "effective_from"), grid_rows)
    _write(folder / "departments.csv", ("department", "division_code", "name"), list(_departments()))
    workers = ((f"g{code}", "grid_worker", code) for code in grids.codes)
    posts = [*_supervisors(), *workers, *_handlers(), *_city_posts()]
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
            yield CITY_USERNAME, "city", division.code
        elif division.level == "county" and division.name in COUNTY_USERNAMES:
            yield COUNTY_USERNAMES[division.name], "county", division.code
        elif division.level == "town":
            yield f"t{division.code[:9]}", "town", division.code


def _departments() -> Iterator[tuple[str, str, str]]:
    """The departments of the city and of each county that take work on."""
    for division in divisions():
        if division.level == "city" or (division.level == "county" and division.name in COUNTY_USERNAMES):
            for department, title in DEPARTMENTS.items():
                yield department, division.code, f"{division.name}{title}"


def _handlers() -> Iterator[tuple[str, str, str]]:
    """One handler for each department, named after it and its county."""
    usernames = {division.code: COUNTY_USERNAMES.get(division.name, CITY_USERNAME) for division in divisions()}
    for department, division_code, _ in _departments():
        yield f"{usernames[division_code]}.{department}", "department_handler", f"{division_code}-{department}"


def _city_posts() -> Iterator[tuple[str, str, str]]:
    """The analyst and the three administrators."""
    city = next(division.code for division in divisions() if division.level == "city")
    for role in ("analyst", "system_administrator", "security_administrator", "audit_administrator"):
        yield role, role, city


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
