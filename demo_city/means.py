"""What each household really lives on: drawn before any department writes anything, and known whole to none.

`standing` shapes what departments come to know (who is insured, what he earns, who owns a car), so their data tell of
it; what a household saved, who supports it and what it earns unseen they never learn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo_city.named_cases import first_named, named_people
from demo_city.need_rates import rates
from demo_city.period import CityPlan
from demo_city.places import inhabited_villages
from demo_city.population import People

Amounts = npt.NDArray[np.float64]
YEARS_OF_OLD_AGE = 60
NAMED_SAVINGS, NAMED_NEAR_MISS_SAVINGS = 2_000.0, 400_000.0


@dataclass(frozen=True)
class Means:
    """One entry for each household, or for each person where it says so. Amounts in yuan."""

    standing: Amounts
    is_village: npt.NDArray[np.bool_]
    savings: Amounts
    has_second_dwelling: npt.NDArray[np.bool_]
    kin_support: Amounts
    insurance_pays: Amounts
    # By person: what he earns a month outside the employees' scheme, and what part of a wage is reported.
    informal_wage: Amounts
    reported_share: Amounts
    luck: Amounts

    def of_people(self, people: People) -> Amounts:
        """The standing of each person's household."""
        standing: Amounts = self.standing[people.household]
        return standing


def draw_means(plan: CityPlan, people: People) -> Means:
    """Draw them all; the named live as their stories say."""
    rng, rate = plan.random("means"), rates()
    households = people.households
    village = np.zeros(households, np.int64)
    village[people.household] = people.village
    is_village = np.array([each.urban_rural_code.startswith("2") for each in inhabited_villages()])[village]
    standing = rng.normal(0, 1, households)
    standing += rate["standing_of_villages"] * is_village + rate["standing_of_the_old"] * _are_old(people)
    has_kin = rng.random(households) < rate["kin_share"]
    is_insured = rng.random(households) < rate["insured_share"] * np.exp(0.3 * standing)
    kin_spread = rng.normal(0, 0.6, households)
    means = Means(
        standing=standing,
        is_village=is_village,
        savings=rate["savings"]
        * np.exp(rate["savings_by_standing"] * standing + rng.normal(0, rate["savings_spread"], households)),
        has_second_dwelling=rng.random(households) < rate["second_dwelling_share"] * 2.0**standing,
        kin_support=np.where(has_kin, rate["kin_support"] * np.exp(kin_spread), 0.0),
        insurance_pays=np.where(is_insured, rate["insurance_pays"], 0.0),
        informal_wage=_informal_wages(rng, people, standing, is_village),
        reported_share=np.minimum(
            rate["reported_wage_share"] * np.exp(rng.normal(0, rate["reported_wage_spread"], len(people))), 1.1
        ),
        luck=rng.random(len(people)),
    )
    _tell_as_named(people, means)
    return means


def _are_old(people: People) -> npt.NDArray[np.bool_]:
    youngest = np.full(people.households, 200)
    np.minimum.at(youngest, people.household, people.age)
    old: npt.NDArray[np.bool_] = youngest >= YEARS_OF_OLD_AGE
    return old


def _informal_wages(
    rng: np.random.Generator, people: People, standing: Amounts, is_village: npt.NDArray[np.bool_]
) -> Amounts:
    """What adults who are in no scheme of employees earn a month; the old in villages live off the land a little."""
    rate, own = rates(), standing[people.household]
    works = rng.random(len(people)) < 1 / (1 + (1 / rate["informal_worker_share"] - 1) * np.exp(-0.8 * own))
    typical = rate["informal_wage"] * np.exp(
        rate["informal_wage_by_standing"] * own + rng.normal(0, rate["informal_wage_spread"], len(people))
    )
    adult = (people.age >= 19) & (people.age < YEARS_OF_OLD_AGE)
    farms = (people.age >= YEARS_OF_OLD_AGE) & (people.age <= 72) & is_village[people.household]
    wages: Amounts = np.select([adult & works, farms], [typical, rate["farm_income_of_the_old"]], 0.0)
    return wages


def _tell_as_named(people: People, means: Means) -> None:
    """A named household is as poor as its story needs; one that only looks like a case gets by."""
    for named in named_people():
        person = first_named(len(people)) + named.at
        home, is_case = people.household[person], not named.household.near_miss
        means.standing[home] = -1.5 if is_case else 1.5
        means.savings[home] = NAMED_SAVINGS if is_case else NAMED_NEAR_MISS_SAVINGS
        means.kin_support[home] = means.insurance_pays[home] = 0.0
        means.has_second_dwelling[home] = not is_case
        means.informal_wage[person] = 0.0 if is_case else 6_000.0
        means.luck[person] = 0.99 if is_case else 0.01
