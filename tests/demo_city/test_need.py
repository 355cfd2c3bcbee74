import pandas as pd
import pytest

from demo_city.facts import City, imagine
from demo_city.incomes import livelihoods
from demo_city.need import needs
from demo_city.need_of_care import true_burdens
from demo_city.need_rates import rates
from demo_city.need_rows import assisted_households
from demo_city.period import FIRST_NIGHT, CityPlan
from tests.demo_city.conftest import USUAL, BuiltCity

CAUSES = {"medical", "employment", "disability", "accident", "custody", "entitlement"}


@pytest.fixture(scope="module")
def city() -> City:
    return imagine(USUAL)


@pytest.fixture(scope="module")
def found(city: City) -> pd.DataFrame:
    return needs(city)


def test_the_same_plan_gives_the_same_needs(city: City, found: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, needs(imagine(USUAL)))


def test_every_cause_occurs_and_ends_after_it_began(found: pd.DataFrame) -> None:
    assert set(found["cause"]) >= CAUSES
    assert (found["until"] >= found["since"]).all()


def test_some_needs_no_class_ever_shows(found: pd.DataFrame) -> None:
    hidden = found["shown_on"].isna()

    assert 0 < hidden.sum() < 0.2 * len(found)
    assert set(found.loc[hidden, "cause"]) == {"employment", "death_in_family"}


def test_nobody_with_much_property_is_helped_with_costs_of_care(city: City, found: pd.DataFrame) -> None:
    living = livelihoods(city)
    ill = found.loc[found["cause"] == "medical", "household"]

    assert living.within_property[ill].all()


def test_care_costs_the_helped_more_than_anybody_may_bear(city: City, found: pd.DataFrame) -> None:
    ill = found[found["cause"] == "medical"]
    paid = true_burdens(city).groupby("household")["yuan"].sum()
    least = {True: rates()["least_burden_of_assisted"], False: rates()["least_burden"]}
    assisted = assisted_households(city)

    assert all(paid[home] > least[bool(assisted[home])] for home in ill["household"])


def test_who_lost_work_and_got_by_is_not_in_need(city: City, found: pd.DataFrame) -> None:
    contributed = city.contributed
    works_again = city.means.luck[contributed.person] < rates()["works_again_share"]
    homes = city.people.household[contributed.person[contributed.is_breaking & works_again]]
    named = city.people.household[city.people.is_named]
    lost = found[(found["cause"] == "employment") & found["shown_on"].notna()]

    assert len(lost) > 0
    assert len(set(lost["household"]) & set(homes) - set(named)) <= 2


@pytest.mark.parametrize("case", ["sole_earner_lost_work", "other_over_limit", "dibao_over_limit"])
def test_named_cases_are_in_need(usual_city: BuiltCity, case: str) -> None:
    hardship, need = usual_city.truth("hardship"), usual_city.truth("need")
    number = hardship.loc[hardship["case"] == case, "household_no"].iloc[0]

    assert number in set(need["household_no"])


def test_named_near_misses_are_not_in_need(usual_city: BuiltCity) -> None:
    missed = set(usual_city.truth("near_misses")["identity_number"])
    members = {number for numbers in usual_city.truth("need")["identity_numbers"] for number in numbers}

    assert not missed & members


def test_the_truth_tells_the_first_night_that_shows_a_need(usual_city: BuiltCity) -> None:
    need = usual_city.truth("need")
    told = need.dropna(subset=["first_visible_on"])

    assert set(told["first_visible_on"]) <= set(USUAL.dates)
    assert need.loc[need["shown_on"].isna(), "first_visible_on"].isna().all()
    assert (told["first_visible_on"] >= told["shown_on"]).all()


def test_poor_households_are_likelier_to_be_assisted_and_seldom_own_cars(city: City) -> None:
    standing, household = city.means.standing, city.people.household
    dibao = standing[household[city.assisted.dibao["person"]]]
    vehicles = city.others["vehicle_register"]
    cars = standing[household[vehicles.loc[vehicles["vehicle_kind"] == "K33", "person"]]]

    assert dibao.mean() < standing.mean() - 0.5
    assert cars.mean() > standing.mean() + 0.5


def test_every_rate_says_where_it_comes_from() -> None:
    assert len(rates()) > 25


def test_a_year_of_nights_has_needs_that_begin_in_it() -> None:
    plan = CityPlan(people=5000, seed=5, first_night=FIRST_NIGHT, nights=120, mess="none")
    found = needs(imagine(plan))

    assert (found["since"] > pd.Timestamp(plan.first_night)).any()
    assert (found["since"] <= pd.Timestamp(plan.last_night)).all()
