"""Everything that is true of the demo city, before any department writes it down."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd

from demo_city.assistance import AssistedPeople, assisted_people
from demo_city.belongings import disasters, housing_records, market_entities, public_housing
from demo_city.bills import self_paid
from demo_city.cadence import next_delivery
from demo_city.changed_numbers import ChangedNumbers, changed_numbers
from demo_city.departed import Departed, cremations, death_certificates, departed_people, register_events
from demo_city.disability import certificates
from demo_city.draw import Mask, sharing_texts
from demo_city.employment import Contributions, contributions, ended_by_death
from demo_city.insurance import insured_people, medical_aid, pension_payments, resident_pension, work_benefits
from demo_city.later_states import NIGHTLY_CHANGES, with_later_states
from demo_city.means import Means, draw_means
from demo_city.medical import chronic_settlements, inpatient_settlements
from demo_city.moving import register_changes
from demo_city.outpatient import outpatient_months
from demo_city.period import CityPlan
from demo_city.planted import Planted, plant, with_planted_rows
from demo_city.police import custodies, traffic_casualties, vehicles
from demo_city.population import People, populate
from demo_city.registrations import registrations
from demo_city.schooling import student_aid, students
from demo_city.welfare import OLD_AGE, children_in_need, serious_diseases, subsidies, temporary_aid

LEAST_AGE_OF_LATE_DEATHS = 62
DAYS_WITHOUT_BILLS = 12
MOST_SELF_PAID_OF_RENUMBERED = 300_000


@dataclass(frozen=True)
class City:
    """The people and all facts about them, over all nights.

    `others` holds by extract class the rows of what no truth is told about; `night` delivers a row.
    `register` holds what changes in the household register after the first night.
    """

    plan: CityPlan
    people: People
    means: Means
    assisted: AssistedPeople
    inpatient: pd.DataFrame
    chronic: pd.DataFrame
    outpatient: pd.DataFrame
    contributed: Contributions
    registered: pd.DataFrame
    certified: pd.DataFrame
    departed: Departed
    changed: ChangedNumbers
    register: pd.DataFrame
    planted: Planted
    others: Mapping[str, pd.DataFrame]


def imagine(plan: CityPlan) -> City:
    """Draw the whole city."""
    people = populate(plan)
    means = draw_means(plan, people)
    standing = means.of_people(people)
    assisted = assisted_people(plan, people, means.standing)
    everyone_assisted = assisted.everyone(len(people))
    quiet = everyone_assisted.copy()
    quiet[assisted.relapse["person"]] = True
    contributed = contributions(plan, people, everyone_assisted, standing)
    inpatient = sharing_texts(inpatient_settlements(plan, people, everyone_assisted, standing))
    chronic = sharing_texts(chronic_settlements(plan, people, everyone_assisted, standing))
    registered = registrations(plan, people, contributed, assisted.low_income(plan, len(people), plan.nights - 1))
    certified = certificates(plan, people)
    settled = pd.concat([inpatient, chronic], ignore_index=True)
    may_die = _may_die(plan, people, everyone_assisted, settled, contributed, certified)
    untold = _untold(people, quiet, settled, registered, certified)
    planted = plant(plan, people, contributed, untold)
    contributed = ended_by_death(contributed, planted.dead, planted.died_on)
    departed = departed_people(plan, people, may_die, planted)
    quiet[departed.dead[departed.is_late]] = True
    seen = np.bincount(settled["person"], minlength=len(people)) > 0
    stays = _whose_number_stays(people, quiet, settled, contributed, certified)
    stays[registered["person"]] = True
    changed = changed_numbers(plan, people, stays, seen)
    city = City(
        plan=plan,
        people=people,
        means=means,
        assisted=assisted,
        inpatient=inpatient,
        chronic=chronic,
        outpatient=outpatient_months(plan, people, standing),
        contributed=contributed,
        registered=registered,
        certified=certified,
        departed=departed,
        changed=changed,
        register=register_changes(plan, people, quiet),
        planted=planted,
        others={},
    )
    return replace(city, others=_others(city, settled))


def _may_die(
    plan: CityPlan,
    people: People,
    assisted: Mask,
    settled: pd.DataFrame,
    contributed: Contributions,
    certified: pd.DataFrame,
) -> Mask:
    """Old people of whom no department says anything in the days around the first night."""
    may_die = (people.age >= LEAST_AGE_OF_LATE_DEATHS) & ~people.is_named & ~assisted
    since = np.datetime64(plan.first_night - timedelta(days=DAYS_WITHOUT_BILLS), "D")
    may_die[settled["person"][settled["setl_date"].to_numpy("datetime64[D]") >= since]] = False
    may_die[contributed.person] = False
    may_die[certified["person"]] = False
    return may_die


def _untold(
    people: People, quiet: Mask, settled: pd.DataFrame, registered: pd.DataFrame, certified: pd.DataFrame
) -> Mask:
    """People of whom neither civil affairs, a hospital, the employment register nor the federation says anything."""
    untold: Mask = ~people.is_named & ~quiet
    for told in (settled, registered, certified):
        untold[told["person"]] = False
    return untold


def _whose_number_stays(
    people: People, quiet: Mask, settled: pd.DataFrame, contributed: Contributions, certified: pd.DataFrame
) -> Mask:
    """Those of whom any finding might depend on both numbers being known as one person's."""
    paid = np.bincount(settled["person"], weights=self_paid(settled), minlength=len(people))
    stays: Mask = quiet | (paid > MOST_SELF_PAID_OF_RENUMBERED) | (people.age < 18) | (people.age >= OLD_AGE - 1)
    stays[contributed.person] = True
    stays[certified["person"]] = True
    return stays


def _others(city: City, settled: pd.DataFrame) -> dict[str, pd.DataFrame]:
    plan, people, departed = city.plan, city.people, city.departed
    alive = departed.still_alive(len(people))
    assisted = city.assisted.everyone(len(people))
    assisted[city.assisted.relapse["person"]] = True
    standing = city.means.of_people(people)
    severe = city.certified[
        (city.certified["disability_level"] <= 2) & (city.certified["certificate_status"] == "有效")
    ]
    severe_people = np.unique(severe["person"].to_numpy(np.int64))
    enrolled = students(plan, people, alive)
    insured = insured_people(plan, people, city.contributed, departed)
    others = {
        "insured_person": insured,
        "medical_aid": medical_aid(plan, people, city.assisted, settled, severe_people),
        "resident_pension": resident_pension(plan, people, city.contributed, alive),
        "pension_payment": pension_payments(plan, people, city.contributed, departed, standing),
        "work_benefit": work_benefits(plan, people, city.registered, city.contributed),
        "register_event": register_events(plan, people, departed, city.register, city.changed),
        "vehicle_register": vehicles(plan, people, assisted, standing),
        "traffic_casualty": traffic_casualties(plan, people, departed, assisted),
        "custody": custodies(plan, people, city.contributed, alive),
        "temporary_aid": temporary_aid(plan, people, assisted, alive),
        "subsidy_payment": subsidies(plan, people, city.assisted, city.certified, departed),
        "child_in_need": children_in_need(plan, people, assisted, _with_parents_struck(people, city.planted)),
        "cremation": cremations(plan, departed),
        "death_certificate": death_certificates(plan, departed),
        "serious_disease": serious_diseases(plan, people, city.certified, alive),
        "student_enrolment": enrolled,
        "student_aid": student_aid(plan, people, enrolled, assisted),
        "public_housing": public_housing(plan, people, assisted),
        "housing_record": housing_records(plan, people, city.contributed, assisted, standing),
        "market_entity": market_entities(plan, people, assisted, alive, standing),
        "disaster_event": disasters(plan, people, alive),
    }
    for extract_class in NIGHTLY_CHANGES:
        others[extract_class] = with_later_states(plan, extract_class, others[extract_class])
    whole = {
        extract_class: sharing_texts(with_planted_rows(plan, city.planted, extract_class, rows))
        for extract_class, rows in others.items()
    }
    return {
        extract_class: rows.assign(night=next_delivery(plan, extract_class, rows["night"].to_numpy(np.int64)))
        for extract_class, rows in whole.items()
    }


def _with_parents_struck(people: People, planted: Planted) -> Mask:
    found: Mask = np.isin(people.household, people.household[planted.parents[0]])
    return found
