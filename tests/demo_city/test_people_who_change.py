"""Changed numbers, moves, families that are no households, two identities at once, rows without a number."""

import pandas as pd
import pytest
from stdnum.cn import ric

from demo_city.facts import City, imagine
from demo_city.truth import hardships
from schemas.loader import contracts
from tests.demo_city.conftest import USUAL, BuiltCity
from tests.demo_city.reading import delivered_rows, tidy_identity


@pytest.fixture(scope="module")
def city() -> City:
    return imagine(USUAL)


def rows_of(usual_city: BuiltCity, extract_class: str, night: int = 0) -> list[dict[str, str]]:
    manifest = usual_city.manifest(extract_class, night)
    return delivered_rows(contracts()[extract_class], usual_city.data_file(manifest))


def numbers_in(usual_city: BuiltCity, extract_class: str) -> set[str]:
    number = contracts()[extract_class].identity_field.name
    return {tidy_identity(row[number]) for row in rows_of(usual_city, extract_class)}


def test_the_register_names_old_and_new_number(usual_city: BuiltCity) -> None:
    told = {
        (row["old_certno"], tidy_identity(row["certno"]))
        for night in (0, 1)
        for row in rows_of(usual_city, "register_event", night)
        if row["event_kind"] == "5"
    }
    changed = usual_city.truth("changed_numbers")
    true = set(zip(changed["old_number"], changed["new_number"], strict=True))

    assert all(ric.is_valid(old) for old, _ in true)
    assert len(told & true) > 0.9 * len(true)
    assert USUAL.last_night in {day.date() for day in changed["first_visible_on"]}


def test_some_departments_still_write_the_old_number(usual_city: BuiltCity) -> None:
    old = set(usual_city.truth("changed_numbers")["old_number"])

    assert numbers_in(usual_city, "resident_pension") & old
    assert numbers_in(usual_city, "chronic_outpatient_settlement") & old


def test_the_register_has_the_old_number_only_of_those_who_change_later(usual_city: BuiltCity) -> None:
    changed = usual_city.truth("changed_numbers")
    later = changed[changed["first_visible_on"] > pd.Timestamp(USUAL.first_night)]
    registered = numbers_in(usual_city, "household_register")

    assert set(later["old_number"]) <= registered
    assert not set(later["new_number"]) & registered
    assert not set(changed["old_number"]) - set(later["old_number"]) & registered


def test_nobody_in_hardship_has_changed_the_number(city: City) -> None:
    assert not set(hardships(city)["person"]) & set(city.changed.person)


def test_whoever_moves_has_another_village_in_the_register_and_an_event(usual_city: BuiltCity) -> None:
    moves = usual_city.truth("moves").set_index("identity_number")
    register = {tidy_identity(row["certno"]): row for row in rows_of(usual_city, "household_register", 1)}
    before = {tidy_identity(row["certno"]): row for row in rows_of(usual_city, "household_register", 0)}
    moved = moves.index.intersection(register.keys()).intersection(before.keys())

    assert len(moved) > 0.8 * len(moves)
    for number in moved:
        assert register[number]["village_code"] == moves.loc[number, "to_village"]
        assert register[number]["grid_code"] == moves.loc[number, "to_grid"]
        assert before[number]["address"].startswith(moves.loc[number, "moved_from"])
    events = {
        tidy_identity(row["certno"]): row["other_place"]
        for row in rows_of(usual_city, "register_event", 1)
        if row["event_kind"] == "2"
    }
    told = moves.index.intersection(events.keys())
    assert len(told) > 0.8 * len(moves)
    assert all(events[number] == moves.loc[number, "moved_from"] for number in told)


def test_families_live_otherwise_than_they_are_registered(usual_city: BuiltCity, city: City) -> None:
    shared = usual_city.truth("shared_living")
    registered = dict(zip(city.people.certno.to_pylist(), city.people.household_no.to_pylist(), strict=True))
    listed = {(row["family_no"], tidy_identity(row["certno"])) for row in rows_of(usual_city, "dibao")}

    assert set(shared["difference"]) == {"counted_in", "left_out"}
    counted_in = shared[shared["difference"] == "counted_in"]
    left_out = shared[shared["difference"] == "left_out"]
    found = [pair in listed for pair in zip(counted_in["family_no"], counted_in["identity_number"], strict=True)]
    assert sum(found) > 0.8 * len(found)
    assert not {number for _, number in listed} & set(left_out["identity_number"])
    assert all(
        registered[number] == household
        for number, household in zip(shared["identity_number"], shared["household_no"], strict=True)
    )


def test_some_are_in_dibao_and_monitored_at_once(usual_city: BuiltCity) -> None:
    both = set(usual_city.truth("two_identities")["identity_number"])

    assert len(both) >= 4
    assert len(both & numbers_in(usual_city, "dibao") & numbers_in(usual_city, "relapse_monitoring")) > 0.8 * len(both)


def test_rows_without_a_number_tell_who_they_may_be(usual_city: BuiltCity, city: City) -> None:
    unnamed = usual_city.truth("identity_less")
    people = city.departed.everyone
    names = dict(zip(people.certno.to_pylist(), people.psn_name.to_pylist(), strict=True))

    assert {"household_register", "disability_certificate"} <= {name.split(".")[1] for name in unnamed["delivery_id"]}
    for name, manifest in usual_city.judged():
        lines = unnamed[unnamed["delivery_id"] == name].set_index("line")["identity_number"]
        if lines.empty:
            continue
        rows = delivered_rows(contracts()[manifest.extract_class], usual_city.data_file(manifest))
        by_line = {int(row["line"]): row for row in rows}
        assert all(by_line[line]["certno"] == "" for line in lines.index)
        assert all(by_line[line]["psn_name"] == names[number] for line, number in lines.items())
