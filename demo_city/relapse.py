"""Rural households lifted out of poverty, and those monitored against relapse."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.draw import Mask, Places, chosen, days_before, first_of_month, rows_of, shared_out, where_day
from demo_city.period import NEVER, CityPlan
from demo_city.places import inhabited_villages
from demo_city.population import People

MEMBERS = 25
MONITORED_SHARE, CLEARED_SHARE, MOVING_SHARE = 0.16, 0.3, 0.01
# Of the households, how many are taken because they are in dibao as well.
BOTH_SHARE = 0.03
RELATIONS = {"02": "户主", "11": "之夫", "12": "之妻", "20": "之子", "30": "之女", "28": "之女婿", "38": "之儿媳",
             "40": "之孙辈", "51": "之父", "52": "之母", "70": "之兄弟姐妹"}  # fmt: skip
RISKS = {"1": 0.5, "2": 0.2, "3": 0.1, "4": 0.05, "5": 0.1, "9": 0.05}


def monitored_families(
    plan: CityPlan, people: People, dibao: Places, standing: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """One row a member over all nights: `new_from` until before `gone_from`, the income rises on `changed_from`.

    Some of the monitored households are in dibao as well.
    """
    rng = plan.random("relapse")
    families, is_both = _families(rng, people, dibao, standing)
    size = len(families)
    is_monitored = (rng.random(size) < MONITORED_SHARE) | is_both
    is_monitored[:2] = True
    first = np.datetime64(plan.first_night, "D")
    identified = first_of_month(days_before(first, rng.integers(200, 1800, size)))
    is_cleared = is_monitored & (rng.random(size) < CLEARED_SHARE) & ~is_both
    is_cleared[:2] = [False, True]
    cleared = first_of_month(identified + rng.integers(40, 160, size).astype("timedelta64[D]"))
    by_family = pd.DataFrame({
        "family": families,
        "household_kind": np.where(is_monitored, "2", "1"),
        "monitored_kind": np.where(is_monitored, shared_out(rng, {"1": 0.35, "2": 0.4, "3": 0.25}, size), ""),
        "main_risk": shared_out(rng, RISKS, size),
        "identified_month": where_day(is_monitored, identified),
        "risk_cleared": np.select([is_cleared, is_monitored], ["1", "0"], ""),
        "cleared_month": where_day(is_cleared, cleared),
        "cleared_how": np.where(is_cleared, shared_out(rng, {"1": 0.8, "2": 0.15, "3": 0.05}, size), ""),
        "per_capita_income": rng.integers(8_500, 19_000, size) * 100,
        "family_no": [f"34070{family:08d}" for family in families],
    })  # fmt: skip
    by_family = _with_moves(rng, plan, by_family)
    person = np.flatnonzero(np.isin(people.household, families))
    rows = pd.DataFrame({"person": person, "family": people.household[person]}).merge(by_family, on="family")
    relation = people.relation_code.take(person).to_pylist()
    return rows.assign(relation=[RELATIONS.get(code, "其他") for code in relation])


def still_monitored(rows: pd.DataFrame) -> pd.DataFrame:
    """Those whose risk stands; they belong to the low-income population."""
    monitored: pd.DataFrame = rows[rows["risk_cleared"] == "0"]
    return monitored


def _families(
    rng: np.random.Generator, people: People, dibao: Places, standing: npt.NDArray[np.float64]
) -> tuple[Places, Mask]:
    """Rural households of the drawn people, and which of them were taken because they are in dibao."""
    is_rural = np.array([village.urban_rural_code.startswith("2") for village in inhabited_villages()])
    is_head = np.r_[True, people.household[1:] != people.household[:-1]]
    among: Mask = is_head & is_rural[people.village] & ~people.is_named
    sizes = np.bincount(people.household)
    poorer = among * np.exp(-1.2 * standing[people.household])
    heads = chosen(rng, poorer, max(8, round(rows_of(len(people), MEMBERS) / sizes.mean())))
    in_dibao = _in_dibao(rng, people, among, dibao, max(2, round(len(heads) * BOTH_SHARE)))
    families: Places = np.unique(np.r_[people.household[heads], in_dibao])
    return families, np.isin(families, in_dibao)


def _in_dibao(rng: np.random.Generator, people: People, among: Mask, dibao: Places, count: int) -> Places:
    """So many households of the heads among whom we choose, all of them in dibao."""
    at = chosen(rng, among & np.isin(people.household, dibao), count)
    households: Places = people.household[at]
    return households


def _with_moves(rng: np.random.Generator, plan: CityPlan, families: pd.DataFrame) -> pd.DataFrame:
    """On each later night a few families come, go or report another income."""
    families = families.assign(new_from=0, gone_from=NEVER, changed_from=NEVER)
    order = rng.permutation(np.arange(2, len(families)))
    each = max(1, round(len(families) * MOVING_SHARE))
    for night in range(1, plan.nights):
        for column in ("new_from", "gone_from", "changed_from"):
            families.loc[order[:each], column] = night
            order = order[each:]
    return families
