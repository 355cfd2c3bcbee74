"""The employment register: people who registered as employed or as unemployed."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.cadence import next_delivery, nights_of
from demo_city.employment import Contributions
from demo_city.named_cases import first_named, named_people
from demo_city.names import EMPLOYERS
from demo_city.period import CityPlan, night_known, random_days
from demo_city.population import People

EVENTS_A_YEAR = 0.112
REASONS = {"11": 0.08, "12": 0.25, "13": 0.3, "21": 0.3, "99": 0.07}
REPEATED_SHARE = 0.001
LOW_INCOME_UNEMPLOYED_SHARE = 0.04


def registrations(
    plan: CityPlan, people: People, contributed: Contributions, low_income: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """All events since October of the year before; `night` delivers each."""
    rng = plan.random("registrations")
    parts = [
        _usual_events(rng, plan, people, contributed),
        _events_of_job_losers(rng, plan, contributed),
        _events_in_low_income_families(rng, plan, people, low_income),
        _named_events(plan, people),
    ]
    events = pd.concat(parts, ignore_index=True)
    events = events[events["register_date"] < np.datetime64(plan.last_night, "D")]
    known = night_known(plan, events["register_date"].to_numpy("datetime64[D]"))
    events["night"] = next_delivery(plan, "employment_register", known)
    events = events.sort_values(["night", "register_date"], kind="stable", ignore_index=True)
    events["register_id"] = np.char.add("JY3407", (10_000_001 + np.arange(len(events))).astype("U8"))
    events["aab004"] = rng.choice(EMPLOYERS, len(events))
    reasons = rng.choice(list(REASONS), len(events), p=list(REASONS.values()))
    drawn_reason = np.where(events["register_type"] == "2", reasons, "")
    events["unemployment_reason"] = np.where(events["reason"] == "", drawn_reason, events["reason"])
    return pd.concat(
        [events, *(_repeated(rng, events, night) for night in nights_of(plan, "employment_register")[1:])],
        ignore_index=True,
    )


def _usual_events(rng: np.random.Generator, plan: CityPlan, people: People, contributed: Contributions) -> pd.DataFrame:
    """Comings and goings of people of working age whose contributions do not contradict them."""
    begins = date(plan.year_start.year - 1, 10, 1)
    last_day = plan.last_night - timedelta(days=1)
    among = (people.age >= 18) & (people.age <= 59) & ~people.is_named
    among[contributed.person[contributed.is_breaking]] = False
    count = round(len(people) * EVENTS_A_YEAR * (last_day - begins).days / 365)
    person = rng.choice(np.flatnonzero(among), count)
    kind = np.where(rng.random(count) < 0.75, "1", "2")
    return _events(person, kind, random_days(rng, begins, last_day, count))


def _events_of_job_losers(rng: np.random.Generator, plan: CityPlan, contributed: Contributions) -> pd.DataFrame:
    lost = np.flatnonzero(contributed.is_breaking & (contributed.person < first_named(plan.people)))
    lost = lost[rng.random(len(lost)) < 0.6]
    first_unpaid = len(contributed.months) - np.argmax(contributed.is_paid[lost][:, ::-1], axis=1)
    first_unpaid = np.minimum(first_unpaid, len(contributed.months) - 1)
    day = contributed.months[first_unpaid].astype("datetime64[D]") + rng.integers(0, 25, len(lost)).astype(
        "timedelta64[D]"
    )
    return _events(contributed.person[lost], np.full(len(lost), "2"), day)


def _events_in_low_income_families(
    rng: np.random.Generator, plan: CityPlan, people: People, low_income: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    adult = np.flatnonzero(low_income & (people.age >= 18) & (people.age <= 59) & ~people.is_named)
    person = adult[rng.random(len(adult)) < LOW_INCOME_UNEMPLOYED_SHARE]
    last_day = plan.last_night - timedelta(days=1)
    day = random_days(rng, last_day - timedelta(days=40), last_day, len(person))
    return _events(person, np.full(len(person), "2"), day)


def _named_events(plan: CityPlan, people: People) -> pd.DataFrame:
    planted = [
        (first_named(len(people)) + named.at, entry) for named in named_people() for entry in named.member.registrations
    ]
    days = [np.datetime64(plan.first_night - timedelta(days=entry.days_before), "D") for _, entry in planted]
    events = _events(
        np.array([person for person, _ in planted]), np.array([entry.kind for _, entry in planted]), np.array(days)
    )
    return events.assign(reason=[entry.reason for _, entry in planted])


def _events(person: npt.NDArray[np.int64], kind: npt.NDArray[np.str_], day: npt.NDArray[np.datetime64]) -> pd.DataFrame:
    return pd.DataFrame({"person": person, "register_type": kind, "register_date": day, "reason": ""})


def _repeated(rng: np.random.Generator, events: pd.DataFrame, night: int) -> pd.DataFrame:
    earlier = np.flatnonzero(events["night"] == 0)
    chosen = rng.choice(earlier, max(1, round(len(earlier) * REPEATED_SHARE)), replace=False)
    return events.loc[np.sort(chosen)].assign(night=night)
