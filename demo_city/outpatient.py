"""General outpatient cost by person and month, for the twelve closed months and those that close later."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import drawn_bills, with_more_from_the_fund
from demo_city.cadence import closes_a_month
from demo_city.medical import frailty
from demo_city.period import CityPlan
from demo_city.population import People

MONTHS_A_YEAR = 0.667
LATER_CHANGES = {"corrected": 0.004, "repeated": 0.002}
LATE_REPORTED_SHARE = 0.003


def outpatient_months(plan: CityPlan, people: People, standing: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Row versions of the months: `night` delivers a version."""
    rng = plan.random("outpatient")
    nights = _nights_of_months(plan)
    count = round(len(people) * MONTHS_A_YEAR * len(nights) / 12)
    drawn = pd.DataFrame({
        "person": rng.choice(len(people), count, p=frailty(plan.random("frailty"), people, standing)),
        "month": rng.integers(0, len(nights), count),
    }).drop_duplicates(ignore_index=True)  # fmt: skip
    visits = rng.poisson(0.8, len(drawn)) + 1
    total = np.exp(rng.normal(np.log(15_000), 0.7, len(drawn))).astype(np.int64) * visits + 500
    bills = drawn_bills(rng, total, rng.uniform(0.3, 0.6, len(drawn)), np.zeros(len(drawn), np.bool_))
    month = drawn["month"].to_numpy()
    ym = (plan.last_closed_month - 11 + month.astype("timedelta64[M]")).astype("datetime64[D]")
    night = _with_late_reports(rng, plan, nights[month])
    rows = pd.concat([drawn[["person"]], bills], axis=1).assign(ym=ym, visits=visits, night=night)
    rows = rows.sort_values(["ym", "person"], kind="stable", ignore_index=True)
    later = [_later_versions(rng, rows, night) for night in range(1, plan.nights)]
    return pd.concat([rows, *later], ignore_index=True)


def _nights_of_months(plan: CityPlan) -> npt.NDArray[np.int64]:
    """The night that first brings each month: the first for the twelve before it, then one after another."""
    closing = [night for night in range(1, plan.nights) if closes_a_month(plan, night)]
    return np.array([0] * 12 + closing, np.int64)


def _with_late_reports(
    rng: np.random.Generator, plan: CityPlan, nights: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Each later night brings a few person-months that a hospital reports late."""
    drawn = rng.random(len(nights)) / LATE_REPORTED_SHARE
    late = np.where(drawn < plan.nights - 1, drawn.astype(np.int64) + 1, 0)
    return np.maximum(nights, late)


def standing_months(versions: pd.DataFrame, night: int) -> pd.DataFrame:
    """The months as they stand after a night."""
    return versions[versions["night"] <= night].drop_duplicates(["person", "ym"], keep="last")


def _later_versions(rng: np.random.Generator, rows: pd.DataFrame, night: int) -> pd.DataFrame:
    rows = rows[rows["night"] < night]
    order = rng.permutation(len(rows))
    corrected, repeated = (max(1, round(len(rows) * share)) for share in LATER_CHANGES.values())
    changed = with_more_from_the_fund(rows.iloc[np.sort(order[:corrected])])
    same = rows.iloc[np.sort(order[corrected : corrected + repeated])]
    return pd.concat([changed.assign(night=night), same.assign(night=night)], ignore_index=True)
