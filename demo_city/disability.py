"""Disability certificates, with new ones, reissued ones and some that worsen."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.cadence import is_delivered_whole
from demo_city.named_cases import first_named, named_people
from demo_city.period import NEVER, CityPlan, random_days
from demo_city.population import People

CERTIFIED_SHARE = 0.05
NEW_SHARE = 0.008
NEW_WITHIN_DAYS = 60
CHANGING_SHARE = 0.0012
CATEGORIES = {"1": 0.13, "2": 0.12, "3": 0.02, "4": 0.5, "5": 0.09, "6": 0.11, "7": 0.03}
LEVELS = {1: 0.15, 2: 0.28, 3: 0.27, 4: 0.3}
STATUSES = {"有效": 0.95, "注销": 0.025, "冻结": 0.015, "迁出": 0.01}
NEEDS_GUARDIAN = ("5", "6")


def certificates(plan: CityPlan, people: People) -> pd.DataFrame:
    """One row for each certificate and state: `new_from` to before `gone_from` tells the nights it stands."""
    rng = plan.random("disability")
    frame = _drawn(rng, plan, people)
    frame = pd.concat([_with_changes(rng, plan, frame), *_named(plan, people)], ignore_index=True)
    is_child = people.age[frame["person"]] < 18
    needs = frame["disability_category"].isin(NEEDS_GUARDIAN) | is_child
    head = np.searchsorted(people.household, people.household[frame["person"]])
    frame["guardian"] = np.where(needs & (head != frame["person"]), head, -1)
    return frame.sort_values(["person", "new_from"], kind="stable", ignore_index=True)


def certificates_on(frame: pd.DataFrame, night: int) -> pd.DataFrame:
    """The register as it stands on a night."""
    return frame[(frame["new_from"] <= night) & (night < frame["gone_from"])]


def changed_certificates(frame: pd.DataFrame, night: int) -> pd.DataFrame:
    """What is new or otherwise than on the night before."""
    return frame[frame["new_from"] == night]


def _drawn(rng: np.random.Generator, plan: CityPlan, people: People) -> pd.DataFrame:
    weights = np.interp(people.age, [0, 18, 45, 65, 100], [0.3, 0.4, 0.8, 2.0, 2.2]) * ~people.is_named
    size = round(len(people) * CERTIFIED_SHARE)
    person = np.sort(rng.choice(len(people), size, replace=False, p=weights / weights.sum()))
    born = people.born_on[person]
    long_ago = plan.first_night - timedelta(days=NEW_WITHIN_DAYS + 30)
    first = np.maximum(random_days(rng, date(2009, 1, 1), long_ago, size), born + np.timedelta64(30, "D"))
    first = np.minimum(first, np.datetime64(long_ago, "D"))
    is_new = (rng.random(size) < NEW_SHARE) & (people.age[person] > 0)
    recent = random_days(
        rng, plan.first_night - timedelta(days=NEW_WITHIN_DAYS - 5), plan.first_night - timedelta(days=2), size
    )
    first = np.where(is_new, recent, first)
    reissued = random_days(rng, date(2019, 1, 1), plan.first_night - timedelta(days=3), size)
    certified = np.where((rng.random(size) < 0.4) & ~is_new, np.maximum(first, reissued), first)
    status = rng.choice(list(STATUSES), size, p=list(STATUSES.values()))
    return pd.DataFrame({
        "person": person,
        "disability_category": rng.choice(list(CATEGORIES), size, p=list(CATEGORIES.values())),
        "disability_level": rng.choice(list(LEVELS), size, p=list(LEVELS.values())),
        "first_certified_on": first,
        "certified_on": certified,
        "certificate_status": np.where(is_new, "有效", status),
        "new_from": 0,
        "gone_from": NEVER,
    })  # fmt: skip


def _with_changes(rng: np.random.Generator, plan: CityPlan, frame: pd.DataFrame) -> pd.DataFrame:
    """On each later night some certificates are new, gone, cancelled or worse than before."""
    valid = frame.index[(frame["certificate_status"] == "有效").to_numpy()].to_numpy()
    order = rng.permutation(valid)
    is_mild = (frame["disability_level"] == 3).to_numpy()
    each = max(1, round(len(frame) * CHANGING_SHARE))
    states = [frame]
    for night in range(1, plan.nights):
        yesterday = np.datetime64(plan.dates[night] - timedelta(days=1), "D")
        worse = order[is_mild[order]][:1]
        order = order[~np.isin(order, worse)]
        new, gone, cancelled, order = np.split(order, [each, 2 * each, 3 * each])
        frame.loc[new, ["first_certified_on", "certified_on"]] = yesterday
        frame.loc[new, "new_from"] = night
        frame.loc[np.r_[cancelled, worse], "gone_from"] = night
        frame.loc[gone, "gone_from"] = _next_snapshot(plan, night)
        states.append(frame.loc[cancelled].assign(certificate_status="注销", new_from=night, gone_from=NEVER))
        states.append(
            frame.loc[worse].assign(disability_level=2, certified_on=yesterday, new_from=night, gone_from=NEVER)
        )
    return pd.concat(states, ignore_index=True)


def _next_snapshot(plan: CityPlan, night: int) -> int:
    """Increments cannot say that a certificate is gone; the next whole register does."""
    whole = (later for later in range(night, plan.nights) if is_delivered_whole(plan, "disability_certificate", later))
    return next(whole, NEVER)


def _named(plan: CityPlan, people: People) -> list[pd.DataFrame]:
    rows: list[dict[str, object]] = []
    for named in named_people():
        certificate = named.member.certificate
        if certificate is None or certificate.from_night >= plan.nights:
            continue
        first = plan.first_night - timedelta(days=certificate.first_days_before)
        changes = certificate.later_level is not None and plan.nights > 1
        row = {
            "person": first_named(len(people)) + named.at,
            "disability_category": certificate.category,
            "disability_level": certificate.level,
            "first_certified_on": np.datetime64(first, "s"),
            "certified_on": np.datetime64(plan.first_night - timedelta(days=certificate.days_before), "s"),
            "certificate_status": "有效",
            "new_from": certificate.from_night,
            "gone_from": 1 if changes else NEVER,
        }
        rows.append(row)
        if changes:
            certified = np.datetime64(plan.first_night, "s")
            rows.append(
                row
                | {
                    "disability_level": certificate.later_level,
                    "certified_on": certified,
                    "new_from": 1,
                    "gone_from": NEVER,
                }
            )
    return [pd.DataFrame(rows)]


def newly_certified(frame: pd.DataFrame, business_date: date) -> npt.NDArray[np.bool_]:
    """Whether a certificate is valid and was first given within sixty days before the business date."""
    day = np.datetime64(business_date, "D")
    first = frame["first_certified_on"].to_numpy("datetime64[D]")
    recent = (first <= day) & (first >= day - np.timedelta64(NEW_WITHIN_DAYS, "D"))
    return recent & (frame["certificate_status"] == "有效").to_numpy()
