"""What really happened: the hardships a perfect system would find, and the night it could first see each.

Computed from the facts, not from the files. The rows that carry these facts are never made wrong,
so what is true here can be seen in the deliveries.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import self_paid
from demo_city.cadence import snapshots_since_the_first
from demo_city.circumstances import Circumstances
from demo_city.disability import certificates_on, newly_certified
from demo_city.employment import NOT_INSURED, Contributions, rolled
from demo_city.facts import City
from demo_city.left_out import left_out_for
from demo_city.medical import standing
from demo_city.named_cases import NamedPerson, first_named, named_people
from demo_city.outpatient import standing_months
from demo_city.truth_of_households import (
    accidents,
    breadwinners_dead,
    burdened_by_illness,
    children_without_care,
    families_of_the_held,
)
from demo_city.truth_of_people import (
    benefits_ending,
    businesses_closed,
    pensions_stopped,
    schooling_at_risk,
    unclaimed,
    work_on_and_off,
)
from demo_city.truth_rows import hardship_rows

NOT_COUNTED = ("41", "51", "52")
LEAST_SUDDEN_BILL = 300_000
PAID_MONTHS_BEFORE_A_BREAK = 6
DAYS_OF_A_YEAR, DAYS_OF_A_QUARTER = 365, 90


def hardships(city: City) -> pd.DataFrame:
    """One row for each hardship: person (by place), kind, happened_on, first_visible_on, detail, left_out_for.

    It is seen first on the night from which nothing shows that the household gets by, where there is such a night.
    """
    seen = pd.concat([_visible(city, night) for night in range(city.plan.nights)], ignore_index=True)
    seen = seen.sort_values("left_out_for", key=lambda reasons: reasons != "", kind="stable")
    found = seen.drop_duplicates(["person", "kind", "detail"], keep="first").sort_index()
    found["happened_on"] = found["happened_on"].astype("datetime64[s]")
    return found.sort_values(["kind", "person", "happened_on"], kind="stable", ignore_index=True)


def _visible(city: City, night: int) -> pd.DataFrame:
    now = Circumstances(city, night)
    people = len(city.people)
    costs = counted_costs(city, night, now.day - (DAYS_OF_A_YEAR - 1))
    year = _by_person(costs, people)
    quarter = _by_person(costs[costs["on"].to_numpy("datetime64[D]") > now.day - DAYS_OF_A_QUARTER], people)
    parts = [
        years_over_limit(city, night),
        _sudden_bills(city, night),
        _new_certificates(city, night),
        _worsened_certificates(city, night),
        _jobs_lost(city, night),
        _incomes_fallen(city, night),
        _unemployed_in_low_income_families(city, night),
        _told_with_the_named_cases(city),
        _over_limit_across_years(city, night, year, quarter),
        burdened_by_illness(now, year),
        *(told(now) for told in BEYOND_BILLS_AND_WORK),
    ]
    known = pd.concat([part for part in parts if len(part)], ignore_index=True)
    known["left_out_for"] = left_out_for(now, known, year)
    return known.assign(first_visible_on=np.datetime64(city.plan.dates[night], "s"))


BEYOND_BILLS_AND_WORK = (
    breadwinners_dead,
    accidents,
    families_of_the_held,
    children_without_care,
    benefits_ending,
    work_on_and_off,
    businesses_closed,
    pensions_stopped,
    schooling_at_risk,
    unclaimed,
)


def _by_person(costs: pd.DataFrame, people: int) -> npt.NDArray[np.int64]:
    return np.bincount(costs["person"], weights=costs["cents"], minlength=people).astype(np.int64)


def _over_limit_across_years(
    city: City, night: int, year: npt.NDArray[np.int64], quarter: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Over the limit within 365 days and still paying, though no calendar year shows as much."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    ill = (year > limits) & (10 * quarter >= limits)
    ill[years_over_limit(city, night)["person"]] = False
    day = np.datetime64(city.plan.dates[night], "D")
    person = np.flatnonzero(ill)
    return hardship_rows(person, "medical_over_limit_across_years", np.repeat(day, len(person)), "")


def counted_costs(city: City, night: int, since: np.datetime64 | None = None) -> pd.DataFrame:
    """Self-paid cost that counts, of the year or since a day, as it stands after a night: person, on, cents, bill."""
    first_day = np.datetime64(city.plan.year_start_on(night), "D") if since is None else since
    settled = pd.concat([standing(city.inpatient, night), standing(city.chronic, night)], ignore_index=True)
    counts = (settled["vali_flag"] == "1") & (settled["refd_setl_flag"] == "0") & ~settled["med_type"].isin(NOT_COUNTED)
    settled = settled[counts & (settled["setl_date"] >= first_day)]
    months = standing_months(city.outpatient, night)
    month_end = (months["ym"].to_numpy("datetime64[M]") + 1).astype("datetime64[D]") - 1
    months, month_end = months[month_end >= first_day], month_end[month_end >= first_day]
    bills = settled[["person"]].assign(on=settled["setl_date"], cents=self_paid(settled), bill=settled["setl_id"])
    outpatient = months[["person"]].assign(on=month_end.astype("datetime64[s]"), cents=self_paid(months), bill="")
    return pd.concat([bills, outpatient], ignore_index=True)


def years_over_limit(city: City, night: int) -> pd.DataFrame:
    """People whose self-paid cost of the year is above their limit, with the day it passed the limit."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    costs = counted_costs(city, night).sort_values(["person", "on"], kind="stable")
    costs["total"] = costs.groupby("person")["cents"].cumsum()
    over = costs[costs["total"] > limits[costs["person"]]].drop_duplicates("person")
    return hardship_rows(over["person"], "medical_year_over_limit", over["on"], "")


def _sudden_bills(city: City, night: int) -> pd.DataFrame:
    """Single settlements of at least three fifths of the person's limit, and 3,000 yuan."""
    limits = city.assisted.limits(city.plan, len(city.people), night)
    bills = counted_costs(city, night)
    bills = bills[bills["bill"] != ""]
    large = bills[bills["cents"] >= np.maximum(limits[bills["person"]] * 6 // 10, LEAST_SUDDEN_BILL)]
    return hardship_rows(large["person"], "sudden_bill", large["on"], large["bill"])


def _new_certificates(city: City, night: int) -> pd.DataFrame:
    rows = certificates_on(city.certified, night)
    rows = rows[newly_certified(rows, city.plan.dates[night])]
    return hardship_rows(
        rows["person"],
        "disability",
        rows["first_certified_on"],
        rows["disability_category"] + rows["disability_level"].astype(str),
    )


def _worsened_certificates(city: City, night: int) -> pd.DataFrame:
    if night == 0:
        return hardship_rows([], "disability_worsened", [], "")
    before = certificates_on(city.certified, night - 1).set_index("person")["disability_level"]
    rows = certificates_on(city.certified, night)
    worse = rows[rows["disability_level"] < rows["person"].map(before)]
    return hardship_rows(
        worse["person"], "disability_worsened", worse["certified_on"], worse["disability_level"].astype(str)
    )


def _contributed(city: City, night: int) -> Contributions:
    """The twelve months that the snapshots up to a night tell of."""
    return rolled(city.contributed, snapshots_since_the_first(city.plan, "employee_pension_contribution", night))


def _jobs_lost(city: City, night: int) -> pd.DataFrame:
    """Three months or more without contributions after at least six, and nobody else at home pays any."""
    contributed = _contributed(city, night)
    household = city.people.household[contributed.person]
    pays = contributed.is_paid[:, -3:].any(axis=1)
    earners = np.bincount(household[pays], minlength=city.people.households)
    paid_months = contributed.is_paid.sum(axis=1)
    lost = contributed.is_breaking & (paid_months >= PAID_MONTHS_BEFORE_A_BREAK) & (earners[household] == 0)
    lost &= ~np.isin(contributed.person, city.planted.dead)
    last_paid = contributed.is_paid.shape[1] - 1 - np.argmax(contributed.is_paid[:, ::-1], axis=1)
    began = contributed.months[np.minimum(last_paid + 1, contributed.is_paid.shape[1] - 1)].astype("datetime64[D]")
    return hardship_rows(contributed.person[lost], "job_lost", began[lost], "")


def _incomes_fallen(city: City, night: int) -> pd.DataFrame:
    """The base stood at or below half its twelve-month median for three months, and did not fall in July."""
    contributed = _contributed(city, night)
    bases = np.where(contributed.bases == NOT_INSURED, np.nan, contributed.bases)
    eligible = np.isfinite(bases).sum(axis=1) >= PAID_MONTHS_BEFORE_A_BREAK
    median = np.zeros(len(bases))
    median[eligible] = np.nanmedian(bases[eligible], axis=1)
    low = bases <= median[:, None] / 2
    months_low = np.argmin(low[:, ::-1], axis=1)
    first_low = contributed.months[np.minimum(low.shape[1] - months_low, low.shape[1] - 1)]
    in_july = first_low.astype(np.int64) % 12 == 6
    fallen = eligible & (months_low >= 3) & ~in_july & ~contributed.is_retired
    return hardship_rows(contributed.person[fallen], "income_drop", first_low[fallen].astype("datetime64[D]"), "")


def _unemployed_in_low_income_families(city: City, night: int) -> pd.DataFrame:
    """Whose latest registration is unemployment, in a dibao, marginal, rigid-expenditure or monitored household."""
    known = city.registered[city.registered["night"] <= night].sort_values("register_date", kind="stable")
    latest = known.drop_duplicates("person", keep="last")
    low_income = city.assisted.low_income(city.plan, len(city.people), night)
    jobless = latest[(latest["register_type"] == "2") & low_income[latest["person"]]]
    return hardship_rows(jobless["person"], "unemployed_low_income", jobless["register_date"], "")


def _told_with_the_named_cases(city: City) -> pd.DataFrame:
    told = [
        (_place(city, named), named.household.extra_truth)
        for named in named_people()
        if named.household.extra_truth and named.member.role == "head"
    ]
    rows = [hardship_rows([place], kind, [np.datetime64(city.plan.year_start, "D")], "") for place, kind in told]
    return pd.concat(rows, ignore_index=True)


def near_misses(city: City) -> pd.DataFrame:
    """Named people who look like a case and are none, with the reason."""
    missed = [named for named in named_people() if named.household.near_miss and named.member.role == "head"]
    return pd.DataFrame({
        "identity_number": [city.people.certno[_place(city, named)].as_py() for named in missed],
        "case": [named.household.case for named in missed],
        "reason": [named.household.near_miss for named in missed],
    })  # fmt: skip


def deaths(city: City) -> pd.DataFrame:
    """Who died when, and which classes still tell of a payment as if nothing had happened."""
    departed = city.departed
    pensions, subsidies = city.others["pension_payment"], city.others["subsidy_payment"]
    gone = departed.dead[~departed.is_late]
    still_paid = {
        "pension_payment": np.intersect1d(gone, pensions["person"][pensions["aae116"] == "1"]),
        "subsidy_payment": np.intersect1d(gone, subsidies["person"][subsidies["subsidy_status"] == "1"]),
    }
    return pd.DataFrame({
        "identity_number": departed.everyone.certno.take(departed.dead).to_pylist(),
        "died_on": departed.died_on.astype("datetime64[s]"),
        "in_register": departed.is_late,
        **{f"still_paid_{name}": np.isin(departed.dead, people) for name, people in still_paid.items()},
    }).astype({"died_on": "datetime64[s]"})  # fmt: skip


def shielded_people(city: City, found: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whose rows must stay right: the named, and everyone at home with one in hardship or close to it."""
    people = city.people
    households = np.zeros(people.households, np.bool_)
    households[people.household[found["person"]]] = True
    households[people.household[city.contributed.person[city.contributed.is_breaking]]] = True
    once_unemployed = city.registered["person"][city.registered["register_type"] == "2"]
    close = city.assisted.everyone(len(people))
    close[city.assisted.relapse["person"]] = True
    households[people.household[once_unemployed[close[once_unemployed]]]] = True
    moving = city.assisted.relapse[city.assisted.relapse["new_from"] > 0]
    households[moving["family"]] = True
    shielded = households[people.household] | people.is_named
    whole: npt.NDArray[np.bool_] = np.r_[shielded, np.zeros(len(city.departed.everyone) - len(people), np.bool_)]
    return whole


def with_identities(city: City, found: pd.DataFrame) -> pd.DataFrame:
    """The truth as it is written down."""
    places = found["person"].to_numpy()
    cases = {_place(city, named): named.household.case for named in named_people()}
    return pd.DataFrame({
        "identity_number": city.people.certno.take(places).to_pylist(),
        "household_no": city.people.household_no.take(places).to_pylist(),
        "name": city.people.psn_name.take(places).to_pylist(),
        "kind": found["kind"],
        "happened_on": found["happened_on"].dt.date,
        "first_visible_on": found["first_visible_on"].dt.date,
        "detail": found["detail"],
        "left_out_for": found["left_out_for"],
        "case": [cases.get(int(place), "") for place in places],
    })  # fmt: skip


def _place(city: City, named: NamedPerson) -> int:
    return first_named(len(city.people)) + named.at
