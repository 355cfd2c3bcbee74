"""What each household truly has to live on, and what the property rules say of it. Amounts in yuan a year."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demo_city.facts import City
from demo_city.need_rates import rates

Amounts = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
MONTHS = 12


@dataclass(frozen=True)
class Livelihood:
    """One entry for each household, `earned` one for each person."""

    size: npt.NDArray[np.int64]
    earned: Amounts
    income: Amounts
    kin_support: Amounts
    insurance_pays: Amounts
    within_property: Mask
    within_emergency_savings: Mask
    average_income: Amounts

    @property
    def standard(self) -> Amounts:
        """The dibao standard of the whole household for a year."""
        yearly: Amounts = (rates()["dibao_standard"] * MONTHS * self.size).astype(np.float64)
        return yearly

    @property
    def marginal_line(self) -> Amounts:
        return rates()["marginal_multiple"] * self.standard


def livelihoods(city: City) -> Livelihood:
    """What the households live on before anything befalls them."""
    people, means, rate = city.people, city.means, rates()
    size = np.bincount(people.household, minlength=people.households)
    earned = _earned(city)
    income: Amounts = np.bincount(people.household, weights=earned, minlength=people.households).astype(np.float64)
    a_head = means.savings / size / rate["dibao_standard"]
    owns = _owns_much(city) | means.has_second_dwelling
    average = np.where(means.is_village, rate["disposable_income_village"], rate["disposable_income_town"])
    return Livelihood(
        size=size,
        earned=earned,
        income=income,
        kin_support=means.kin_support,
        insurance_pays=means.insurance_pays,
        within_property=(a_head <= rate["assets_months"]) & ~owns,
        within_emergency_savings=(a_head <= rate["emergency_assets_months"]) & ~owns,
        average_income=average * size,
    )


def _earned(city: City) -> Amounts:
    """Wages as they are, not as they are reported; pensions; businesses; what is earned unseen; the allowance."""
    people, means, rate = city.people, city.means, rates()
    contributed, size = city.contributed, len(city.people)
    monthly = means.informal_wage.copy()
    best = np.where(contributed.is_paid, contributed.bases, 0).max(axis=1) / 100
    works = ~contributed.is_retired & (best > 0)
    who = contributed.person[works]
    monthly[who] = best[works] / means.reported_share[who]
    pensions = city.others["pension_payment"]
    pensions = pensions[(pensions["aae116"] == "1") & (pensions["person"] < size)]
    pension = np.bincount(pensions["person"], weights=pensions["aae019"] / 100, minlength=size)
    monthly += pension
    entities = city.others["market_entity"]
    runs = entities[entities["entity_status"] == "1"]["person"].to_numpy()
    monthly[runs] = np.maximum(monthly[runs], rate["business_income"] * np.exp(0.5 * means.of_people(people)[runs]))
    enrolled = city.others["student_enrolment"]["person"].to_numpy()
    monthly[enrolled[enrolled < size]] = 0
    dibao, tekun = city.assisted.dibao, city.assisted.tekun
    allowance = dibao["monthly_amount"] / dibao["member_count"] / 100
    monthly += np.bincount(dibao["person"], weights=allowance, minlength=size)
    monthly += np.bincount(tekun["person"], weights=tekun["monthly_amount"] / 100, minlength=size)
    yearly: Amounts = monthly * MONTHS
    return yearly


def _owns_much(city: City) -> Mask:
    """A car that is no livelihood, a flat bought lately, or a business that goes on with much capital."""
    household, size = city.people.household, city.people.households
    cars, homes, entities = (city.others[name] for name in ("vehicle_register", "housing_record", "market_entity"))
    cars = cars[
        cars["vehicle_kind"].isin(["K33", "K31"])
        & (cars["usage"] == "A")
        & (cars["price_band"] != "1")
        & cars["vehicle_status"].isin(["A", "G"])
    ]
    homes = homes[(homes["record_kind"] == "1") & (homes["signed_on"] >= np.datetime64(city.plan.history_start))]
    entities = entities[(entities["entity_status"] == "1") & (entities["capital"] > 10_000_000)]
    owners = np.concatenate([frame["person"].to_numpy(np.int64) for frame in (cars, homes, entities)])
    owns = np.zeros(size, np.bool_)
    owns[household[owners[owners < len(household)]]] = True
    return owns
