"""What really happened: the hardships a perfect system would find, and the night it could first see each.

Computed from the facts, not from the files. The rows that carry these facts are never made wrong,
so what is true here can be seen in the deliveries.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.circumstances import Circumstances
from demo_city.disability import certificates_on, newly_certified
from demo_city.facts import City
from demo_city.left_out import left_out_for
from demo_city.named_cases import NamedPerson, first_named, named_people
from demo_city.truth_of_costs import by_person, counted_costs, over_limit_across_years, sudden_bills, years_over_limit
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
from demo_city.truth_of_work import incomes_fallen, jobs_lost, unemployed_in_low_income_families
from demo_city.truth_rows import hardship_rows

DAYS_OF_A_YEAR = 365
DAYS_OF_A_QUARTER = 90


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
    year = by_person(costs, people)
    quarter = by_person(costs[costs["on"].to_numpy("datetime64[D]") > now.day - DAYS_OF_A_QUARTER], people)
    parts = [
        years_over_limit(city, night),
        sudden_bills(city, night),
        _new_certificates(city, night),
        _worsened_certificates(city, night),
        jobs_lost(city, night),
        incomes_fallen(city, night),
        unemployed_in_low_income_families(city, night),
        _told_with_the_named_cases(city),
        over_limit_across_years(city, night, year, quarter),
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


def _told_with_the_named_cases(city: City) -> pd.DataFrame:
    told = [
        (place_of(city, named), named.household.extra_truth)
        for named in named_people()
        if named.household.extra_truth and named.member.role == "head"
    ]
    rows = [hardship_rows([place], kind, [np.datetime64(city.plan.year_start, "D")], "") for place, kind in told]
    return pd.concat(rows, ignore_index=True)


def near_misses(city: City) -> pd.DataFrame:
    """Named people who look like a case and are none, with the reason."""
    missed = [named for named in named_people() if named.household.near_miss and named.member.role == "head"]
    return pd.DataFrame({
        "identity_number": [city.people.certno[place_of(city, named)].as_py() for named in missed],
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
    cases = {place_of(city, named): named.household.case for named in named_people()}
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


def place_of(city: City, named: NamedPerson) -> int:
    return first_named(len(city.people)) + named.at
