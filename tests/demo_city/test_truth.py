from datetime import date

import pandas as pd
import pytest

from demo_city.facts import City, imagine
from demo_city.medical import standing
from demo_city.truth_of_costs import counted_costs, years_over_limit
from tests.demo_city.conftest import USUAL, BuiltCity


@pytest.fixture(scope="module")
def hardship(usual_city: BuiltCity) -> pd.DataFrame:
    return usual_city.truth("hardship")


@pytest.fixture(scope="module")
def city() -> City:
    return imagine(USUAL)


def named(hardship: pd.DataFrame, case: str) -> pd.DataFrame:
    return hardship[hardship["case"] == case]


def test_the_ill_mother_is_seen_on_the_second_night(hardship: pd.DataFrame) -> None:
    found = named(hardship, "daughter_of_ill_mother")

    assert set(found["kind"]) == {"medical_year_over_limit", "sudden_bill", "medical_burden"}
    assert set(found["left_out_for"]) == {""}
    assert set(found["first_visible_on"]) == {date(2026, 11, 20)}


def test_the_new_limb_certificate_is_seen_on_the_second_night(hardship: pd.DataFrame) -> None:
    found = named(hardship, "new_limb_certificate")

    assert found["kind"].tolist() == ["disability"]
    assert found["first_visible_on"].tolist() == [date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("tekun_over_limit", "medical_year_over_limit"),
        ("dibao_over_limit", "medical_year_over_limit"),
        ("marginal_over_limit", "medical_year_over_limit"),
        ("rigid_over_limit", "medical_year_over_limit"),
        ("other_over_limit", "medical_year_over_limit"),
        ("bill_at_three_fifths", "sudden_bill"),
        ("sole_earner_lost_work", "job_lost"),
        ("base_fell", "income_drop"),
        ("dibao_member_lost_work", "unemployed_low_income"),
        ("certificate_worsened", "disability_worsened"),
        ("whole_household_meets_tekun", "whole_household_meets_tekun"),
        ("works_on_and_off", "work_on_and_off"),
        ("ill_over_the_new_year", "medical_over_limit_across_years"),
    ],
)
def test_each_named_case_is_the_hardship_it_was_made_for(hardship: pd.DataFrame, case: str, kind: str) -> None:
    found = named(hardship, case)

    assert kind in set(found["kind"]) <= {kind, "medical_burden"}
    assert set(found["left_out_for"]) == {"income" if case == "base_fell" else ""}


def test_near_misses_are_no_hardships(usual_city: BuiltCity, hardship: pd.DataFrame) -> None:
    missed = usual_city.truth("near_misses")

    assert len(missed) >= 15
    # What stays at a yearly limit may be more than a household without known income can bear.
    others = hardship[hardship["kind"] != "medical_burden"]
    assert not set(missed["identity_number"]) & set(others["identity_number"])


def test_hardships_of_households_that_get_by_are_left_out(hardship: pd.DataFrame) -> None:
    out = hardship[hardship["left_out_for"] != ""]

    assert set(out["left_out_for"]) == {"car", "business", "income", "lighter disability"}
    assert set(out.loc[out["left_out_for"] == "lighter disability", "kind"]) == {"disability"}
    assert not set(out["kind"]) & {"entitlement_unclaimed", "left_school", "student_without_aid", "child_without_care"}


def test_no_row_of_a_household_in_hardship_is_wrong(usual_city: BuiltCity, hardship: pd.DataFrame) -> None:
    wrong = usual_city.truth("wrong_rows")
    register = usual_city.manifest("household_register")
    of_register = wrong[(wrong["delivery_id"] == register.delivery_id) & (wrong["kind"] != "messy_but_right")]
    lines = usual_city.data_file(register).read_text(encoding="gb18030").splitlines()
    spoiled = {lines[line - 1].split("|")[0] for line in of_register["line"]}

    assert not spoiled & set(hardship["household_no"])


def test_a_realistic_share_of_people_passes_the_yearly_limit(hardship: pd.DataFrame) -> None:
    over = hardship[hardship["kind"] == "medical_year_over_limit"]

    assert 0.002 < len(over) / USUAL.people < 0.01


def test_each_kind_is_seen_on_each_night_that_can_show_it(hardship: pd.DataFrame) -> None:
    second = hardship[hardship["first_visible_on"] == USUAL.last_night]

    assert {"medical_year_over_limit", "sudden_bill", "disability", "disability_worsened"} <= set(second["kind"])
    always = {"breadwinner_died", "child_without_care", "benefit_ending", "left_school", "entitlement_unclaimed"}
    assert always <= set(hardship["kind"])


def test_the_household_that_pays_its_income_to_the_hospital_is_told(hardship: pd.DataFrame) -> None:
    kinds = set(named(hardship, "illness_outruns_income")["kind"])

    assert {"medical_burden", "medical_year_over_limit"} <= kinds


def test_the_dead_who_are_still_paid_are_told(usual_city: BuiltCity) -> None:
    deaths = usual_city.truth("deaths")

    assert 0 < deaths["still_paid_pension_payment"].sum() < 0.05 * len(deaths)
    assert 0 < deaths["still_paid_subsidy_payment"].sum() < 0.05 * len(deaths)
    assert 0 < deaths["in_register"].sum() < 0.05 * len(deaths)


def test_reversed_and_uncounted_settlements_add_nothing(city: City) -> None:
    counted = set(counted_costs(city, 1)["bill"]) - {""}
    now = standing(city.inpatient, 1)
    left_out = now[(now["vali_flag"] == "0") | (now["refd_setl_flag"] == "1") | (now["med_type"] == "52")]

    assert len(left_out) > 0
    assert not counted & set(left_out["setl_id"])


def test_the_limit_is_passed_on_the_day_it_is_said_to_be(city: City) -> None:
    over = years_over_limit(city, 1).set_index("person")["happened_on"]
    limits = city.assisted.limits(city.plan, len(city.people), 1)
    costs = counted_costs(city, 1)
    for person, day in over.items():
        own = costs[costs["person"] == person]
        assert own[own["on"] <= day]["cents"].sum() > limits[person]
        assert own[own["on"] < day]["cents"].sum() <= limits[person]
