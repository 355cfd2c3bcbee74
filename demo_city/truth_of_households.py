"""Hardships that befall a household, told of somebody living in it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.circumstances import Circumstances, full_years
from demo_city.disability import certificates_on
from demo_city.planted import CHILD_CODES, SPOUSE_CODES
from demo_city.truth_rows import hardship_rows

PARENT_CODES = ("02", *SPOUSE_CODES)
CHILDREN_AND_THEIR_SPOUSES = ("20", "28", "30", "38")
DAYS_OF_DEATH, DAYS_OF_ACCIDENT, LEAST_DAYS_HELD, LEAST_GAP = 90, 30, 180, 16
LEAST_BURDEN, LEAST_BURDEN_OF_ASSISTED, MOST_A_HEAD = 900_000, 270_000, 3_600_000


def breadwinners_dead(now: Circumstances) -> pd.DataFrame:
    """Somebody of working age died, and left minors, old or severely disabled people."""
    departed = now.city.departed
    late = departed.is_late
    dead, died_on = departed.dead[late], departed.died_on[late].astype("datetime64[D]")
    age = full_years(now.people.born_on[dead], died_on)
    needy = now.in_household(now.is_minor | (now.age >= 60) | now.is_severe)
    counts = (
        now.death_is_counted[dead]
        & (died_on <= now.day)
        & (died_on >= now.day - DAYS_OF_DEATH)
        & (age >= 18)
        & (age <= 59)
        & (needy[now.people.household[dead]] > 0)
    )
    return _told_of_households(now, "breadwinner_died", now.people.household[dead[counts]], died_on[counts])


def accidents(now: Circumstances) -> pd.DataFrame:
    """Killed or gravely injured on the road, or the home badly damaged, within thirty days."""
    road, disaster = now.known("traffic_casualty"), now.known("disaster_event")
    road = road[road["casualty_kind"].isin(["1", "2"])]
    disaster = disaster[disaster["damage_grade"] >= "3"]
    person = np.r_[road["person"], disaster["person"]].astype(np.int64)
    day = np.r_[
        road["accident_date"].to_numpy("datetime64[D]"), disaster["event_date"].to_numpy("datetime64[D]")
    ].astype("datetime64[D]")
    recent = (day <= now.day) & (day >= now.day - DAYS_OF_ACCIDENT)
    household = now.city.departed.everyone.household[person[recent]]
    return _told_of_households(now, "accident", household, day[recent])


def families_of_the_held(now: Circumstances) -> pd.DataFrame:
    """A parent of minors at home is held for half a year or more, or whoever the old and disabled at home have."""
    rows = now.known("custody")
    start, expected = (rows[name].to_numpy("datetime64[D]") for name in ("start_date", "expected_end"))
    long = now.is_held[rows["person"]] & now.is_member[rows["person"]]
    long &= (expected - start).astype("timedelta64[D]").astype(np.int64) >= LEAST_DAYS_HELD
    held, start = rows["person"].to_numpy(np.int64)[long], start[long]
    relation = now.people.relation_code.to_numpy(zero_copy_only=False)
    at_home = now.is_living & ~np.isin(np.arange(len(now.people)), held)
    children = now.in_household(at_home & now.is_minor & np.isin(relation, CHILD_CODES))
    grandchildren = now.in_household(at_home & now.is_minor & (relation == "40"))
    needy = now.in_household(at_home & ((now.age >= 60) | now.is_severe))
    earners = now.in_household(now.is_earner)
    home = now.people.household[held]
    is_parent = (np.isin(relation[held], PARENT_CODES) & (children[home] > 0)) | (
        np.isin(relation[held], CHILDREN_AND_THEIR_SPOUSES) & (grandchildren[home] > 0)
    )
    counts = is_parent | ((needy[home] > 0) & (earners[home] == 0))
    return _told_of_households(now, "custody_family", home[counts], start[counts])


def children_without_care(now: Circumstances) -> pd.DataFrame:
    """Minors with two parents at home, of whom each is dead, severely disabled, gravely ill or held for long."""
    people = now.people
    unable = now.is_severe | _is_mental(now) | _is_gravely_ill(now) | _is_held_long(now)
    unable |= now.death_sources[: len(people)] >= 2
    relation = people.relation_code.to_numpy(zero_copy_only=False)
    already = now.known("child_in_need")
    seen = np.zeros(len(people), np.bool_)
    seen[already["person"][already["child_kind"].isin(["1", "2"])]] = True
    found = []
    for child_codes, parent_codes in ((CHILD_CODES, PARENT_CODES), (("40",), CHILDREN_AND_THEIR_SPOUSES)):
        child = now.is_member & now.is_minor & ~seen & np.isin(relation, child_codes)
        parents = np.isin(relation, parent_codes)
        struck = np.bincount(people.household[parents & unable], minlength=people.households) >= 2
        for one in np.flatnonzero(child & struck[people.household]):
            own = parents & (people.household == people.household[one])
            own &= now.age - now.age[one] >= LEAST_GAP
            if own.sum() == 2 and unable[own].all():
                found.append(one)
    return hardship_rows(found, "child_without_care", np.repeat(now.day, len(found)), "")


def _is_mental(now: Circumstances) -> npt.NDArray[np.bool_]:
    rows = certificates_on(now.city.certified, now.night)
    rows = rows[(rows["certificate_status"] == "有效") & rows["disability_category"].isin(["5", "6"])]
    mask = np.zeros(len(now.people), np.bool_)
    mask[rows["person"]] = True
    return mask


def _is_gravely_ill(now: Circumstances) -> npt.NDArray[np.bool_]:
    rows = now.known("serious_disease")
    since = (now.day.astype("datetime64[M]") - 60).astype("datetime64[D]") + (
        now.day - now.day.astype("datetime64[M]")
    ).astype("timedelta64[D]")
    recent = (rows["disease_class"] != "9") & (rows["registered_on"].to_numpy("datetime64[D]") >= since)
    mask = np.zeros(len(now.people), np.bool_)
    mask[rows["person"][recent]] = True
    return mask


def _is_held_long(now: Circumstances) -> npt.NDArray[np.bool_]:
    rows = now.known("custody")
    start, ended = rows["start_date"].to_numpy("datetime64[D]"), rows["actual_end"].to_numpy("datetime64[D]")
    until = np.where(np.isnat(ended), rows["expected_end"].to_numpy("datetime64[D]"), ended)
    long = (until - start).astype("timedelta64[D]").astype(np.int64) >= LEAST_DAYS_HELD
    mask = np.zeros(len(now.people), np.bool_)
    mask[rows["person"][long]] = True
    return mask & now.is_held


def burdened_by_illness(now: Circumstances, year_costs: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Households whose year's self-paid cost is half their known income or more; of assisted ones, 35 per cent."""
    people = now.people
    cost = np.bincount(people.household, weights=year_costs * now.is_member, minlength=people.households)
    income = 12 * np.bincount(people.household, weights=now.income[0] * now.is_member, minlength=people.households)
    members, is_assisted = now.in_household(now.is_member), now.in_household(now.is_listed) > 0
    least = np.where(is_assisted, LEAST_BURDEN_OF_ASSISTED, LEAST_BURDEN)
    counts = (cost >= least) & (100 * cost >= np.where(is_assisted, 35, 50) * income) & (income < MOST_A_HEAD * members)
    home = np.flatnonzero(counts)
    return _told_of_households(now, "medical_burden", home, np.repeat(now.day, len(home)), since=False)


def _told_of_households(
    now: Circumstances, kind: str, home: npt.NDArray[np.int64], day: npt.NDArray[np.datetime64], *, since: bool = True
) -> pd.DataFrame:
    by_home = dict(zip(home.tolist(), day, strict=True))
    person = now.one_of(np.array(sorted(by_home), np.int64))
    days = [by_home[int(now.people.household[one])] for one in person]
    return hardship_rows(person, kind, days, np.array([str(one) if since else "" for one in days], object))
