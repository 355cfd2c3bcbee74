"""What every kind of need asks of a household, and the form in which needs stand."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.facts import City
from demo_city.incomes import Livelihood

Households = npt.NDArray[np.int64]
NEVER_SHOWN = np.datetime64("NaT", "D")
COLUMNS = ["household", "cause", "help", "since", "until", "shown_on"]


def assisted_households(city: City) -> npt.NDArray[np.bool_]:
    """Households with a member in a register of civil affairs, or monitored against relapse."""
    assisted = city.assisted.everyone(len(city.people))
    relapse = city.assisted.relapse
    assisted[relapse["person"][relapse["risk_cleared"] == "0"]] = True
    found = np.zeros(city.people.households, np.bool_)
    found[city.people.household[assisted]] = True
    return found


def depending_households(city: City) -> npt.NDArray[np.bool_]:
    """Households with a minor, somebody of sixty or more, or a severely disabled member."""
    people = city.people
    depends = (people.age < 18) | (people.age >= 60)
    severe = city.certified[(city.certified["disability_level"] <= 2)]["person"].to_numpy(np.int64)
    depends[severe] = True
    found = np.zeros(people.households, np.bool_)
    found[people.household[depends]] = True
    return found


def poor_without(living: Livelihood, household: Households, lost: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether households fall under the line for marginal ones without some of their income."""
    left = living.income[household] - lost + living.kin_support[household]
    poor: npt.NDArray[np.bool_] = (left < living.marginal_line[household]) & living.within_emergency_savings[household]
    return poor


def need_rows(
    household: Households, cause: str, help_given: object, since: object, until: object, shown: object
) -> pd.DataFrame:
    return pd.DataFrame({
        "household": np.asarray(household, np.int64),
        "cause": cause,
        "help": help_given,
        "since": np.asarray(since, "datetime64[D]"),
        "until": np.asarray(until, "datetime64[D]"),
        "shown_on": np.asarray(shown, "datetime64[D]"),
    })  # fmt: skip
