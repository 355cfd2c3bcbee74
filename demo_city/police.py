"""What the police keeps beside the household register: vehicles, traffic casualties, custody."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.departed import Departed
from demo_city.draw import Mask, chosen, days_before, numbered, rows_of, shared_out, where_day
from demo_city.employment import Contributions
from demo_city.period import CityPlan, days_between, night_known, random_days
from demo_city.population import People

VEHICLES, CASUALTIES, CUSTODIES = 320, 6, 4
VEHICLE_KINDS = {
    "K33": 0.62,
    "K31": 0.1,
    "H31": 0.06,
    "H51": 0.02,
    "M21": 0.16,
    "M11": 0.02,
    "T21": 0.015,
    "K41": 0.005,
}
USES = {"A": 0.94, "D": 0.01, "F": 0.03, "R": 0.02}
STATES = {"A": 0.93, "B": 0.02, "E": 0.02, "G": 0.025, "M": 0.005}
BANDS = {"1": 0.4, "2": 0.45, "3": 0.12, "4": 0.03}
COUNTIES = ("340705", "340706", "340711", "340722")
KILLED_SHARE = 0.08


def vehicles(plan: CityPlan, people: People, assisted: Mask, standing: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Vehicles and their owners; assisted families seldom have any but a motorcycle."""
    rng = plan.random("vehicles")
    among = (people.age >= 20) & (people.age <= 72) & ~people.is_named
    weights = among * np.where(people.is_male, 1.0, 0.45) * np.where(assisted, 0.1, 1.0) * np.exp(1.1 * standing)
    wanted = rows_of(len(people), VEHICLES)
    person = np.sort(np.r_[chosen(rng, weights, round(wanted * 0.93)), chosen(rng, weights, round(wanted * 0.07))])
    size = len(person)
    first = np.maximum(
        random_days(rng, date(2009, 1, 1), plan.first_night - timedelta(days=40), size), np.datetime64("2009-01-01")
    )
    kind = np.where(assisted[person], "M21", shared_out(rng, VEHICLE_KINDS, size))
    owned = np.minimum(
        first + np.where(rng.random(size) < 0.25, rng.integers(200, 2500, size), 0).astype("timedelta64[D]"),
        np.datetime64(plan.first_night, "D") - 35,
    )
    tail = numbered("", size, 10_000)
    return pd.DataFrame({
        "person": person,
        "vehicle_no": numbered("3407", size, 100_000_001),
        "plate_masked": [f"皖G**{text[-3:]}" for text in tail],
        "vehicle_kind": kind,
        "usage": np.where(np.isin(kind, ["M21", "M11", "T21", "K41"]), "A", shared_out(rng, USES, size)),
        "first_registered_on": first,
        "owned_since": owned,
        "vehicle_status": shared_out(rng, STATES, size),
        "price_band": np.where(np.isin(kind, ["M21", "M11", "T21"]), "1", shared_out(rng, BANDS, size)),
        "night": 0,
    })  # fmt: skip


def traffic_casualties(plan: CityPlan, people: People, departed: Departed, assisted: Mask) -> pd.DataFrame:
    """Of the last year and the nights: the injured are alive; the killed are dead, since the day of the accident."""
    rng = plan.random("casualties")
    latest = plan.last_night - timedelta(days=1)
    wanted = rows_of(len(people), CASUALTIES * days_between(plan.history_start, latest) / 365)
    killed = np.flatnonzero(~departed.is_late & (departed.everyone.age[departed.dead] < 70))
    killed = killed[: max(1, round(wanted * KILLED_SHARE))]
    alive = departed.still_alive(len(people)) & (people.age >= 6) & ~people.is_named
    hurt = chosen(rng, alive, wanted - len(killed))
    hurt_on = random_days(rng, plan.history_start, latest, len(hurt))
    # Every night somebody is hurt, on the first of them badly, in a family that cannot carry it.
    hurt_on[: plan.nights] = np.array([day - timedelta(days=1) for day in plan.dates], "datetime64[D]")[: len(hurt)]
    size = wanted if len(hurt) + len(killed) == wanted else len(hurt) + len(killed)
    severity = shared_out(rng, {"2": 0.25, "3": 0.75}, len(hurt))
    severity[:1] = "2"
    modest = np.setdiff1d(np.flatnonzero(alive & assisted), hurt)
    if len(hurt) and len(modest):
        hurt[0] = rng.choice(modest)
    rows = pd.DataFrame({
        "person": np.r_[hurt, departed.dead[killed]],
        "accident_date": np.r_[hurt_on, departed.died_on[killed]],
        "casualty_kind": np.r_[severity, np.full(len(killed), "1")],
        "liability": shared_out(rng, {"1": 0.15, "2": 0.15, "3": 0.2, "4": 0.15, "5": 0.25, "6": 0.1}, size),
        "accident_area": rng.choice(np.array(COUNTIES, object), size),
    })  # fmt: skip
    rows = rows.sort_values(["accident_date", "person"], kind="stable", ignore_index=True)
    rows["night"] = night_known(plan, rows["accident_date"].to_numpy("datetime64[D]"))
    rows["accident_no"] = numbered("JT3407", size)
    return rows


def custodies(plan: CityPlan, people: People, contributed: Contributions, alive: Mask) -> pd.DataFrame:
    """Adults who are held, and some who were released; nobody who pays contributions."""
    rng = plan.random("custodies")
    among = (people.age >= 18) & (people.age <= 65) & alive & ~people.is_named
    among[contributed.person] = False
    person = chosen(rng, among * np.where(people.is_male, 1.0, 0.1), rows_of(len(people), CUSTODIES))
    size = len(person)
    first = np.datetime64(plan.first_night, "D")
    start = days_before(first, rng.integers(20, 1100, size))
    expected = start + rng.integers(180, 1500, size).astype("timedelta64[D]")
    released = expected < first - 3
    return pd.DataFrame({
        "person": person,
        "custody_no": numbered("ZY3407", size),
        "custody_kind": shared_out(rng, {"1": 0.1, "2": 0.15, "3": 0.6, "4": 0.15}, size),
        "start_date": start,
        "expected_end": expected,
        "actual_end": where_day(released, expected),
        "night": 0,
    })  # fmt: skip
