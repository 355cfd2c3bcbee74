"""Who receives dibao or tekun, and which households are marginal or in hardship by rigid expenditure.

Each frame covers all nights: a row stands from `new_from` until before `gone_from`,
and the amount rises on `changed_from`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.cadence import told_until
from demo_city.named_cases import Assistance, first_named, named_people
from demo_city.period import NEVER, CityPlan, random_days
from demo_city.places import inhabited_villages
from demo_city.population import People
from demo_city.relapse import monitored_families, still_monitored
from demo_city.shared_living import as_they_live

DIBAO_SHARE, TEKUN_SHARE, MARGINAL_SHARE, RIGID_SHARE = 0.028, 0.0033, 0.0028, 0.0015
# Of the families, how many come, go or change on each later night.
MOVING_SHARE = 0.003
EXPIRED_SHARE = 0.08
# How much more a standard deviation of standing weighs than the chance by which families come to be assisted.
STANDING_COUNTS = 2.0

LIMITS = {
    "tekun": 100_000,
    "dibao": 500_000,
    "marginal": 1_000_000,
    "rigid_expenditure": 1_000_000,
    "relapse_monitored": 1_000_000,
}
DEFAULT_LIMIT = 1_500_000


@dataclass(frozen=True)
class AssistedPeople:
    """The three registers of the civil affairs department, and that of the monitored families."""

    dibao: pd.DataFrame
    tekun: pd.DataFrame
    marginal_and_rigid: pd.DataFrame
    relapse: pd.DataFrame

    def everyone(self, people: int) -> npt.NDArray[np.bool_]:
        """Who stands in any register of civil affairs on any night."""
        listed = np.zeros(people, np.bool_)
        for frame in (self.dibao, self.tekun, self.marginal_and_rigid):
            listed[frame["person"]] = True
        return listed

    def low_income(self, plan: CityPlan, people: int, night: int) -> npt.NDArray[np.bool_]:
        """Who belongs to a dibao, marginal, rigid-expenditure or monitored household on a night."""
        listed = np.zeros(people, np.bool_)
        told = told_until(plan, "dibao", night)
        listed[on_night(self.dibao, told)["person"]] = True
        listed[_valid(plan, self.marginal_and_rigid, night)["person"]] = True
        listed[still_monitored(on_night(self.relapse, told))["person"]] = True
        return listed

    def limits(self, plan: CityPlan, people: int, night: int) -> npt.NDArray[np.int64]:
        """The yearly limit of self-paid cost for each person on a night, in cents: the lowest that fits."""
        limits, told = np.full(people, DEFAULT_LIMIT), told_until(plan, "dibao", night)
        limits[still_monitored(on_night(self.relapse, told))["person"]] = LIMITS["relapse_monitored"]
        limits[_valid(plan, self.marginal_and_rigid, night)["person"]] = LIMITS["marginal"]
        limits[on_night(self.dibao, told)["person"]] = LIMITS["dibao"]
        limits[on_night(self.tekun, told)["person"]] = LIMITS["tekun"]
        return limits


def on_night(frame: pd.DataFrame, night: int) -> pd.DataFrame:
    """The rows of a register as it stands on a night."""
    standing = frame[(frame["new_from"] <= night) & (night < frame["gone_from"])].copy()
    amount = "per_capita_income" if "per_capita_income" in standing else "monthly_amount"
    standing[amount] += np.where(standing["changed_from"] <= night, 3_000, 0)
    return standing


def assisted_people(plan: CityPlan, people: People, standing: npt.NDArray[np.float64]) -> AssistedPeople:
    """Draw the registers; nobody stands in two of civil affairs'; monitored families may stand in one of them too."""
    rng = plan.random("assistance")
    sizes = np.bincount(people.household)
    named_household = people.household[people.is_named].min()
    order = rng.permutation(np.arange(named_household))
    need = _need(people, standing)
    order = order[np.argsort(-(need[order] + rng.gumbel(0, 1, len(order))), kind="stable")]
    alone = (sizes == 1) & _are_old(people)
    tekun = order[alone[order]][: max(2, round(len(people) * TEKUN_SHARE))]
    rest = order[~np.isin(order, tekun)]
    dibao, rest = _take(rest, sizes, round(len(people) * DIBAO_SHARE))
    marginal, rest = _take(rest, sizes, round(len(people) * MARGINAL_SHARE))
    rigid, _ = _take(rest, sizes, round(len(people) * RIGID_SHARE))
    taken = np.isin(people.household, np.r_[tekun, marginal, rigid])
    return AssistedPeople(
        dibao=_dibao(rng, plan, people, _with_named(people, dibao, "dibao"), taken),
        tekun=_tekun(rng, plan, people, _with_named(people, tekun, "tekun")),
        marginal_and_rigid=_marginal_and_rigid(
            rng,
            plan,
            people,
            _with_named(people, marginal, "marginal"),
            _with_named(people, rigid, "rigid_expenditure"),
        ),
        relapse=monitored_families(plan, people, dibao, standing),
    )


def _need(people: People, standing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The poor are likelier to be assisted, and among them the old and the alone."""
    alone = np.bincount(people.household) == 1
    return np.where(_are_old(people), 1.0, 0.0) + np.where(alone, 0.6, 0.0) - STANDING_COUNTS * standing


def _are_old(people: People) -> npt.NDArray[np.bool_]:
    mean_age = np.bincount(people.household, weights=people.age) / np.bincount(people.household)
    old: npt.NDArray[np.bool_] = mean_age >= 60
    return old


def _take(
    order: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], people: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first households that hold so many people, and the rest."""
    count = int(np.searchsorted(np.cumsum(sizes[order]), people)) + 1
    return order[:count], order[count:]


def _with_named(people: People, households: npt.NDArray[np.int64], assistance: Assistance) -> npt.NDArray[np.int64]:
    named = {
        int(people.household[first_named(len(people)) + person.at])
        for person in named_people()
        if person.household.assistance == assistance
    }
    joined: npt.NDArray[np.int64] = np.r_[np.sort(households), np.array(sorted(named), np.int64)]
    return joined


def _members(people: People, households: npt.NDArray[np.int64], prefix: str) -> pd.DataFrame:
    """One row for each member of the households, with the family's number."""
    person = np.flatnonzero(np.isin(people.household, households))
    family = people.household[person]
    is_head = np.r_[True, family[1:] != family[:-1]]
    return pd.DataFrame({
        "person": person,
        "family": family,
        "family_no": np.char.add(f"{prefix}3407", (10_000_000 + family).astype("U8")),
        "applicant_flag": np.where(is_head, "1", "0"),
    })  # fmt: skip


def _by_family(frame: pd.DataFrame, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Spread one value a family over its members."""
    _, position = np.unique(frame["family"].to_numpy(), return_inverse=True)
    spread: npt.NDArray[np.generic] = values[position]
    return spread


def _with_moves(rng: np.random.Generator, plan: CityPlan, people: People, frame: pd.DataFrame) -> pd.DataFrame:
    """Let a few families come, go or change on each later night; the named ones stay."""
    families = np.unique(frame["family"])
    movable = families[families < people.household[first_named(len(people))]]
    order = rng.permutation(movable)
    each = max(1, round(len(movable) * MOVING_SHARE))
    frame = frame.assign(new_from=0, gone_from=NEVER, changed_from=NEVER)
    for night in range(1, plan.nights):
        parts = np.split(order[: 3 * each], [each, 2 * each])
        order = order[3 * each :]
        for column, moving in zip(("new_from", "gone_from", "changed_from"), parts, strict=True):
            frame.loc[frame["family"].isin(moving), column] = night
    return frame


def _start_dates(
    rng: np.random.Generator, plan: CityPlan, frame: pd.DataFrame, first: date
) -> npt.NDArray[np.datetime64]:
    """The first of a month, one a family, before the month of the first night."""
    last = plan.first_night.replace(day=1) - timedelta(days=1)
    days = random_days(rng, first, last, frame["family"].nunique())
    return _by_family(frame, days.astype("datetime64[M]").astype("datetime64[D]")).astype("datetime64[D]")


def _dibao(
    rng: np.random.Generator,
    plan: CityPlan,
    people: People,
    households: npt.NDArray[np.int64],
    taken: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    frame = as_they_live(rng, people, _members(people, households, "DB"), taken)
    families = frame["family"].nunique()
    is_urban = np.array([village.urban_rural_code.startswith("1") for village in inhabited_villages()])
    size = frame.groupby("family")["person"].transform("size")
    start = _start_dates(rng, plan, frame, date(2016, 1, 1))
    latest = np.datetime64(plan.first_night - timedelta(days=20), "D")
    review = np.maximum(start, latest - _by_family(frame, rng.integers(0, 300, families)).astype("timedelta64[D]"))
    frame = frame.assign(
        area_kind=np.where(is_urban[people.village[frame["person"]]], "1", "2"),
        category=_by_family(frame, rng.choice(["A", "B", "C"], families, p=[0.35, 0.45, 0.2])),
        member_count=size,
        monthly_amount=_by_family(frame, rng.integers(260, 720, families)).astype(np.int64) * 100 * size,
        start_date=start,
        review_date=review,
    )
    return _with_moves(rng, plan, people, frame)


def _tekun(rng: np.random.Generator, plan: CityPlan, people: People, households: npt.NDArray[np.int64]) -> pd.DataFrame:
    frame = _members(people, households, "TK")
    level = rng.choice(["1", "2", "3"], len(frame), p=[0.6, 0.22, 0.18])
    frame = frame.assign(
        support_kind=np.where(rng.random(len(frame)) < 0.2, "1", "2"),
        selfcare_level=level,
        start_date=_start_dates(rng, plan, frame, date(2012, 1, 1)),
        monthly_amount=np.select([level == "1", level == "2"], [112_000, 145_000], 198_000),
    )
    return _with_moves(rng, plan, people, frame)


def _marginal_and_rigid(
    rng: np.random.Generator,
    plan: CityPlan,
    people: People,
    marginal: npt.NDArray[np.int64],
    rigid: npt.NDArray[np.int64],
) -> pd.DataFrame:
    frame = _members(people, np.r_[marginal, rigid], "BY")
    families = frame["family"].nunique()
    is_rigid = frame["family"].isin(rigid).to_numpy()
    start, end = _recognitions(rng, plan, people, frame)
    frame = frame.assign(
        household_kind=np.where(is_rigid, "2", "1"),
        per_capita_income=_by_family(frame, rng.integers(720, 1500, families)).astype(np.int64) * 100,
        rigid_ratio=np.where(is_rigid, _by_family(frame, rng.integers(6000, 9500, families)), -1).astype(np.int64),
        start_date=start,
        valid_to=end,
    )
    return _with_moves(rng, plan, people, frame)


def _recognitions(
    rng: np.random.Generator, plan: CityPlan, people: People, frame: pd.DataFrame
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """Twelve months each; some families' recognition has already lapsed, never a named family's."""
    families = np.unique(frame["family"])
    ago = rng.integers(40, 330, len(families))
    ago += np.where(rng.random(len(families)) < EXPIRED_SHARE, 365, 0)
    ago = np.where(families >= people.household[first_named(len(people))], 200, ago)
    start = np.datetime64(plan.first_night, "D") - _by_family(frame, ago).astype("timedelta64[D]")
    return start, start + np.timedelta64(364, "D")


def _valid(plan: CityPlan, frame: pd.DataFrame, night: int) -> pd.DataFrame:
    rows = on_night(frame, told_until(plan, "marginal_and_rigid", night))
    return rows[rows["valid_to"] >= np.datetime64(plan.dates[night], "D")]
