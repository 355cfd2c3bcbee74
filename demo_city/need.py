"""Which households the rules of assistance would help, by the truth: with what, since and until when, and through what.

`shown_on` is the day from which a connected class tells anything of it; none where no class ever does.
"""

import numpy as np
import pandas as pd

from demo_city.facts import City
from demo_city.incomes import Livelihood, livelihoods
from demo_city.need_of_care import ill
from demo_city.need_of_work import jobless_though_assisted, lost_work, shocks_unseen, wages_fell
from demo_city.need_rates import rates
from demo_city.need_rows import (
    COLUMNS,
    NEVER_SHOWN,
    assisted_households,
    depending_households,
    need_rows,
    poor_without,
)
from demo_city.period import NEVER


def needs(city: City) -> pd.DataFrame:
    """One row for each household and cause, over the year before the first night and all nights."""
    living = livelihoods(city)
    parts = [
        ill(city, living),
        lost_work(city, living),
        wages_fell(city, living),
        jobless_though_assisted(city, living),
        _newly_disabled(city, living),
        _bereaved(city, living),
        _struck(city, living),
        _held(city, living),
        _unclaimed(city),
        shocks_unseen(city, living),
    ]
    found = pd.concat(parts, ignore_index=True)[COLUMNS]
    for column in ("since", "until", "shown_on"):
        found[column] = found[column].astype("datetime64[s]")
    return found.sort_values(["cause", "household", "since"], kind="stable", ignore_index=True)


def _newly_disabled(city: City, living: Livelihood) -> pd.DataFrame:
    """Whose household is poor once the newly disabled earns no more, and the severely disabled who ask for nothing."""
    rate, people = rates(), city.people
    rows = city.certified[(city.certified["certificate_status"] == "有效")]
    first = rows["first_certified_on"].to_numpy("datetime64[D]")
    rows = rows[first >= np.datetime64(city.plan.history_start, "D")].drop_duplicates("person")
    person = rows["person"].to_numpy(np.int64)
    household, level = people.household[person], rows["disability_level"].to_numpy()
    luck, of_working_age = city.means.luck[person], (people.age[person] >= 19) & (people.age[person] < 60)
    earned_until_then = of_working_age & (luck < rate["earns_before_disability_share"])
    lost = np.where(earned_until_then, living.earned[person], 0)
    grave = (level <= 2) | ((level == 3) & rows["disability_category"].isin(["5", "6"]).to_numpy())
    poor = poor_without(living, household, lost) & grave & ~assisted_households(city)[household]
    unclaimed = (level <= 2) & (luck >= 1 - rate["subsidy_not_claimed_share"])
    since = rows["first_certified_on"].to_numpy("datetime64[D]")
    help_given = np.where(poor, "dibao", "nursing_subsidy").astype(object)
    until = since + int(rate["helped_for_days"])
    found = need_rows(household, "disability", help_given, since, until, since + 1)
    return found[np.asarray(poor | unclaimed, np.bool_)]


def _bereaved(city: City, living: Livelihood) -> pd.DataFrame:
    """Households that a member between 18 and 59 left by dying, and that are poor since."""
    departed, rate = city.departed, rates()
    year = departed.died_on >= np.datetime64(city.plan.history_start, "D")
    age = departed.everyone.age[departed.dead]
    at = np.flatnonzero(year & (age >= 18) & (age < 60))
    household = departed.everyone.household[departed.dead[at]]
    depends = depending_households(city)[household]
    poor = poor_without(living, household, np.zeros(len(household))) & depends
    since = departed.died_on[at]
    # Of whom the register never held no class says at which home he is missed.
    shown = np.where(departed.is_late[at], since + 3, NEVER_SHOWN)
    until = since + int(rate["helped_for_days"])
    return need_rows(household, "death_in_family", "temporary_aid", since, until, shown)[poor]


def _struck(city: City, living: Livelihood) -> pd.DataFrame:
    """Households with severe damage at home, or a member badly hurt on the road, that cannot cope with it."""
    rate = rates()
    disaster, casualty = city.others["disaster_event"], city.others["traffic_casualty"]
    disaster = disaster[disaster["damage_grade"].isin(["3", "4"])]
    casualty = casualty[casualty["casualty_kind"].isin(["1", "2"])]
    person = np.r_[disaster["person"], casualty["person"]].astype(np.int64)
    since = np.r_[disaster["event_date"].to_numpy("datetime64[D]"), casualty["accident_date"].to_numpy("datetime64[D]")]
    household = city.departed.everyone.household[person]
    loss = np.r_[disaster["loss_amount"] / 100, np.full(len(casualty), 12_000.0)]
    hit = np.zeros(len(city.departed.everyone))
    hit[: len(city.people)] = living.earned
    lost = loss + np.r_[np.zeros(len(disaster)), hit[person[len(disaster) :]]]
    poor = poor_without(living, household, lost)
    until = since + int(rate["helped_for_days"])
    return need_rows(household, "accident", "temporary_aid_first", since, until, since + 1)[poor]


def _held(city: City, living: Livelihood) -> pd.DataFrame:
    """Households that depended on somebody who is now held for half a year or more."""
    rate, rows = rates(), city.others["custody"]
    start = rows["start_date"].to_numpy("datetime64[D]")
    long = (rows["expected_end"].to_numpy("datetime64[D]") - start) >= np.timedelta64(180, "D")
    rows, start = rows[long], start[long]
    person = rows["person"].to_numpy(np.int64)
    household = city.people.household[person]
    poor = poor_without(living, household, living.earned[person]) & depending_households(city)[household]
    poor &= (living.size[household] > 1) & ~assisted_households(city)[household]
    end = rows["expected_end"].to_numpy("datetime64[D]")
    until = np.minimum(end, np.datetime64(city.plan.last_night, "D") + int(rate["helped_for_days"]))
    return need_rows(household, "custody", "marginal", start, until, start + 1)[np.asarray(poor, np.bool_)]


def _unclaimed(city: City) -> pd.DataFrame:
    """Who has a right to a subsidy that follows from a certificate or an age, and draws none."""
    people, first = city.people, np.datetime64(city.plan.history_start, "D")
    drawn = city.others["subsidy_payment"]
    draws = {item: set(rows["person"]) for item, rows in drawn.groupby("item")}
    rows = city.certified[(city.certified["certificate_status"] == "有效") & (city.certified["disability_level"] <= 2)]
    old = rows["first_certified_on"].to_numpy("datetime64[D]") < np.datetime64(city.plan.first_night) - 90
    in_tekun = np.zeros(len(people), np.bool_)
    in_tekun[city.assisted.tekun["person"]] = True
    severe = np.unique(rows[old & (rows["gone_from"] == NEVER)]["person"].to_numpy(np.int64))
    severe = severe[~in_tekun[severe] & ~np.isin(severe, list(draws.get("2", ())))]
    aged = np.flatnonzero((people.age >= 80) & city.departed.still_alive(len(people)))
    aged = aged[~np.isin(aged, list(draws.get("3", ())))]
    person = np.r_[severe, aged]
    kinds = np.array(["nursing_subsidy"] * len(severe) + ["old_age_allowance"] * len(aged), object)
    entitled = city.means.luck[person] >= rates()["unclaimed_for_good_reason_share"]
    person, kinds = person[entitled], kinds[entitled]
    since = np.full(len(person), first)
    until = np.full(len(person), np.datetime64(city.plan.last_night, "D") + 365)
    return need_rows(people.household[person], "entitlement", kinds, since, until, since)
