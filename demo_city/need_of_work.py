"""Whom lost work leaves poor: seen in the employees' scheme and the register of employment, or by no class at all."""

import numpy as np
import pandas as pd

from demo_city.facts import City
from demo_city.incomes import Livelihood
from demo_city.need_rates import rates
from demo_city.need_rows import (
    NEVER_SHOWN,
    assisted_households,
    need_rows,
    poor_without,
)

DAYS_OF_THE_MONTH_TOLD = 8


def lost_work(city: City, living: Livelihood) -> pd.DataFrame:
    """Whoever left the employees' scheme and earns nothing elsewhere."""
    contributed, rate = city.contributed, rates()
    at = np.flatnonzero(contributed.is_breaking & contributed.is_paid.any(axis=1))
    at = at[city.means.luck[contributed.person[at]] >= rate["works_again_share"]]
    person = contributed.person[at]
    household = city.people.household[person]
    at_months = contributed.is_paid.shape[1] - np.argmax(contributed.is_paid[at][:, ::-1], axis=1)
    first_unpaid = contributed.months[np.minimum(at_months, contributed.is_paid.shape[1] - 1)]
    poor = poor_without(living, household, living.earned[person])
    since = first_unpaid.astype("datetime64[D]") + 30
    shown = (first_unpaid + 1).astype("datetime64[D]") + DAYS_OF_THE_MONTH_TOLD
    until = since + int(rate["helped_for_days"])
    return need_rows(household, "employment", "temporary_aid", since, until, shown)[poor]


def wages_fell(city: City, living: Livelihood) -> pd.DataFrame:
    """Whose base fell far because the wage did, not because the employer reports less."""
    contributed, rate = city.contributed, rates()
    newest, highest = contributed.bases[:, -1], contributed.bases.max(axis=1)
    at = np.flatnonzero(contributed.is_paid[:, -1] & (newest <= highest / 2) & (newest > 0) & ~contributed.is_retired)
    at = at[city.means.luck[contributed.person[at]] < rate["wage_really_fell_share"]]
    person = contributed.person[at]
    household = city.people.household[person]
    low = contributed.bases[at] <= highest[at, None] / 2
    first_low = contributed.months[low.shape[1] - np.argmin(low[:, ::-1], axis=1)]
    poor = poor_without(living, household, living.earned[person] * (1 - newest[at] / highest[at]))
    since = first_low.astype("datetime64[D]") + 30
    shown = (first_low + 1).astype("datetime64[D]") + DAYS_OF_THE_MONTH_TOLD
    until = np.full(len(since), np.datetime64(city.plan.last_night, "D") + int(rate["helped_for_days"]))
    return need_rows(household, "employment", "temporary_aid", since, until, shown)[poor]


def jobless_though_assisted(city: City, living: Livelihood) -> pd.DataFrame:
    """Members of assisted families who registered as unemployed because they earn no longer."""
    rate, people = rates(), city.people
    told = city.registered[city.registered["register_type"] == "2"].drop_duplicates(["person", "register_date"])
    household = people.household[told["person"]]
    lost = assisted_households(city)[household] & (
        city.means.luck[told["person"]] >= rate["registers_for_a_post_share"]
    )
    told, household = told[lost], household[lost]
    person = told["person"].to_numpy(np.int64)
    poor = poor_without(living, household, living.earned[person])
    since = told["register_date"].to_numpy("datetime64[D]")
    return need_rows(household, "employment", "temporary_aid", since, since + int(rate["helped_for_days"]), since + 1)[
        poor
    ]


def shocks_unseen(city: City, living: Livelihood) -> pd.DataFrame:
    """Work lost outside the employees' scheme, of which no class ever tells."""
    rate, plan = rates(), city.plan
    rng = plan.random("shocks unseen")
    days = (plan.last_night - plan.history_start).days
    struck = np.flatnonzero(rng.random(city.people.households) < rate["unseen_shock_share"] * days / 365)
    best = np.zeros(city.people.households)
    np.maximum.at(best, city.people.household, city.means.informal_wage * 12)
    struck = struck[best[struck] > 0]
    poor = poor_without(living, struck, best[struck])
    since = np.datetime64(plan.history_start, "D") + rng.integers(0, days, len(struck)).astype("timedelta64[D]")
    never = np.full(len(struck), NEVER_SHOWN)
    return need_rows(struck, "employment", "temporary_aid", since, since + int(rate["helped_for_days"]), never)[poor]
