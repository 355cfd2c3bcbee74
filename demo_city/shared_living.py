"""Families that live together (共同生活家庭成员) where they are not the registered household.

The allowance looks at who lives together: a grown child who earns elsewhere is left out, an old
relative who is registered alone but lives with the family is counted in.
"""

import numpy as np
import pandas as pd

from demo_city.draw import Mask
from demo_city.population import People

GROWN_UP = 24
OLD = 60
LEAST_MEMBERS = 3
LEFT_OUT_SHARE, COUNTED_IN_SHARE = 0.4, 0.04
CHILD_CODES = ("20", "30")


def as_they_live(rng: np.random.Generator, people: People, members: pd.DataFrame, taken: Mask) -> pd.DataFrame:
    """The families' members as they live together; who is `taken` by another register is not counted in."""
    size = members.groupby("family")["person"].transform("size").to_numpy()
    person = members["person"].to_numpy()
    is_child = np.isin(people.relation_code.take(person).to_numpy(zero_copy_only=False), CHILD_CODES)
    grown = is_child & (people.age[person] >= GROWN_UP) & (size >= LEAST_MEMBERS) & ~people.is_named[person]
    left_out = grown & (rng.random(len(members)) < LEFT_OUT_SHARE)
    stays = members[~left_out]
    living = pd.concat([stays, _counted_in(rng, people, stays, taken)], ignore_index=True)
    ordered: pd.DataFrame = living.sort_values("family", kind="stable", ignore_index=True)
    return ordered


def _counted_in(rng: np.random.Generator, people: People, members: pd.DataFrame, taken: Mask) -> pd.DataFrame:
    """Old people registered alone in the same village as a family; each of them lives with one family at most."""
    sizes = np.bincount(people.household)
    alone = (sizes[people.household] == 1) & (people.age >= OLD) & ~people.is_named & ~taken
    alone[members["person"]] = False
    heads = members[(members["applicant_flag"] == "1") & ~people.is_named[members["person"]]]
    heads = heads.sample(frac=1, random_state=rng).iloc[: max(1, round(len(heads) * COUNTED_IN_SHARE))]
    free = {village: list(np.flatnonzero(alone & (people.village == village))) for village in _villages(people, heads)}
    found = [free[village].pop() if free[village] else -1 for village in people.village[heads["person"]]]
    joined: pd.DataFrame = heads.assign(person=found, applicant_flag="0")
    return joined[joined["person"] >= 0]


def _villages(people: People, heads: pd.DataFrame) -> list[int]:
    return sorted({int(village) for village in people.village[heads["person"]]})


def differences(people: People, families: pd.DataFrame) -> pd.DataFrame:
    """Who lives with a family of the register `families` and is registered elsewhere, or the other way round."""
    person, family = families["person"].to_numpy(np.int64), families["family"].to_numpy(np.int64)
    elsewhere = people.household[person] != family
    registered = np.flatnonzero(np.isin(people.household, family))
    left_out = registered[~np.isin(registered, person)]
    numbers = dict(zip(family, families["family_no"], strict=True))
    both = np.r_[person[elsewhere], left_out]
    family_of = np.r_[family[elsewhere], people.household[left_out]]
    kinds = ["counted_in"] * int(elsewhere.sum()) + ["left_out"] * len(left_out)
    return pd.DataFrame({
        "family_no": [numbers[number] for number in family_of],
        "identity_number": people.certno.take(both).to_pylist(),
        "household_no": people.household_no.take(both).to_pylist(),
        "difference": kinds,
    })  # fmt: skip
