"""Which households the rules of assistance would help, by the truth: with what, since and until when, and through what.

`shown_on` is the day from which a connected class tells anything of it; none where no class ever does.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import Cents
from demo_city.facts import City
from demo_city.incomes import Livelihood, livelihoods
from demo_city.medical import standing
from demo_city.need_rates import rates
from demo_city.outpatient import standing_months
from demo_city.period import NEVER

NOT_COUNTED = ("41", "51", "52")
Households = npt.NDArray[np.int64]
NEVER_SHOWN = np.datetime64("NaT", "D")
DAYS_OF_THE_MONTH_TOLD = 8
COLUMNS = ["household", "cause", "help", "since", "until", "shown_on"]


def needs(city: City) -> pd.DataFrame:
    """One row for each household and cause, over the year before the first night and all nights."""
    living = livelihoods(city)
    parts = [
        _ill(city, living),
        _lost_work(city, living),
        _wages_fell(city, living),
        _jobless_though_assisted(city, living),
        _newly_disabled(city, living),
        _bereaved(city, living),
        _struck(city, living),
        _held(city, living),
        _unclaimed(city),
        _shocks_unseen(city, living),
    ]
    found = pd.concat(parts, ignore_index=True)[COLUMNS]
    for column in ("since", "until", "shown_on"):
        found[column] = found[column].astype("datetime64[s]")
    return found.sort_values(["cause", "household", "since"], kind="stable", ignore_index=True)


def true_burdens(city: City) -> pd.DataFrame:
    """All that people paid for care themselves, outside coverage too: household, on, yuan."""
    last = city.plan.nights - 1
    settled = pd.concat([standing(city.inpatient, last), standing(city.chronic, last)], ignore_index=True)
    counts = (settled["vali_flag"] == "1") & (settled["refd_setl_flag"] == "0") & ~settled["med_type"].isin(NOT_COUNTED)
    settled = settled[counts]
    months = standing_months(city.outpatient, last)
    month_end = (months["ym"].to_numpy("datetime64[M]") + 1).astype("datetime64[D]") - 1
    household = city.people.household
    return pd.DataFrame({
        "household": np.r_[household[settled["person"]], household[months["person"]]],
        "on": np.r_[settled["setl_date"].to_numpy("datetime64[D]"), month_end],
        "yuan": np.r_[_yuan(settled["psn_part_amt"]), _yuan(months["psn_part_amt"])],
    })  # fmt: skip


def _yuan(cents: pd.Series) -> npt.NDArray[np.float64]:
    amounts: Cents = cents.to_numpy(np.int64)
    return amounts / 100


def _ill(city: City, living: Livelihood) -> pd.DataFrame:
    """Whose care of a year costs more than the household can bear by the rules."""
    rate = rates()
    bearable, help_given = _bearable(city, living)
    net_of_kin = bearable + living.kin_support
    with np.errstate(invalid="ignore"):
        limit = net_of_kin / (1 - living.insurance_pays)
    costs = true_burdens(city)
    yearly = costs.groupby("household")["yuan"].sum()
    costs = costs[costs["household"].isin(yearly.index[yearly > limit[yearly.index]])]
    costs = costs.sort_values(["household", "on"], kind="stable", ignore_index=True)
    indexed = costs.set_index("on").groupby("household")["yuan"].rolling("365D").sum()
    costs["rolling"] = indexed.to_numpy()
    over = costs[costs["rolling"] > limit[costs["household"]]]
    spells = over.groupby("household")["on"].agg(["min", "max"])
    household = spells.index.to_numpy(np.int64)
    since = spells["min"].to_numpy("datetime64[D]")
    until = spells["max"].to_numpy("datetime64[D]") + int(rate["helped_for_days"])
    return _rows(household, "medical", help_given[household], since, until, since)


def _bearable(city: City, living: Livelihood) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """What each household can bear of cost for care in a year before it is helped, and with what it then is."""
    rate, size = rates(), len(living.size)
    limits = np.full((3, size), np.inf)
    is_assisted = assisted_households(city)
    poorer = (living.income < living.average_income) & living.within_property
    limits[0][poorer] = rate["rigid_ratio"] * living.income[poorer]
    limits[1][living.within_property] = (living.income - living.standard)[living.within_property]
    assisted = is_assisted & living.within_property
    limits[2][assisted] = rate["assisted_burden_ratio"] * living.income[assisted]
    least = np.where(is_assisted, rate["least_burden_of_assisted"], rate["least_burden"])
    limits = np.maximum(limits, least)
    kinds = np.array(["rigid_expenditure", "temporary_aid", "medical_aid"], object)
    chosen = limits.argmin(axis=0)
    return limits.min(axis=0), np.where(is_assisted, "medical_aid", kinds[chosen])


def assisted_households(city: City) -> npt.NDArray[np.bool_]:
    """Households with a member in a register of civil affairs, or monitored against relapse."""
    assisted = city.assisted.everyone(len(city.people))
    relapse = city.assisted.relapse
    assisted[relapse["person"][relapse["risk_cleared"] == "0"]] = True
    found = np.zeros(city.people.households, np.bool_)
    found[city.people.household[assisted]] = True
    return found


def _without(living: Livelihood, household: Households, lost: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether households fall under the line for marginal ones without some of their income."""
    left = living.income[household] - lost + living.kin_support[household]
    poor: npt.NDArray[np.bool_] = (left < living.marginal_line[household]) & living.within_emergency_savings[household]
    return poor


def _lost_work(city: City, living: Livelihood) -> pd.DataFrame:
    """Whoever left the employees' scheme and earns nothing elsewhere."""
    contributed, rate = city.contributed, rates()
    at = np.flatnonzero(contributed.is_breaking & contributed.is_paid.any(axis=1))
    at = at[city.means.luck[contributed.person[at]] >= rate["works_again_share"]]
    person = contributed.person[at]
    household = city.people.household[person]
    at_months = contributed.is_paid.shape[1] - np.argmax(contributed.is_paid[at][:, ::-1], axis=1)
    first_unpaid = contributed.months[np.minimum(at_months, contributed.is_paid.shape[1] - 1)]
    poor = _without(living, household, living.earned[person])
    since = first_unpaid.astype("datetime64[D]") + 30
    shown = (first_unpaid + 1).astype("datetime64[D]") + DAYS_OF_THE_MONTH_TOLD
    until = since + int(rate["helped_for_days"])
    return _rows(household, "employment", "temporary_aid", since, until, shown)[poor]


def _wages_fell(city: City, living: Livelihood) -> pd.DataFrame:
    """Whose base fell far because the wage did, not because the employer reports less."""
    contributed, rate = city.contributed, rates()
    newest, highest = contributed.bases[:, -1], contributed.bases.max(axis=1)
    at = np.flatnonzero(contributed.is_paid[:, -1] & (newest <= highest / 2) & (newest > 0) & ~contributed.is_retired)
    at = at[city.means.luck[contributed.person[at]] < rate["wage_really_fell_share"]]
    person = contributed.person[at]
    household = city.people.household[person]
    low = contributed.bases[at] <= highest[at, None] / 2
    first_low = contributed.months[low.shape[1] - np.argmin(low[:, ::-1], axis=1)]
    poor = _without(living, household, living.earned[person] * (1 - newest[at] / highest[at]))
    since = first_low.astype("datetime64[D]") + 30
    shown = (first_low + 1).astype("datetime64[D]") + DAYS_OF_THE_MONTH_TOLD
    until = np.full(len(since), np.datetime64(city.plan.last_night, "D") + int(rate["helped_for_days"]))
    return _rows(household, "employment", "temporary_aid", since, until, shown)[poor]


def _jobless_though_assisted(city: City, living: Livelihood) -> pd.DataFrame:
    """Members of assisted families who registered as unemployed because they earn no longer."""
    rate, people = rates(), city.people
    told = city.registered[city.registered["register_type"] == "2"].drop_duplicates(["person", "register_date"])
    household = people.household[told["person"]]
    lost = assisted_households(city)[household] & (
        city.means.luck[told["person"]] >= rate["registers_for_a_post_share"]
    )
    told, household = told[lost], household[lost]
    person = told["person"].to_numpy(np.int64)
    poor = _without(living, household, living.earned[person])
    since = told["register_date"].to_numpy("datetime64[D]")
    return _rows(household, "employment", "temporary_aid", since, since + int(rate["helped_for_days"]), since + 1)[poor]


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
    poor = _without(living, household, lost) & grave & ~assisted_households(city)[household]
    unclaimed = (level <= 2) & (luck >= 1 - rate["subsidy_not_claimed_share"])
    since = rows["first_certified_on"].to_numpy("datetime64[D]")
    help_given = np.where(poor, "dibao", "nursing_subsidy").astype(object)
    until = since + int(rate["helped_for_days"])
    found = _rows(household, "disability", help_given, since, until, since + 1)
    return found[np.asarray(poor | unclaimed, np.bool_)]


def _bereaved(city: City, living: Livelihood) -> pd.DataFrame:
    """Households that a member between 18 and 59 left by dying, and that are poor since."""
    departed, rate = city.departed, rates()
    year = departed.died_on >= np.datetime64(city.plan.history_start, "D")
    age = departed.everyone.age[departed.dead]
    at = np.flatnonzero(year & (age >= 18) & (age < 60))
    household = departed.everyone.household[departed.dead[at]]
    depends = _depending(city)[household]
    poor = _without(living, household, np.zeros(len(household))) & depends
    since = departed.died_on[at]
    # Of whom the register never held no class says at which home he is missed.
    shown = np.where(departed.is_late[at], since + 3, NEVER_SHOWN)
    until = since + int(rate["helped_for_days"])
    return _rows(household, "death_in_family", "temporary_aid", since, until, shown)[poor]


def _depending(city: City) -> npt.NDArray[np.bool_]:
    """Households with a minor, somebody of sixty or more, or a severely disabled member."""
    people = city.people
    depends = (people.age < 18) | (people.age >= 60)
    severe = city.certified[(city.certified["disability_level"] <= 2)]["person"].to_numpy(np.int64)
    depends[severe] = True
    found = np.zeros(people.households, np.bool_)
    found[people.household[depends]] = True
    return found


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
    poor = _without(living, household, lost)
    until = since + int(rate["helped_for_days"])
    return _rows(household, "accident", "temporary_aid_first", since, until, since + 1)[poor]


def _held(city: City, living: Livelihood) -> pd.DataFrame:
    """Households that depended on somebody who is now held for half a year or more."""
    rate, rows = rates(), city.others["custody"]
    start = rows["start_date"].to_numpy("datetime64[D]")
    long = (rows["expected_end"].to_numpy("datetime64[D]") - start) >= np.timedelta64(180, "D")
    rows, start = rows[long], start[long]
    person = rows["person"].to_numpy(np.int64)
    household = city.people.household[person]
    poor = _without(living, household, living.earned[person]) & _depending(city)[household]
    poor &= (living.size[household] > 1) & ~assisted_households(city)[household]
    end = rows["expected_end"].to_numpy("datetime64[D]")
    until = np.minimum(end, np.datetime64(city.plan.last_night, "D") + int(rate["helped_for_days"]))
    return _rows(household, "custody", "marginal", start, until, start + 1)[np.asarray(poor, np.bool_)]


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
    return _rows(people.household[person], "entitlement", kinds, since, until, since)


def _shocks_unseen(city: City, living: Livelihood) -> pd.DataFrame:
    """Work lost outside the employees' scheme, of which no class ever tells."""
    rate, plan = rates(), city.plan
    rng = plan.random("shocks unseen")
    days = (plan.last_night - plan.history_start).days
    struck = np.flatnonzero(rng.random(city.people.households) < rate["unseen_shock_share"] * days / 365)
    best = np.zeros(city.people.households)
    np.maximum.at(best, city.people.household, city.means.informal_wage * 12)
    struck = struck[best[struck] > 0]
    poor = _without(living, struck, best[struck])
    since = np.datetime64(plan.history_start, "D") + rng.integers(0, days, len(struck)).astype("timedelta64[D]")
    never = np.full(len(struck), NEVER_SHOWN)
    return _rows(struck, "employment", "temporary_aid", since, since + int(rate["helped_for_days"]), never)[poor]


def _rows(
    household: Households, cause: str, help_given: object, since: object, until: object, shown: object
) -> pd.DataFrame:
    return pd.DataFrame({
        "household": np.asarray(household, np.int64),
        "cause": cause,
        "help": help_given,
        "since": np.asarray(since, "datetime64[D]"),
        "until": np.asarray(until, "datetime64[D]"),
        "shown_on": np.asarray(shown, "datetime64[D]"),
    })  # fmt: skip
