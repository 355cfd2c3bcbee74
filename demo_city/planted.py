"""Rare hardships that chance alone would bring too seldom: a few for every thirty thousand people."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from demo_city.draw import Mask, Places, chosen, numbered
from demo_city.employment import Contributions
from demo_city.period import CityPlan, Days, days_between
from demo_city.population import People

PEOPLE_OF_A_TOWN = 30_000
BREADWINNERS, CHILDLESS_OF_CARE, JOBLESS, DROPOUTS = 6, 4, 4, 3
LONGEST_DEAD, SHORTEST_DEAD = 40, 6
SPOUSE_CODES = ("11", "12")
CHILD_CODES = ("20", "30")


@dataclass(frozen=True)
class Planted:
    """Whom it befalls: who dies at working age and when, whose parents cannot raise them, who is out of work or school.

    `parents` holds for each such child the head of its household and the spouse.
    """

    dead: Places
    died_on: Days
    parents: tuple[Places, Places]
    jobless: Places
    dropouts: Places


def plant(plan: CityPlan, people: People, contributed: Contributions, may: Mask) -> Planted:
    """Draw them among those who may: of whom no other fact is told that would contradict it."""
    rng = plan.random("planted")
    works = np.zeros(len(people), np.bool_)
    steady = contributed.is_paid.all(axis=1) & ~contributed.is_retired
    works[contributed.person[steady]] = True
    insured = np.zeros(len(people), np.bool_)
    insured[contributed.person] = True
    depends = np.zeros(people.households, np.bool_)
    depends[people.household[(people.age < 17) | (people.age > 62)]] = True
    may_die = may & works & (people.age >= 25) & (people.age < 58) & depends[people.household]
    dead = _one_a_household(people, chosen(rng, may_die, _how_many(people, BREADWINNERS)))
    window = days_between(plan.first_night, plan.last_night) - 1 + LONGEST_DEAD - SHORTEST_DEAD
    died_on = np.datetime64(plan.last_night, "D") - SHORTEST_DEAD - rng.integers(0, window, len(dead))
    taken = np.isin(people.household, people.household[dead])
    parents = _parents(rng, people, may & ~insured & ~taken)
    taken |= np.isin(people.household, people.household[parents[0]])
    jobless = chosen(rng, may & ~insured & ~taken & (people.age >= 46) & (people.age < 58), _how_many(people, JOBLESS))
    pupils = may & ~taken & (people.age >= 9) & (people.age < 14)
    return Planted(dead, died_on, parents, jobless, chosen(rng, pupils, _how_many(people, DROPOUTS)))


def _how_many(people: People, of_a_town: int) -> int:
    return max(2, round(len(people) * of_a_town / PEOPLE_OF_A_TOWN))


def _one_a_household(people: People, person: Places) -> Places:
    _, first = np.unique(people.household[person], return_index=True)
    return person[np.sort(first)]


def _parents(rng: np.random.Generator, people: People, may: Mask) -> tuple[Places, Places]:
    """Heads and spouses who may both be struck, with a minor child at home."""
    relation = people.relation_code.to_numpy(zero_copy_only=False)
    head = np.r_[True, people.household[1:] != people.household[:-1]]
    spouse = np.isin(relation, SPOUSE_CODES)
    with_child = np.zeros(people.households, np.bool_)
    with_child[people.household[np.isin(relation, CHILD_CODES) & (people.age < 15)]] = True
    spouse_may = np.zeros(people.households, np.bool_)
    spouse_may[people.household[spouse & may & (people.age < 50)]] = True
    struck = head & may & with_child[people.household] & spouse_may[people.household]
    heads = chosen(rng, struck, _how_many(people, CHILDLESS_OF_CARE))
    spouses = np.flatnonzero(spouse & np.isin(people.household, people.household[heads]))
    return heads, spouses


def with_planted_rows(plan: CityPlan, planted: Planted, extract_class: str, rows: pd.DataFrame) -> pd.DataFrame:
    """A class's rows, those of the planted among them."""
    first = np.datetime64(plan.first_night, "D")
    heads, spouses = planted.parents
    if extract_class == "custody":
        more = pd.DataFrame({
            "person": heads,
            "custody_no": numbered("ZY3407", len(heads), 90_000_001),
            "custody_kind": "3",
            "start_date": first - 300,
            "expected_end": first + 900,
            "actual_end": np.datetime64("NaT", "D"),
        })  # fmt: skip
    elif extract_class == "serious_disease":
        more = pd.DataFrame({
            "person": spouses,
            "register_no": numbered("DB3407", len(spouses), 90_000_001),
            "disease_class": "1",
            "registered_on": first - 200,
            "risk_grade": "",
            "followed_up_on": first - 30,
            "managed_by": rows["managed_by"].iloc[0],
        })  # fmt: skip
    elif extract_class == "work_benefit":
        began = (plan.last_closed_month - 10).astype("datetime64[D]")
        more = pd.DataFrame({
            "person": planted.jobless,
            "benefit_kind": "1",
            "aae041": began,
            "approved_months": 12,
            "used_months": 11,
            "aae019": 156_600,
            "stop_reason": "",
            "injury_level": "",
            "benefit_no": numbered("DY3407", len(planted.jobless), 90_000_001),
        })  # fmt: skip
    elif extract_class == "student_enrolment":
        left = rows["person"].isin(planted.dropouts) & (rows["stage"] <= "2")
        return rows.assign(enrolment_status=np.where(left, "3", rows["enrolment_status"]))
    else:
        return rows
    dates = [name for name in more if str(more[name].dtype).startswith("datetime")]
    more = more.astype({name: rows[name].dtype for name in dates})
    return pd.concat([rows, more.assign(night=0)], ignore_index=True)
