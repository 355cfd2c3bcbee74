"""How each household stands on a night, as far as the deliveries tell: who is dead, held, earning, or needs care."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.assistance import on_night
from demo_city.cadence import snapshots_since_the_first, told_until
from demo_city.disability import certificates_on
from demo_city.draw import Mask
from demo_city.employment import Contributions, rolled
from demo_city.facts import City
from demo_city.later_states import standing_rows
from demo_city.render import MISSING_AMOUNT

Amounts = npt.NDArray[np.int64]
DEATH_CLASSES = ("death_certificate", "cremation", "register_event")
UNOPPOSED_DAYS = 7
BASIC_PENSION = "170"


class Circumstances:
    """What is known of everybody on one night; arrays go by person unless their name says otherwise."""

    def __init__(self, city: City, night: int) -> None:
        self.city, self.night = city, night
        self.people = city.people
        self.day = np.datetime64(city.plan.dates[night], "D")

    def known(self, extract_class: str) -> pd.DataFrame:
        """The class's rows as they stand."""
        return standing_rows(self.city.others[extract_class], self.night)

    def age_on(self, day: np.datetime64) -> npt.NDArray[np.int64]:
        """Completed years."""
        return full_years(self.people.born_on, day)

    @cached_property
    def age(self) -> npt.NDArray[np.int64]:
        return self.age_on(self.day)

    @cached_property
    def death_sources(self) -> npt.NDArray[np.int64]:
        """How many sources tell of each death, among everybody who ever lived."""
        told = np.zeros(len(self.city.departed.everyone), np.int64)
        for rows in self._deaths_told():
            told[np.unique(rows["person"])] += 1
        return told

    @cached_property
    def death_is_counted(self) -> Mask:
        """Two sources agree, or one has stood unopposed for a week."""
        counted: Mask = self.death_sources >= 2
        week_ago = self.city.plan.dates[self.night].toordinal() - UNOPPOSED_DAYS
        nights = [night for night, day in enumerate(self.city.plan.dates) if day.toordinal() <= week_ago]
        for rows in self._deaths_told():
            counted[rows["person"][rows["night"].isin(nights)]] = True
        return counted

    def _deaths_told(self) -> list[pd.DataFrame]:
        found = [self.known(name) for name in DEATH_CLASSES]
        return [rows[rows["event_kind"] == "1"] if "event_kind" in rows else rows for rows in found]

    @cached_property
    def is_member(self) -> Mask:
        """Who counts in the household: not dead by two sources."""
        counts: Mask = self.death_sources[: len(self.people)] < 2
        return counts

    @cached_property
    def is_living(self) -> Mask:
        """Of whom no source says that they died."""
        living: Mask = self.death_sources[: len(self.people)] == 0
        return living

    @cached_property
    def is_held(self) -> Mask:
        rows = self.known("custody")
        ended = rows["actual_end"].to_numpy("datetime64[D]")
        now = (rows["start_date"].to_numpy("datetime64[D]") <= self.day) & (np.isnat(ended) | (ended >= self.day))
        return self._of(rows["person"][now])

    @cached_property
    def is_minor(self) -> Mask:
        minor: Mask = self.age < 18
        return minor

    @cached_property
    def is_severe(self) -> Mask:
        rows = certificates_on(self.city.certified, self.night)
        rows = rows[(rows["certificate_status"] == "有效") & (rows["disability_level"] <= 2)]
        return self._of(rows["person"])

    @cached_property
    def is_student(self) -> Mask:
        rows = self.known("student_enrolment")
        return self._of(rows["person"][rows["enrolment_status"] == "1"])

    @cached_property
    def contributed(self) -> Contributions:
        """The twelve months that the snapshots up to the night tell of."""
        months = snapshots_since_the_first(self.city.plan, "employee_pension_contribution", self.night)
        return rolled(self.city.contributed, months)

    @cached_property
    def is_earner(self) -> Mask:
        pays = self.contributed.person[self.contributed.is_paid[:, -3:].any(axis=1) & ~self.contributed.is_retired]
        earns: Mask = self._of(pays) & self.is_living & ~self.is_held
        return earns

    @cached_property
    def income(self) -> tuple[Amounts, Mask]:
        """What is known to come in each month, in cents, and of whom that is most of it."""
        amount, is_known = np.zeros(len(self.people), np.int64), np.zeros(len(self.people), np.bool_)
        active = ~self.contributed.is_retired
        paid = self.contributed.is_paid[active, -3:]
        person, bases = self.contributed.person[active], self.contributed.bases[active, -3:]
        last = 2 - np.argmax(paid[:, ::-1], axis=1)
        wage = np.where(paid.any(axis=1), bases[np.arange(len(bases)), last], 0)
        np.add.at(amount, person, np.maximum(wage, 0))
        is_known[person[paid.any(axis=1)]] = True
        pensions = self.known("pension_payment")
        pensions = pensions[(pensions["aae116"] == "1") & (pensions["person"] < len(self.people))]
        np.add.at(amount, pensions["person"].to_numpy(), pensions["aae019"].to_numpy(np.int64))
        is_known[pensions["person"][pensions["aae140"] != BASIC_PENSION]] = True
        benefits = self.known("work_benefit")
        running = (benefits["approved_months"] == MISSING_AMOUNT) | (
            benefits["used_months"] < benefits["approved_months"]
        )
        benefits = benefits[benefits["benefit_kind"].isin(["1", "2"]) & (benefits["stop_reason"] == "") & running]
        np.add.at(amount, benefits["person"].to_numpy(), benefits["aae019"].to_numpy(np.int64))
        is_known[benefits["person"]] = True
        return amount, is_known

    @cached_property
    def is_dependant(self) -> Mask:
        depends: Mask = self.is_minor | (self.age >= 60) | self.is_severe | self.is_student
        return depends

    def in_household(self, mask: Mask) -> npt.NDArray[np.int64]:
        """How many members of each household are such, by household."""
        return np.bincount(self.people.household[mask & self.is_member], minlength=self.people.households)

    @cached_property
    def is_listed(self) -> Mask:
        """Who holds any identity of assistance."""
        listed = self.city.assisted.low_income(self.city.plan, len(self.people), self.night)
        listed[self.in_tekun] = True
        return listed

    @cached_property
    def in_tekun(self) -> npt.NDArray[np.int64]:
        rows = on_night(self.city.assisted.tekun, told_until(self.city.plan, "tekun", self.night))
        found: npt.NDArray[np.int64] = rows["person"].to_numpy(np.int64)
        return found

    def one_of(self, households: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Somebody living of each household that has anybody."""
        person = np.flatnonzero(self.is_living & np.isin(self.people.household, households))
        _, first = np.unique(self.people.household[person], return_index=True)
        found: npt.NDArray[np.int64] = person[first]
        return found

    def _of(self, person: object) -> Mask:
        mask = np.zeros(len(self.people), np.bool_)
        places = np.asarray(person, np.int64)
        mask[places[places < len(self.people)]] = True
        return mask


def full_years(
    born_on: npt.NDArray[np.datetime64], day: npt.NDArray[np.datetime64] | np.datetime64
) -> npt.NDArray[np.int64]:
    """Completed years of age on a day, or on each one's own."""
    born = born_on.astype("datetime64[D]")
    years = day.astype("datetime64[Y]").astype(np.int64) - born.astype("datetime64[Y]").astype(np.int64)
    months = born.astype("datetime64[M]").astype(np.int64) % 12 * 100 + (born - born.astype("datetime64[M]")).astype(
        np.int64
    )
    now = day.astype("datetime64[M]").astype(np.int64) % 12 * 100 + (day - day.astype("datetime64[M]")).astype(np.int64)
    completed: npt.NDArray[np.int64] = years - (now < months)
    return completed
