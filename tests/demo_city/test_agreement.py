"""What one department says fits what another says."""

from datetime import timedelta

import numpy as np
import pytest
from stdnum.cn import uscc

from demo_city.belongings import credit_codes
from demo_city.draw import rows_of
from demo_city.employment import rolled
from demo_city.facts import City, imagine
from demo_city.truth_of_costs import counted_costs
from tests.demo_city.conftest import USUAL

ROWS_IN_THOUSANDS = {
    "insured_person": 1220, "medical_aid": 110, "resident_pension": 450, "pension_payment": 430, "work_benefit": 20,
    "register_event": 55, "vehicle_register": 320, "traffic_casualty": 6, "custody": 4, "temporary_aid": 16,
    "subsidy_payment": 112, "child_in_need": 3, "cremation": 34, "death_certificate": 34, "serious_disease": 22,
    "student_enrolment": 165, "student_aid": 32, "public_housing": 14, "housing_record": 46, "market_entity": 88,
}  # fmt: skip


@pytest.fixture(scope="module")
def city() -> City:
    return imagine(USUAL)


@pytest.mark.parametrize("extract_class", ROWS_IN_THOUSANDS)
def test_each_class_has_about_its_share_of_the_rows(city: City, extract_class: str) -> None:
    rows = city.others[extract_class]
    wanted = rows_of(len(city.people), ROWS_IN_THOUSANDS[extract_class])

    assert 0.55 * wanted < (rows["night"] == 0).sum() < 1.5 * wanted


def test_numbers_of_the_departed_belong_to_nobody_else(city: City) -> None:
    numbers = city.departed.everyone.certno.to_pylist()

    assert len(set(numbers)) == len(numbers)
    assert numbers[: len(city.people)] == city.people.certno.to_pylist()


def test_deaths_are_told_alike_by_all_who_tell_them(city: City) -> None:
    died_on = dict(zip(city.departed.dead, city.departed.died_on.astype("datetime64[s]"), strict=True))
    for extract_class, day in (("death_certificate", "died_on"), ("cremation", "died_on")):
        rows = city.others[extract_class]
        assert all(died_on[person] == on for person, on in zip(rows["person"], rows[day].to_numpy(), strict=True))
    events = city.others["register_event"]
    cancelled = events[events["event_kind"] == "1"]
    assert all(died_on[who] == on for who, on in zip(cancelled["person"], cancelled["happened_on"], strict=True))
    casualties = city.others["traffic_casualty"]
    killed = casualties[casualties["casualty_kind"] == "1"]
    assert len(killed) > 0
    assert all(died_on[who] == on for who, on in zip(killed["person"], killed["accident_date"], strict=True))


def test_who_was_cancelled_before_the_first_night_is_not_in_the_register(city: City) -> None:
    events = city.others["register_event"]
    left = events[events["event_kind"].isin(["1", "3"])]
    before = left[left["event_date"] < np.datetime64(USUAL.first_night)]

    assert (before["person"] >= len(city.people)).all()


def test_nothing_befalls_the_dead(city: City) -> None:
    late = set(city.departed.dead[city.departed.is_late])
    first_death = np.datetime64(USUAL.first_night - timedelta(days=4))
    costs = counted_costs(city, USUAL.nights - 1)

    assert late
    assert not late & set(costs[(costs["bill"] != "") & (costs["on"] >= first_death)]["person"])
    died_on = dict(zip(city.departed.dead, city.departed.died_on, strict=True))
    for paid in (city.contributed, rolled(city.contributed, 2)):
        last_paid = dict(zip(paid.person, np.where(paid.is_paid, paid.months, paid.months[0]).max(axis=1), strict=True))
        assert late & set(last_paid)
        assert all(last_paid[one].astype("datetime64[D]") < died_on[one] for one in late & set(last_paid))
    for extract_class in ("custody", "temporary_aid", "student_enrolment", "market_entity", "disaster_event"):
        assert not (late | set(city.departed.dead)) & set(city.others[extract_class]["person"])


def test_a_few_pensions_are_still_paid_after_a_death(city: City) -> None:
    rows = city.others["pension_payment"]
    dead = rows[rows["person"].isin(city.departed.dead[~city.departed.is_late])]
    still_paid = (dead["aae116"] == "1").sum()

    assert 0 < still_paid < 0.05 * len(dead)


def test_students_are_of_school_age(city: City) -> None:
    rows = city.others["student_enrolment"]
    age = city.people.age[rows["person"]]

    assert age.min() >= 5
    assert age.max() <= 23
    assert set(city.others["student_aid"]["person"]) <= set(rows["person"])


def test_subsidies_follow_certificates_and_dibao(city: City) -> None:
    rows = city.others["subsidy_payment"]
    certified = city.certified[city.certified["certificate_status"] == "有效"]
    severe = set(certified[certified["disability_level"] <= 2]["person"])
    dibao = set(city.assisted.dibao["person"])

    assert set(rows[rows["item"] == "2"]["person"]) <= severe
    assert set(rows[rows["item"] == "1"]["person"]) <= dibao & set(certified["person"])


def test_a_monitored_family_has_the_limit_of_the_low_income_population(city: City) -> None:
    relapse = city.assisted.relapse
    standing = relapse[(relapse["risk_cleared"] == "0") & (relapse["new_from"] == 0)]
    limits = city.assisted.limits(USUAL, len(city.people), 0)

    assert (limits[standing["person"]] <= 1_000_000).all()
    lifted = relapse[relapse["household_kind"] == "1"]["person"]
    assert (limits[lifted] == 1_500_000).any()


def test_credit_codes_follow_the_standard() -> None:
    codes = credit_codes(np.random.default_rng(1), np.arange(200) % 2 == 0)

    assert len(set(codes)) == 200
    assert all(uscc.is_valid(str(code)) for code in codes)
