"""Whose care costs more than the household can bear by the rules."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import Cents
from demo_city.facts import City
from demo_city.incomes import Livelihood
from demo_city.medical import standing
from demo_city.need_rates import rates
from demo_city.need_rows import (
    assisted_households,
    need_rows,
)
from demo_city.outpatient import standing_months

NOT_COUNTED = ("41", "51", "52")


def ill(city: City, living: Livelihood) -> pd.DataFrame:
    """Whose care of a year costs more than the household can bear by the rules."""
    rate = rates()
    bearable, help_given = _bearable(city, living)
    net_of_kin = bearable + living.kin_support
    with np.errstate(invalid="ignore"):
        limit = net_of_kin / (1 - living.insurance_pays)
    costs = true_burdens(city)
    yearly = costs.groupby("household")["yuan"].sum()
    costs = costs[costs["household"].isin(yearly.index[yearly > limit[yearly.index]])]
    costs = costs.sort_values(["household", "on"], kind="stable", ignore_index=True)
    indexed = costs.set_index("on").groupby("household")["yuan"].rolling("365D").sum()
    costs["rolling"] = indexed.to_numpy()
    over = costs[costs["rolling"] > limit[costs["household"]]]
    spells = over.groupby("household")["on"].agg(["min", "max"])
    household = spells.index.to_numpy(np.int64)
    since = spells["min"].to_numpy("datetime64[D]")
    until = spells["max"].to_numpy("datetime64[D]") + int(rate["helped_for_days"])
    return need_rows(household, "medical", help_given[household], since, until, since)


def _bearable(city: City, living: Livelihood) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """What each household can bear of cost for care in a year before it is helped, and with what it then is."""
    rate, size = rates(), len(living.size)
    limits = np.full((3, size), np.inf)
    is_assisted = assisted_households(city)
    poorer = (living.income < living.average_income) & living.within_property
    limits[0][poorer] = rate["rigid_ratio"] * living.income[poorer]
    limits[1][living.within_property] = (living.income - living.standard)[living.within_property]
    assisted = is_assisted & living.within_property
    limits[2][assisted] = rate["assisted_burden_ratio"] * living.income[assisted]
    least = np.where(is_assisted, rate["least_burden_of_assisted"], rate["least_burden"])
    limits = np.maximum(limits, least)
    kinds = np.array(["rigid_expenditure", "temporary_aid", "medical_aid"], object)
    chosen = limits.argmin(axis=0)
    return limits.min(axis=0), np.where(is_assisted, "medical_aid", kinds[chosen])


def true_burdens(city: City) -> pd.DataFrame:
    """All that people paid for care themselves, outside coverage too: household, on, yuan."""
    last = city.plan.nights - 1
    settled = pd.concat([standing(city.inpatient, last), standing(city.chronic, last)], ignore_index=True)
    counts = (settled["vali_flag"] == "1") & (settled["refd_setl_flag"] == "0") & ~settled["med_type"].isin(NOT_COUNTED)
    settled = settled[counts]
    months = standing_months(city.outpatient, last)
    month_end = (months["ym"].to_numpy("datetime64[M]") + 1).astype("datetime64[D]") - 1
    household = city.people.household
    return pd.DataFrame({
        "household": np.r_[household[settled["person"]], household[months["person"]]],
        "on": np.r_[settled["setl_date"].to_numpy("datetime64[D]"), month_end],
        "yuan": np.r_[_yuan(settled["psn_part_amt"]), _yuan(months["psn_part_amt"])],
    })  # fmt: skip


def _yuan(cents: pd.Series) -> npt.NDArray[np.float64]:
    amounts: Cents = cents.to_numpy(np.int64)
    return amounts / 100
