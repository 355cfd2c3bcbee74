"""What people paid for care, as it counts, and whom it put over a limit."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import self_paid
from demo_city.facts import City
from demo_city.medical import standing
from demo_city.outpatient import standing_months
from demo_city.truth_rows import hardship_rows

NOT_COUNTED = ("41", "51", "52")
LEAST_SUDDEN_BILL = 300_000


def counted_costs(city: City, night: int, since: np.datetime64 | None = None) -> pd.DataFrame:
    """Self-paid cost that counts, of the year or since a day, as it stands after a night: person, on, cents, bill."""
    first_day = np.datetime64(city.plan.year_start_on(night), "D") if since is None else since
    settled = pd.concat([standing(city.inpatient, night), standing(city.chronic, night)], ignore_index=True)
    counts = (settled["vali_flag"] == "1") & (settled["refd_setl_flag"] == "0") & ~settled["med_type"].isin(NOT_COUNTED)
    settled = settled[counts & (settled["setl_date"] >= first_day)]
    months = standing_months(city.outpatient, night)
    month_end = (months["ym"].to_numpy("datetime64[M]") + 1).astype("datetime64[D]") - 1
    months, month_end = months[month_end >= first_day], month_end[month_end >= first_day]
    bills = settled[["person"]].assign(on=settled["setl_date"], cents=self_paid(settled), bill=settled["setl_id"])
    outpatient = months[["person"]].assign(on=month_end.astype("datetime64[s]"), cents=self_paid(months), bill="")
    return pd.concat([bills, outpatient], ignore_index=True)


def by_person(costs: pd.DataFrame, people: int) -> npt.NDArray[np.int64]:
    return np.bincount(costs["person"], weights=costs["cents"], minlength=people).astype(np.int64)


def years_over_limit(city: City, night: int) -> pd.DataFrame:
    """People whose self-paid cost of the year is above their limit, with the day it passed the limit."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    costs = counted_costs(city, night).sort_values(["person", "on"], kind="stable")
    costs["total"] = costs.groupby("person")["cents"].cumsum()
    over = costs[costs["total"] > limits[costs["person"]]].drop_duplicates("person")
    return hardship_rows(over["person"], "medical_year_over_limit", over["on"], "")


def over_limit_across_years(
    city: City, night: int, year: npt.NDArray[np.int64], quarter: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Over the limit within 365 days and still paying, though no calendar year shows as much."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    ill = (year > limits) & (10 * quarter >= limits)
    ill[years_over_limit(city, night)["person"]] = False
    day = np.datetime64(city.plan.dates[night], "D")
    person = np.flatnonzero(ill)
    return hardship_rows(person, "medical_over_limit_across_years", np.repeat(day, len(person)), "")


def sudden_bills(city: City, night: int) -> pd.DataFrame:
    """Single settlements of at least three fifths of the person's limit, and 3,000 yuan."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    bills = counted_costs(city, night)
    bills = bills[bills["bill"] != ""]
    large = bills[bills["cents"] >= np.maximum(limits[bills["person"]] * 6 // 10, LEAST_SUDDEN_BILL)]
    return hardship_rows(large["person"], "sudden_bill", large["on"], large["bill"])
