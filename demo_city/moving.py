"""Households that move within the city, and people whose telephone or marriage changes.

The household register tells of them by increments; of a move the register events tell as well.
"""

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.draw import Mask, Places, chosen
from demo_city.period import CityPlan
from demo_city.places import full_name, inhabited_villages
from demo_city.population import People
from demo_city.render import register_facts

MOVING_SHARE, CHANGED_SHARE = 0.001, 0.0035
MARRIED, DIVORCED, WIDOWED, SINGLE = "20", "40", "30", "10"
NEXT_STATUS = {SINGLE: MARRIED, MARRIED: DIVORCED, DIVORCED: MARRIED, WIDOWED: MARRIED}
LEAST_AGE_TO_MARRY = 22
CHANGING = ["village_code", "grid_code", "address", "phone", "marital_code"]


def register_changes(plan: CityPlan, people: People, quiet: Mask) -> pd.DataFrame:
    """Rows of the household register that are otherwise from a `night` on; nothing changes for the quiet.

    A row that moves tells in `moved_from` where it moved from.
    """
    rng = plan.random("register changes")
    may = ~quiet & ~people.is_named
    has_comma = pc.match_substring(people.address, ",").to_numpy(zero_copy_only=False)
    torn = np.flatnonzero(may & has_comma & (people.age >= LEAST_AGE_TO_MARRY))
    changes = _rows(people, np.zeros(0, np.int64), pd.DataFrame()).assign(night=0)
    for night in range(1, plan.nights):
        moving = np.unique(rng.choice(people.household[may], max(1, round(people.households * MOVING_SHARE))))
        member = np.flatnonzero(np.isin(people.household, moving) & may)
        at = chosen(rng, may & (people.age >= LEAST_AGE_TO_MARRY), max(2, round(len(people) * CHANGED_SHARE)))
        # One of them has an address that is torn apart where commas delimit.
        at = np.union1d(at, rng.choice(torn, min(1, len(torn))))
        at = at[~np.isin(people.household[at], moving)]
        moved = _moved(rng, people, _rows(people, member, changes), moving)
        otherwise = _otherwise(_rows(people, at, changes), night)
        changes = pd.concat([changes, moved.assign(night=night), otherwise.assign(night=night)], ignore_index=True)
    return changes


def _rows(people: People, person: Places, earlier: pd.DataFrame) -> pd.DataFrame:
    """The register's rows of some people as they stand after earlier changes."""
    rows = register_facts(people, person)
    taken = pa.array(person)
    for column in ("address", "phone", "marital_code"):
        rows[column] = getattr(people, column).take(taken).to_pylist()
    return _overlaid(rows, earlier).assign(moved_from="")


def _overlaid(rows: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    if changes.empty or rows.empty:
        return rows
    latest = changes.drop_duplicates("person", keep="last").set_index("person")[CHANGING]
    rows = rows.set_index("person", drop=False)
    both = rows.index.intersection(latest.index)
    rows.loc[both, CHANGING] = latest.loc[both]
    return rows.reset_index(drop=True)


def _moved(rng: np.random.Generator, people: People, rows: pd.DataFrame, households: Places) -> pd.DataFrame:
    """Whole households in a grid of another village, at a new address."""
    at = np.searchsorted(households, people.household[rows["person"]])
    grid = rng.integers(0, len(people.grids.codes), len(households))[at]
    house = rng.integers(1, 400, len(households))[at]
    codes = np.array(people.grids.village_codes, object)[grid]
    names = _village_names(people.village_codes)
    return rows.assign(
        village_code=codes,
        grid_code=np.array(people.grids.codes, object)[grid],
        address=[f"{names[code]}{number}号" for code, number in zip(codes, house, strict=True)],
        moved_from=[names[code] for code in rows["village_code"]],
    )


@cache
def _village_names(codes: tuple[str, ...]) -> dict[str, str]:
    return {code: full_name(village) for code, village in zip(codes, inhabited_villages(), strict=True)}


def _otherwise(rows: pd.DataFrame, night: int) -> pd.DataFrame:
    """Another telephone for most, another marital status for the rest."""
    person = rows["person"].to_numpy()
    marries = person % 5 == 0
    phones = [f"19901{number % 1_000_000:06d}" for number in person * 7 + night]
    statuses = [NEXT_STATUS.get(code, code) for code in rows["marital_code"]]
    return rows.assign(
        phone=np.where(marries, rows["phone"], phones),
        marital_code=np.where(marries, statuses, rows["marital_code"]),
    )


def register_on(people: People, changes: pd.DataFrame, night: int, gone: Places) -> pd.DataFrame:
    """The whole register as it stands on a night, without those who are gone from it."""
    if night == 0:
        return register_facts(people, np.arange(len(people)))
    still = np.setdiff1d(np.arange(len(people)), gone)
    return _rows(people, still, changes[changes["night"] <= night])


def move_events(plan: CityPlan, changes: pd.DataFrame) -> pd.DataFrame:
    """A register event for each person who moved within the city."""
    moved = changes[changes["moved_from"] != ""]
    day = np.array(plan.dates, "datetime64[D]")[moved["night"].to_numpy(np.int64)] - 1
    return pd.DataFrame({
        "person": moved["person"].to_numpy(np.int64),
        "event_kind": "2",
        "happened_on": day,
        "event_date": day,
        "other_place": moved["moved_from"].to_numpy(),
    })  # fmt: skip
