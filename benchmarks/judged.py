"""Warnings beside the truth: how many met a household that the rules would help, and how many such were met."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.facts import City
from demo_city.need_rows import assisted_households
from demo_city.population import People

VISIT_DAYS = 30
# Of a normal distribution, for intervals of 95 %.
Z = 1.96
AGE_BANDS = {"under 40": (0, 40), "40 to 59": (40, 60), "60 to 74": (60, 75), "75 and more": (75, 200)}

MEASURES = ("yield", "recall")

Mask = npt.NDArray[np.bool_]


def met(warnings: pd.DataFrame, needs: pd.DataFrame) -> pd.Series:
    """Whether each warning's household is in need on the day of the warning, or of the visit within a month."""
    pairs = _together(warnings, needs)
    return pd.Series(np.isin(np.arange(len(warnings)), pairs["warning"]), index=warnings.index)


def found_by(needs: pd.DataFrame, warnings: pd.DataFrame) -> Mask:
    """Whether each need was met by a warning, whatever its model, while it lasted."""
    met_needs: Mask = np.isin(np.arange(len(needs)), _together(warnings, needs)["need"])
    return met_needs


def _together(warnings: pd.DataFrame, needs: pd.DataFrame) -> pd.DataFrame:
    left = warnings[["household", "warned_on"]].assign(warning=np.arange(len(warnings)))
    pairs = left.merge(needs[["household", "since", "until"]].assign(need=np.arange(len(needs))), on="household")
    begun = pairs["since"] <= pairs["warned_on"] + pd.Timedelta(days=VISIT_DAYS)
    together: pd.DataFrame = pairs[begun & (pairs["until"] >= pairs["warned_on"])]
    return together


def share_with_interval(ones: int, of: int) -> Mapping[str, Any]:
    """A share with its 95 % interval (Wilson); of nothing it may be anything."""
    if of == 0:
        return {"share": 0.0, "ones": 0, "of": 0, "low": 0.0, "high": 1.0}
    share = ones / of
    middle, width = share + Z * Z / (2 * of), Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    scale = 1 + Z * Z / of
    return {"share": share, "ones": ones, "of": of, "low": (middle - width) / scale, "high": (middle + width) / scale}


def by_group(
    city: City, warnings: pd.DataFrame, hit: pd.Series, needs: pd.DataFrame, found: Mask
) -> Mapping[str, Mapping[str, Any]]:
    """Yield and recall by sex and age of the head, county, town or village, and tier."""
    report: dict[str, dict[str, Any]] = {}
    for title, group in groups(city).items():
        of_warning, of_need = group[warnings["household"]], group[needs["household"]]
        report[title] = {
            str(name): {
                "yield": share_with_interval(
                    int(hit.to_numpy()[of_warning == name].sum()), int((of_warning == name).sum())
                ),
                "recall": share_with_interval(int(found[of_need == name].sum()), int((of_need == name).sum())),
            }
            for name in np.unique(group)
        }
    return report


def gaps(by_group: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """How far the best and the worst part of each group lie apart, and whether chance alone could do it.

    A part without warnings or needs is left out. `beyond_chance` is where the two intervals do not touch.
    """
    return {
        title: {measure: _gap({name: both[measure] for name, both in parts.items()}) for measure in MEASURES}
        for title, parts in by_group.items()
    }


def _gap(shares: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    told = {name: share for name, share in shares.items() if share["of"]}
    if not told:
        return {"gap": 0.0, "best": None, "worst": None, "beyond_chance": False}
    best, worst = (pick(told, key=lambda name: told[name]["share"]) for pick in (max, min))
    return {
        "gap": told[best]["share"] - told[worst]["share"],
        "best": best,
        "worst": worst,
        "beyond_chance": told[best]["low"] > told[worst]["high"],
    }


def groups(city: City) -> Mapping[str, npt.NDArray[np.str_]]:
    """Each household's groups."""
    people = city.people
    head = _heads(people)
    age = people.age[head]
    bands = [(age >= low) & (age < high) for low, high in AGE_BANDS.values()]
    village_codes = np.array(people.village_codes)[people.village[head]]
    return {
        "sex of the head": np.where(people.is_male[head], "man", "woman"),
        "age of the head": np.select(bands, list(AGE_BANDS), "?"),
        "county": village_codes.astype("U6"),
        "town or village": np.where(city.means.is_village, "village", "town"),
        "tier": np.where(assisted_households(city), "assisted", "general"),
    }


def _heads(people: People) -> npt.NDArray[np.int64]:
    return np.searchsorted(people.household, np.arange(people.households))
