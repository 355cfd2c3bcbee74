"""Hardships of one person that neither a bill nor a certificate tells: work, school, and help never claimed."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.assistance import on_night
from demo_city.cadence import told_until
from demo_city.circumstances import Circumstances, full_years
from demo_city.disability import certificates_on
from demo_city.draw import Mask
from demo_city.employment import NOT_INSURED
from demo_city.relapse import still_monitored
from demo_city.truth_rows import hardship_rows

MONTHS_OF_A_STRIP, MOST_PAID_MONTHS, LEAST_BREAKS = 12, 6, 2
DAYS_CLOSED, DAYS_OF_GRACE, OLD_AGE = 90, 90, 80
DAYS_ENTERED, DAYS_TO_BE_AIDED = 180, 60
MONTHS_STOPPED = 3


def benefits_ending(now: Circumstances) -> pd.DataFrame:
    """Unemployment benefit with at most a month left, no new work, and 45 or older or with dependants."""
    rows = now.known("work_benefit")
    left = rows["approved_months"] - rows["used_months"]
    began = rows["aae041"].to_numpy("datetime64[M]")
    elapsed = (now.day.astype("datetime64[M]") - began).astype(np.int64)
    person = rows["person"].to_numpy(np.int64)
    ends = (rows["benefit_kind"] == "1") & (rows["stop_reason"] == "") & left.between(0, 1)
    ends &= elapsed <= rows["approved_months"] + 1
    depends = now.in_household(now.is_dependant)
    ends &= now.is_member[person] & ((now.age[person] >= 45) | (depends[now.people.household[person]] > 0))
    ends &= ~_works_since(now)(person, rows["aae041"].to_numpy("datetime64[D]"), began + 1)
    return hardship_rows(person[ends], "benefit_ending", rows["aae041"][ends], rows["benefit_no"][ends])


def work_on_and_off(now: Circumstances) -> pd.DataFrame:
    """At most half of twelve told months paid, or two breaks, in a marginal, burdened or monitored household."""
    contributed = now.contributed
    entered = np.cumsum(contributed.is_paid, axis=1) > 0
    is_told = entered | (contributed.bases != NOT_INSURED)
    paid, breaks = contributed.is_paid.sum(axis=1), _breaks(contributed.is_paid)
    near = now.in_household(_near_poverty(now))
    person = contributed.person
    unsteady = is_told.all(axis=1) & ~contributed.is_retired & (paid > 0)
    unsteady &= (paid <= MOST_PAID_MONTHS) | (breaks >= LEAST_BREAKS)
    unsteady &= (near[now.people.household[person]] > 0) & now.is_member[person] & (now.age[person] <= 59)
    first = np.repeat(contributed.months[0].astype("datetime64[D]"), int(unsteady.sum()))
    return hardship_rows(person[unsteady], "work_on_and_off", first, "")


def _breaks(is_paid: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = (is_paid[:, :-1] & ~is_paid[:, 1:]).sum(axis=1)
    return found


def _near_poverty(now: Circumstances) -> Mask:
    mask = np.zeros(len(now.people), np.bool_)
    assisted, plan = now.city.assisted, now.city.plan
    mask[_marginal(now)["person"]] = True
    mask[still_monitored(on_night(assisted.relapse, told_until(plan, "relapse_monitoring", now.night)))["person"]] = (
        True
    )
    return mask


def _marginal(now: Circumstances) -> pd.DataFrame:
    rows = on_night(now.city.assisted.marginal_and_rigid, told_until(now.city.plan, "marginal_and_rigid", now.night))
    valid: pd.DataFrame = rows[rows["valid_to"].to_numpy("datetime64[D]") >= now.day]
    return valid


def businesses_closed(now: Circumstances) -> pd.DataFrame:
    """Whose business closed within ninety days with no other and no work since, and whose household needs it."""
    rows = now.known("market_entity")
    closed_on = rows["closed_on"].to_numpy("datetime64[D]")
    person = rows["person"].to_numpy(np.int64)
    runs = np.zeros(len(now.people), np.bool_)
    runs[person[rows["entity_status"] == "1"]] = True
    home = now.people.household[person]
    needy = (now.in_household(now.is_dependant)[home] > 0) & (now.in_household(now.is_earner)[home] == 0)
    shut = (rows["role"] == "1") & (rows["entity_status"] != "1") & ~np.isnat(closed_on)
    shut &= (closed_on <= now.day) & (closed_on >= now.day - DAYS_CLOSED)
    shut &= ~runs[person] & needy & now.is_member[person] & (now.age[person] <= 59)
    shut &= ~_works_since(now)(person, closed_on, closed_on.astype("datetime64[M]"))
    return hardship_rows(person[shut], "business_closed", closed_on[shut], rows["uscc"][shut])


def _works_since(
    now: Circumstances,
) -> Callable[[npt.NDArray[np.int64], npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]], Mask]:
    """Tells who registered as employed since a day, or paid contributions since a month."""
    registered = now.city.registered
    registered = registered[(registered["night"] <= now.night) & (registered["register_type"] == "1")]
    hired = registered.groupby("person")["register_date"].max()
    contributed = now.contributed
    last = contributed.is_paid.shape[1] - 1 - np.argmax(contributed.is_paid[:, ::-1], axis=1)
    pays = contributed.is_paid.any(axis=1)
    paid_month = pd.Series(contributed.months[last[pays]].astype("datetime64[s]"), index=contributed.person[pays])

    def works(
        person: npt.NDArray[np.int64], day: npt.NDArray[np.datetime64], month: npt.NDArray[np.datetime64]
    ) -> Mask:
        hired_on = hired.reindex(person).to_numpy("datetime64[D]")
        paid_in = paid_month.reindex(person).to_numpy("datetime64[M]")
        found: Mask = (hired_on >= day) | (paid_in >= month)
        return found

    return works


def pensions_stopped(now: Circumstances) -> pd.DataFrame:
    """Whose pension was suspended for want of a certificate, where nothing else is known to come in at home."""
    rows = now.known("pension_payment")
    rows = rows[(rows["aae116"] == "2") & (rows["person"] < len(now.people))]
    person, month = rows["person"].to_numpy(np.int64), rows["aae003"].to_numpy("datetime64[M]")
    amount, _ = now.income
    income = np.bincount(now.people.household, weights=amount * now.is_member, minlength=now.people.households)
    home = now.people.household[person]
    stopped = (income[home] == 0) & (now.in_household(now.is_earner)[home] == 0) & now.is_living[person]
    stopped &= (now.day.astype("datetime64[M]") - month).astype(np.int64) <= MONTHS_STOPPED
    return hardship_rows(person[stopped], "pension_stopped", rows["aae003"][stopped], "")


def schooling_at_risk(now: Circumstances) -> pd.DataFrame:
    """Who left compulsory school, and who began a higher one without aid in a household with an identity."""
    rows = now.known("student_enrolment")
    person, entered = rows["person"].to_numpy(np.int64), rows["entered_on"].to_numpy("datetime64[D]")
    left = ((rows["stage"] <= "2") & (rows["enrolment_status"] == "3")).to_numpy()
    new = ((rows["stage"] >= "3") & (rows["grade"] == 1) & (rows["enrolment_status"] == "1")).to_numpy()
    new = new & (entered >= now.day - DAYS_ENTERED) & (entered <= now.day - DAYS_TO_BE_AIDED)
    aided = np.zeros(len(now.people), np.bool_)
    awards, aid = now.known("student_aid"), now.known("temporary_aid")
    aided[awards["person"]] = True
    aided[aid["person"][aid["cause"] == "4"]] = True
    listed = now.in_household(now.is_listed)
    new &= (listed[now.people.household[person]] > 0) & ~aided[person]
    alive = now.is_member[person]
    return pd.concat(
        [
            hardship_rows(person[left & alive], "left_school", entered[left & alive], rows["term"][left & alive]),
            hardship_rows(person[new & alive], "student_without_aid", entered[new & alive], ""),
        ],
        ignore_index=True,
    )


def unclaimed(now: Circumstances) -> pd.DataFrame:
    """The severely disabled without nursing subsidy, the very old without allowance, the marginal without their own."""
    drawn = now.known("subsidy_payment")
    rows = certificates_on(now.city.certified, now.night)
    rows = rows[(rows["certificate_status"] == "有效") & now.is_living[rows["person"]]]
    is_severe, is_mental = rows["disability_level"] <= 2, rows["disability_category"].isin(["5", "6"])
    since = rows[["first_certified_on", "certified_on"]].max(axis=1).to_numpy("datetime64[D]")
    in_tekun = rows["person"].isin(now.in_tekun)
    has_nursing = rows["person"].isin(drawn["person"][drawn["item"] == "2"])
    nursing = rows["person"][is_severe & (since <= now.day - DAYS_OF_GRACE) & ~in_tekun & ~has_nursing]
    marginal = _marginal(now)
    marginal = marginal[marginal["household_kind"] == "1"]
    grave = is_severe | (is_mental & (rows["disability_level"] <= 3))
    single = rows["person"][grave & ~in_tekun & rows["person"].isin(marginal["person"])]
    old = (full_years(now.people.born_on, now.day - DAYS_OF_GRACE) >= OLD_AGE) & now.is_living
    old[drawn["person"][(drawn["item"] == "3") & (drawn["person"] < len(now.people))]] = False
    parts = {"nursing": nursing.to_numpy(), "old_age": np.flatnonzero(old), "single": single.to_numpy()}
    lacking = [
        hardship_rows(who, "entitlement_unclaimed", np.repeat(now.day, len(who)), policy)
        for policy, who in parts.items()
    ]
    return pd.concat(lacking, ignore_index=True)
