"""Which hardships the models leave out on purpose, because registers show that the household gets by.

The limits are those of the models; tests hold the two together.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.circumstances import Circumstances

CAR_KINDS, PRIVATE, OWNED, LEAST_BAND = ("K33", "K31"), "A", ("A", "G"), "2"
# Cents a head and month.
INCOME_CAPS: Mapping[str, int] = {"accident": 200_000} | dict.fromkeys(
    (
        "disability", "disability_worsened", "breadwinner_died", "job_lost", "unemployed_low_income", "income_drop",
        "pension_stopped", "benefit_ending", "business_closed", "custody_family",
    ),
    123_000,
)  # fmt: skip
BILLS = ("medical_year_over_limit", "medical_over_limit_across_years", "sudden_bill")
BURDEN, BURDEN_OF_ASSISTED = 0.50, 0.35
MENTAL = ("5", "6")
Texts = npt.NDArray[np.object_]


def left_out_for(now: Circumstances, found: pd.DataFrame, costs: npt.NDArray[np.int64]) -> Texts:
    """Why each hardship is left out: car, business, income or lighter disability; empty for those to be found.

    `costs` is what everybody paid for care in the last 365 days.
    """
    people, kind = now.people, found["kind"].to_numpy(object)
    home = people.household[found["person"]]
    income = np.bincount(people.household, weights=now.income[0] * now.is_member, minlength=people.households)
    members = now.in_household(np.ones(len(people), np.bool_))
    cost = np.bincount(people.household, weights=costs * now.is_member, minlength=people.households)
    cap = np.array([INCOME_CAPS.get(each, np.inf) for each in kind])
    bears = np.where(now.is_listed[found["person"]], BURDEN_OF_ASSISTED, BURDEN)
    is_bill = np.isin(kind, BILLS)
    judged = is_bill | (kind == "medical_burden") | np.isin(kind, list(INCOME_CAPS))
    carries = np.where(is_bill, cost[home] < 12 * income[home] * bears, income[home] > cap * members[home])
    details = zip(kind, found["detail"], strict=True)
    lighter = np.array([each == "disability" and _is_light(detail) for each, detail in details])
    lighter &= now.in_household(now.is_listed)[home] == 0
    return np.select(
        [judged & _owns_car(now)[home], judged & _runs_business(now)[home], judged & carries, lighter],
        ["car", "business", "income", "lighter disability"],
        "",
    ).astype(object)


def _is_light(category_and_level: str) -> bool:
    category, level = category_and_level[0], int(category_and_level[1:])
    return level > 2 and not (category in MENTAL and level == 3)


def _owns_car(now: Circumstances) -> npt.NDArray[np.bool_]:
    rows = now.known("vehicle_register")
    rows = rows[
        rows["vehicle_kind"].isin(CAR_KINDS)
        & (rows["usage"] == PRIVATE)
        & rows["vehicle_status"].isin(OWNED)
        & (rows["price_band"] >= LEAST_BAND)
    ]
    return _at_home(now, rows["person"])


def _runs_business(now: Circumstances) -> npt.NDArray[np.bool_]:
    rows = now.known("market_entity")
    return _at_home(now, rows["person"][rows["entity_status"] == "1"])


def _at_home(now: Circumstances, owners: pd.Series) -> npt.NDArray[np.bool_]:
    owner = owners.to_numpy(np.int64)
    owner = owner[owner < len(now.people)]
    found = np.zeros(now.people.households, np.bool_)
    found[now.people.household[owner[now.is_living[owner]]]] = True
    return found
