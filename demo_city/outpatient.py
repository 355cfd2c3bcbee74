"""General outpatient cost by person and month, for the closed months of the year."""

import numpy as np
import pandas as pd

from demo_city.bills import drawn_bills, with_more_from_the_fund
from demo_city.medical import frailty
from demo_city.period import CityPlan
from demo_city.population import People

MONTHS_A_YEAR = 0.687
KEPT_AMOUNTS = [
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "psn_cash_pay",
]
LATER_CHANGES = {"corrected": 0.002, "repeated": 0.004}


def outpatient_months(plan: CityPlan, people: People) -> pd.DataFrame:
    """Row versions of the months: `night` delivers a version."""
    rng = plan.random("outpatient")
    first_month = np.datetime64(plan.year_start, "M")
    months = int((plan.last_closed_month - first_month).astype(np.int64)) + 1
    count = round(len(people) * MONTHS_A_YEAR * max(months, 0) / 12)
    drawn = pd.DataFrame({
        "person": rng.choice(len(people), count, p=frailty(plan.random("frailty"), people)),
        "month": rng.integers(0, max(months, 1), count),
    }).drop_duplicates(ignore_index=True)  # fmt: skip
    visits = rng.poisson(0.8, len(drawn)) + 1
    total = np.exp(rng.normal(np.log(15_000), 0.7, len(drawn))).astype(np.int64) * visits + 500
    bills = drawn_bills(rng, total, rng.uniform(0.3, 0.6, len(drawn)), np.zeros(len(drawn), np.bool_))
    ym = (first_month + drawn["month"].to_numpy().astype("timedelta64[M]")).astype("datetime64[D]")
    rows = pd.concat([drawn[["person"]], bills], axis=1).assign(ym=ym, visits=visits, night=0)
    rows = rows.sort_values(["ym", "person"], kind="stable", ignore_index=True)
    later = [_later_versions(rng, rows, night) for night in range(1, plan.nights)]
    return pd.concat([rows, *later], ignore_index=True)


def standing_months(versions: pd.DataFrame, night: int) -> pd.DataFrame:
    """The months as they stand after a night."""
    return versions[versions["night"] <= night].drop_duplicates(["person", "ym"], keep="last")


def _later_versions(rng: np.random.Generator, rows: pd.DataFrame, night: int) -> pd.DataFrame:
    order = rng.permutation(len(rows))
    corrected, repeated = (max(1, round(len(rows) * share)) for share in LATER_CHANGES.values())
    changed = with_more_from_the_fund(rows.loc[np.sort(order[:corrected])])
    same = rows.loc[np.sort(order[corrected : corrected + repeated])]
    return pd.concat([changed.assign(night=night), same.assign(night=night)], ignore_index=True)
