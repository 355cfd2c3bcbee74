"""Who lost work, whose wage fell, and who is without work in a poor household."""

import numpy as np
import pandas as pd

from demo_city.cadence import snapshots_since_the_first
from demo_city.employment import NOT_INSURED, Contributions, rolled
from demo_city.facts import City
from demo_city.truth_rows import hardship_rows

PAID_MONTHS_BEFORE_A_BREAK = 6


def _contributed(city: City, night: int) -> Contributions:
    """The twelve months that the snapshots up to a night tell of."""
    return rolled(city.contributed, snapshots_since_the_first(city.plan, "employee_pension_contribution", night))


def jobs_lost(city: City, night: int) -> pd.DataFrame:
    """Three months or more without contributions after at least six, and nobody else at home pays any."""
    contributed = _contributed(city, night)
    household = city.people.household[contributed.person]
    pays = contributed.is_paid[:, -3:].any(axis=1)
    earners = np.bincount(household[pays], minlength=city.people.households)
    paid_months = contributed.is_paid.sum(axis=1)
    lost = contributed.is_breaking & (paid_months >= PAID_MONTHS_BEFORE_A_BREAK) & (earners[household] == 0)
    lost &= ~np.isin(contributed.person, city.planted.dead)
    last_paid = contributed.is_paid.shape[1] - 1 - np.argmax(contributed.is_paid[:, ::-1], axis=1)
    began = contributed.months[np.minimum(last_paid + 1, contributed.is_paid.shape[1] - 1)].astype("datetime64[D]")
    return hardship_rows(contributed.person[lost], "job_lost", began[lost], "")


def incomes_fallen(city: City, night: int) -> pd.DataFrame:
    """The base stood at or below half its twelve-month median for three months, and did not fall in July."""
    contributed = _contributed(city, night)
    bases = np.where(contributed.bases == NOT_INSURED, np.nan, contributed.bases)
    eligible = np.isfinite(bases).sum(axis=1) >= PAID_MONTHS_BEFORE_A_BREAK
    median = np.zeros(len(bases))
    median[eligible] = np.nanmedian(bases[eligible], axis=1)
    low = bases <= median[:, None] / 2
    months_low = np.argmin(low[:, ::-1], axis=1)
    first_low = contributed.months[np.minimum(low.shape[1] - months_low, low.shape[1] - 1)]
    in_july = first_low.astype(np.int64) % 12 == 6
    fallen = eligible & (months_low >= 3) & ~in_july & ~contributed.is_retired
    return hardship_rows(contributed.person[fallen], "income_drop", first_low[fallen].astype("datetime64[D]"), "")


def unemployed_in_low_income_families(city: City, night: int) -> pd.DataFrame:
    """Whose latest registration is unemployment, in a dibao, marginal, rigid-expenditure or monitored household."""
    known = city.registered[city.registered["night"] <= night].sort_values("register_date", kind="stable")
    latest = known.drop_duplicates("person", keep="last")
    low_income = city.assisted.low_income(city.plan, len(city.people), night)
    jobless = latest[(latest["register_type"] == "2") & low_income[latest["person"]]]
    return hardship_rows(jobless["person"], "unemployed_low_income", jobless["register_date"], "")
