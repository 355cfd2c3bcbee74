import csv
from collections import defaultdict
from datetime import date

import numpy as np
import pytest

from demo_city.identity_numbers import check_characters, is_well_formed
from demo_city.period import CityPlan
from demo_city.places import PEOPLE_PER_GRID, divide_into_grids, inhabited_villages
from demo_city.population import People, populate
from schemas.divisions import villages
from tests.demo_city.conftest import BuiltCity

PLAN = CityPlan(people=5000, seed=3, first_night=date(2026, 11, 19), nights=2)


@pytest.fixture(scope="module")
def people() -> People:
    return populate(PLAN)


def test_there_are_as_many_people_as_asked_for(people: People) -> None:
    assert len(people) == PLAN.people


def test_check_characters_follow_the_standard() -> None:
    assert list(check_characters(np.array([11010519491231002, 44052418800101001]))) == ["X", "4"]
    assert is_well_formed("11010519491231002X")
    assert not is_well_formed("110105194912310021")


def test_identity_numbers_differ_and_tell_sex_and_birth(people: People) -> None:
    numbers = people.certno.to_pylist()

    assert len(set(numbers)) == len(numbers)
    assert [int(number[16]) % 2 == 1 for number in numbers] == people.is_male.tolist()
    assert [number[6:14] for number in numbers] == [str(day).replace("-", "") for day in people.born_on]


def test_households_have_one_head_and_one_to_six_members(people: People) -> None:
    relations = defaultdict(list)
    for household, relation in zip(people.household, people.relation_code.to_pylist(), strict=True):
        relations[household].append(relation)

    assert all(members.count("02") == 1 and len(members) <= 6 for members in relations.values())
    assert 2.3 < len(people) / len(relations) < 3.2


def test_people_live_in_real_villages_and_never_in_virtual_ones(people: People) -> None:
    real = {village.code for village in villages() if not village.is_virtual}

    assert set(people.grids.village_codes) == real
    codes = np.array(people.grids.codes)[people.grid]
    living = np.array(sorted(real))[people.village]
    assert all(code.startswith(village) for code, village in zip(codes, living, strict=True))


def test_every_village_has_a_grid(usual_city: BuiltCity) -> None:
    with (usual_city.home / "demo" / "directory" / "grids.csv").open(encoding="utf-8", newline="") as file:
        grids = list(csv.DictReader(file))

    assert {row["village_code"] for row in grids} == {village.code for village in villages() if not village.is_virtual}
    assert all(row["grid_code"].startswith(row["village_code"]) and len(row["grid_code"]) == 15 for row in grids)


def test_large_villages_have_several_grids() -> None:
    village_of = np.repeat([0, 1, 2], [500, 130, 100])
    size_of = np.full(len(village_of), 3)

    grids, grid_of = divide_into_grids(village_of, size_of)

    assert [code[12:] for code in grids.codes if code[:12] == grids.village_codes[0]] == ["001", "002", "003", "004"]
    assert np.array(grids.village_codes)[grid_of].tolist() == [inhabited_villages()[at].code for at in village_of]
    assert np.bincount(grid_of, weights=size_of).max() <= PEOPLE_PER_GRID


def test_every_grid_has_a_worker_and_every_town_a_supervisor(small_city: BuiltCity) -> None:
    folder = small_city.home / "demo" / "directory"
    with (folder / "grids.csv").open(encoding="utf-8", newline="") as file:
        grids = {row["grid_code"] for row in csv.DictReader(file)}
    with (folder / "staff.csv").open(encoding="utf-8", newline="") as file:
        staff = {row["username"]: row for row in csv.DictReader(file)}

    assert {row["unit_code"] for row in staff.values() if row["role"] == "grid_worker"} == grids
    assert all(staff[f"g{code}"]["unit_code"] == code for code in grids)
    assert staff["city"]["unit_code"] == "340700000000"
    assert {"tongguan", "yian", "jiaoqu", "zongyang"} <= staff.keys()
    assert sum(name.startswith("t3407") for name in staff) == 45
