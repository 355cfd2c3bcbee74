"""Pension contributions of the employed over twelve months, with breaks, falls and July re-basing."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.named_cases import first_named, named_people
from demo_city.names import EMPLOYERS, FLEXIBLE_EMPLOYER
from demo_city.period import CityPlan
from demo_city.population import People

MONTHS = 12
SNAPSHOT_MONTHS = 6
FLOOR_BEFORE_JULY, FLOOR_SINCE_JULY, CEILING = 401_900, 418_000, 2_090_000
NOT_INSURED = -1
BREAK_SHARE, LATE_SHARE, HEALED_BREAK_SHARE, FALL_SHARE, ENTRANT_SHARE = 0.012, 0.03, 0.02, 0.006, 0.03


@dataclass(frozen=True)
class Contributions:
    """One row for each insured person; months run from the oldest to the newest.

    `ends` is the last month that anybody pays for; none where nothing ends.
    """

    person: npt.NDArray[np.int64]
    months: npt.NDArray[np.datetime64]
    bases: npt.NDArray[np.int64]
    is_paid: npt.NDArray[np.bool_]
    is_retired: npt.NDArray[np.bool_]
    status: npt.NDArray[np.str_]
    employer: npt.NDArray[np.str_]
    ends: npt.NDArray[np.datetime64]

    @property
    def is_breaking(self) -> npt.NDArray[np.bool_]:
        """Whether the three newest months are unpaid, of someone not retired."""
        unpaid: npt.NDArray[np.bool_] = ~self.is_paid[:, -3:].any(axis=1) & ~self.is_retired
        return unpaid


def contributions(
    plan: CityPlan, people: People, assisted: npt.NDArray[np.bool_], standing: npt.NDArray[np.float64]
) -> Contributions:
    """Twelve months up to the last closed one, for everyone in the employees' scheme."""
    rng = plan.random("contributions")
    months = plan.last_closed_month - np.arange(MONTHS - 1, -1, -1).astype("timedelta64[M]")
    person, is_retired = _insured(rng, people, assisted, standing)
    is_flexible = rng.random(len(person)) < 0.2
    bases = _bases(rng, months, is_flexible, standing[person])
    is_paid = np.ones_like(bases, np.bool_)
    _plant_histories(rng, people, person, bases, is_paid)
    bases[is_retired], is_paid[is_retired] = NOT_INSURED, False
    paused = ~is_paid[:, -3:].any(axis=1) & (rng.random(len(person)) < 0.8) & ~is_retired
    bases[paused] = np.where(is_paid[paused], bases[paused], NOT_INSURED)
    employer = np.where(is_flexible, FLEXIBLE_EMPLOYER, rng.choice(EMPLOYERS, len(person)))
    ends = np.full(len(person), np.datetime64("NaT", "M"))
    drawn = Contributions(person, months, bases, is_paid, is_retired, np.where(paused, "2", "1"), employer, ends)
    return _with_named(people, drawn)


def ended_by_death(
    contributed: Contributions, dead: npt.NDArray[np.int64], died_on: npt.NDArray[np.datetime64]
) -> Contributions:
    """The same contributions, ending with the month before each death."""
    last = dict(zip(dead.tolist(), died_on.astype("datetime64[M]") - 1, strict=True))
    never = np.datetime64("NaT", "M")
    ends = np.array([last.get(one, never) for one in contributed.person.tolist()], "datetime64[M]")
    beyond = contributed.months[None, :] > ends[:, None]
    return replace(
        contributed,
        ends=ends,
        is_paid=contributed.is_paid & ~beyond,
        bases=np.where(beyond, NOT_INSURED, contributed.bases),
    )


def rolled(contributed: Contributions, months: int) -> Contributions:
    """The same window so many months later: who paid in the last three goes on, on the same base."""
    if months == 0:
        return contributed
    goes_on: npt.NDArray[np.bool_] = np.asarray(contributed.is_paid[:, -3:].any(axis=1))
    later = contributed.months[-1] + np.arange(1, months + 1).astype("timedelta64[M]")
    pays = goes_on[:, None] & ~(later[None, :] > contributed.ends[:, None])
    bases = np.where(pays, contributed.bases[:, -1:], NOT_INSURED)
    return replace(
        contributed,
        months=np.r_[contributed.months, later][months:],
        bases=np.c_[contributed.bases, bases][:, months:],
        is_paid=np.c_[contributed.is_paid, pays][:, months:],
    )


def snapshot(contributed: Contributions, which: int) -> pd.DataFrame:
    """Snapshot 1 covers the six older months, snapshot 2 the six newer ones."""
    end = SNAPSHOT_MONTHS * which
    columns: dict[str, object] = {
        "aac001": np.char.add("34", (10_000_000 + contributed.person).astype("U8")),
        "person": contributed.person,
        "aac008": _status_at(contributed, end),
        "aac084": np.where(contributed.is_retired, "1", "0"),
        "aab004": contributed.employer,
        "aae003": np.full(len(contributed.person), contributed.months[end - 1].astype("datetime64[D]")),
    }
    paid = _paid_flags(contributed)
    for back in range(1, SNAPSHOT_MONTHS + 1):
        columns[f"aae180_{back}"] = contributed.bases[:, end - back]
        columns[f"aae078_{back}"] = paid[:, end - back]
    before = (MONTHS - end) * contributed.is_paid[:, 0]
    columns["aae201"] = contributed.is_paid[:, :end].sum(axis=1) + before
    frame = pd.DataFrame(columns)
    began = (contributed.bases[:, :end] != NOT_INSURED).any(axis=1) | contributed.is_retired
    begun: pd.DataFrame = frame[began].reset_index(drop=True)
    return begun


def _paid_flags(contributed: Contributions) -> npt.NDArray[np.str_]:
    """1 paid, 0 owed or paused, empty before the first contribution and after retirement."""
    before_entry = np.cumsum(contributed.is_paid, axis=1) == 0
    silent = (contributed.bases == NOT_INSURED) & (before_entry | contributed.is_retired[:, None])
    return np.where(silent, "", np.where(contributed.is_paid, "1", "0"))


def _status_at(contributed: Contributions, end: int) -> npt.NDArray[np.str_]:
    if end == MONTHS:
        return contributed.status
    return np.full(len(contributed.person), "1")


def _insured(
    rng: np.random.Generator,
    people: People,
    assisted: npt.NDArray[np.bool_],
    standing: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    share = np.clip(0.42 + 0.12 * standing, 0.1, 0.85)
    working = (people.age >= 19) & (people.age <= 59) & (rng.random(len(people)) < np.where(assisted, 0.08, share))
    retired = (people.age >= 60) & (people.age <= 66) & (rng.random(len(people)) < 0.25)
    person = np.flatnonzero((working | retired) & ~people.is_named)
    return person, retired[person]


def _bases(
    rng: np.random.Generator,
    months: npt.NDArray[np.datetime64],
    is_flexible: npt.NDArray[np.bool_],
    standing: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """A wage each, held for the year and set anew in July within floor and ceiling."""
    size = len(standing)
    wage = np.where(is_flexible, FLOOR_BEFORE_JULY, np.exp(rng.normal(np.log(560_000) + 0.25 * standing, 0.32)))
    after = wage * np.where(rng.random(size) < 0.02, rng.uniform(0.4, 0.9, size), rng.normal(1.03, 0.04, size))
    year = months[-1].astype("datetime64[Y]")
    since_july = months >= year.astype("datetime64[M]") + 6
    before = np.clip(wage, FLOOR_BEFORE_JULY, CEILING)
    since = np.clip(np.where(is_flexible, FLOOR_SINCE_JULY, after), FLOOR_SINCE_JULY, CEILING)
    bases = np.where(since_july[None, :], since[:, None], before[:, None])
    rounded: npt.NDArray[np.int64] = np.rint(bases / 100).astype(np.int64) * 100
    return rounded


def _plant_histories(
    rng: np.random.Generator,
    people: People,
    person: npt.NDArray[np.int64],
    bases: npt.NDArray[np.int64],
    is_paid: npt.NDArray[np.bool_],
) -> None:
    """Give some people a break, a late month, a healed break, a fall or a late entry; at most one a household."""
    drawn = rng.random(len(person))
    ends = np.cumsum([BREAK_SHARE, LATE_SHARE, HEALED_BREAK_SHARE, FALL_SHARE, ENTRANT_SHARE])
    _, first = np.unique(
        people.household[person] + np.where(drawn < BREAK_SHARE, 0, people.households), return_index=True
    )
    is_first = np.zeros(len(person), np.bool_)
    is_first[first] = True
    kind = np.searchsorted(ends, drawn, side="right")
    at = np.arange(MONTHS)[None, :]
    length = rng.integers(3, 7, len(person))[:, None]
    is_paid[((kind == 0) & is_first)[:, None] & (at >= MONTHS - length)] = False
    is_paid[(kind == 1), -1] = False
    start = rng.integers(1, 7, len(person))[:, None]
    is_paid[(kind == 2)[:, None] & (at >= start) & (at < start + length % 3 + 1)] = False
    _plant_falls(rng, kind == 3, bases)
    absent = (kind == 4)[:, None] & (at < length)
    bases[absent], is_paid[absent] = NOT_INSURED, False


def _plant_falls(rng: np.random.Generator, falling: npt.NDArray[np.bool_], bases: npt.NDArray[np.int64]) -> None:
    """A high base that falls below half for the last three or five months, never with the re-basing of July."""
    before = rng.integers(9_500, 16_000, int(falling.sum()))[:, None] * 100
    lasting = rng.choice([3, 5], len(before))[:, None]
    since = np.arange(MONTHS)[None, :] >= MONTHS - lasting
    bases[falling] = np.where(since, np.maximum(FLOOR_SINCE_JULY, before * 4 // 10), before)


def _with_named(people: People, drawn: Contributions) -> Contributions:
    """Add the planted histories of the named people."""
    planted = [
        (first_named(len(people)) + named.at, named.member.contributions)
        for named in named_people()
        if named.member.contributions
    ]
    histories = [history for _, history in planted if history]
    paid = np.array([[flag == "1" for flag in history.paid] for history in histories])
    bases = np.array([[round(base * 100) for base in history.bases] for history in histories])
    paused = np.array([history.status == "2" or history.is_retired for history in histories])
    bases = np.where(paid | ~paused[:, None], bases, NOT_INSURED)
    return Contributions(
        person=np.r_[drawn.person, [person for person, _ in planted]],
        months=drawn.months,
        bases=np.r_[drawn.bases, bases],
        is_paid=np.r_[drawn.is_paid, paid],
        is_retired=np.r_[drawn.is_retired, [history.is_retired for history in histories]],
        status=np.r_[drawn.status, [history.status for history in histories]],
        employer=np.r_[drawn.employer, np.resize(np.array(EMPLOYERS), len(histories))],
        ends=np.r_[drawn.ends, np.full(len(histories), np.datetime64("NaT", "M"))],
    )  # fmt: skip
