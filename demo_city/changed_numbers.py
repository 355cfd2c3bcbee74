"""People whose identity number was changed (改号): the register tells the old one, some departments never learn.

What a department recorded before the change bears the old number for ever; of what it records after,
some departments still write the old one. The old number belongs to nobody else.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.cadence import last_snapshot, next_delivery
from demo_city.draw import Mask, Places, chosen, days_before, rows_of
from demo_city.identity_numbers import identity_numbers
from demo_city.period import CityPlan, Days, night_known
from demo_city.population import People

CHANGED = 0.8
# Sequence numbers that neither the living nor the departed reach.
FIRST_SEQUENCE = 440
LEAST_AGE = 30
# The day on which a department records a fact, by class: what lies before the change bears the old number.
RECORDED_ON = {
    "inpatient_settlement": "setl_date",
    "chronic_outpatient_settlement": "setl_date",
    "employment_register": "register_date",
    "temporary_aid": "award_date",
    "traffic_casualty": "accident_date",
    "medical_aid": "pay_date",
}
# Registers that still write the old number of every other person.
BEHIND_THE_TIMES = ("resident_pension", "vehicle_register", "serious_disease", "public_housing")


@dataclass(frozen=True)
class ChangedNumbers:
    """Who had which number until when; `people.certno` holds the new ones."""

    person: Places
    old: pa.StringArray
    changed_on: Days

    def first_visible_on(self, plan: CityPlan) -> Days:
        """The night that first tells of each change: the weekly register events of the night after it."""
        nights = next_delivery(plan, "register_event", night_known(plan, self.changed_on))
        dates = np.array([*plan.dates, np.datetime64("NaT")], "datetime64[D]")
        told: Days = dates[nights]
        return told

    def as_delivered(
        self, plan: CityPlan, extract_class: str, facts: pd.DataFrame, night: int, numbers: pa.Array
    ) -> pa.Array:
        """The numbers of the facts' rows as the department writes them on a night."""
        if not len(self.person):
            return numbers
        rows = facts["person"].to_numpy(np.int64)
        at = np.minimum(np.searchsorted(self.person, rows), len(self.person) - 1)
        is_old = (self.person[at] == rows) & self._is_old(plan, extract_class, facts, night, at)
        return pc.if_else(pa.array(is_old), self.old.take(pa.array(at)), numbers)

    def _is_old(self, plan: CityPlan, extract_class: str, facts: pd.DataFrame, night: int, at: Places) -> Mask:
        changed_on = self.changed_on[at]
        not_yet: Mask = night_known(plan, changed_on) > night
        if extract_class in RECORDED_ON:
            recorded = facts[RECORDED_ON[extract_class]].to_numpy("datetime64[D]")
            before_it: Mask = not_yet | (recorded < changed_on)
            return before_it
        if extract_class in BEHIND_THE_TIMES:
            every_other: Mask = not_yet | (at % 2 == 0)
            return every_other
        if extract_class == "register_event":
            return np.zeros(len(at), np.bool_)
        if extract_class == "household_register":
            # The register itself says so with its next snapshot.
            unregistered: Mask = night_known(plan, changed_on) > last_snapshot(plan, extract_class, night)
            return unregistered
        return not_yet


def changed_numbers(plan: CityPlan, people: People, quiet: Mask, treated: Mask) -> ChangedNumbers:
    """Draw them among those who are not quiet: most in the year before the first night, some in the nights after.

    Rather among the treated, of whose old number the bills tell.
    """
    rng = plan.random("changed numbers")
    may = (people.age >= LEAST_AGE) & ~people.is_named & ~quiet
    person = chosen(rng, may * np.where(treated, 4.0, 1.0), max(2 * plan.nights, rows_of(len(people), CHANGED)))
    old = identity_numbers(rng, people.born_on[person], ~people.is_male[person], FIRST_SEQUENCE, plan.city_code)
    changed_on = days_before(np.datetime64(plan.first_night, "D"), rng.integers(3, 360, len(person)))
    # Each later night tells of one change at least.
    recent = rng.permutation(len(person))[: plan.nights - 1]
    changed_on[recent] = np.datetime64(plan.first_night, "D") + np.arange(len(recent)).astype("timedelta64[D]")
    return ChangedNumbers(person, old, changed_on)


def number_events(plan: CityPlan, changed: ChangedNumbers) -> pd.DataFrame:
    """The register events that name the old numbers."""
    return pd.DataFrame({
        "person": changed.person,
        "event_kind": "5",
        "happened_on": changed.changed_on,
        "event_date": changed.changed_on,
        "old_certno": changed.old.to_pylist(),
    })[changed.changed_on < np.datetime64(plan.last_night, "D")]  # fmt: skip
