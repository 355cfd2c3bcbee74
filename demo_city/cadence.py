"""When a class is delivered: every night, once a week, or whole once a month or quarter.

Between two whole snapshots a department hands over what has changed, as increments.
"""

from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from demo_city.period import CityPlan
from schemas.loader import contracts

Nights = npt.NDArray[np.int64]

DAYS_OF_WEEK = 7
# The second night is the first on which what comes weekly comes again.
WEEKLY_FROM = 1
WEEKLY = frozenset({
    "employment_register", "register_event", "traffic_casualty", "temporary_aid", "cremation", "death_certificate",
    "disaster_event", "dibao", "tekun", "marginal_and_rigid", "relapse_monitoring",
})  # fmt: skip
# Snapshots of a month are made in the week after it.
DAY_OF_SNAPSHOTS = 8
ALL_MONTHS = frozenset(range(1, 13))
QUARTERLY = frozenset({"household_register", "resident_pension", "serious_disease", "public_housing"})
MONTHS_OF_SNAPSHOTS = dict.fromkeys(QUARTERLY, frozenset({1, 4, 7, 10})) | {
    "student_enrolment": frozenset({3, 9}),
    "student_aid": frozenset({3, 9}),
}
# Every night, what has changed since the last snapshot.
WITH_INCREMENTS = frozenset({
    "household_register", "insured_person", "resident_pension", "pension_payment", "vehicle_register",
    "market_entity", "disability_certificate",
})  # fmt: skip
NIGHTLY = frozenset({
    "inpatient_settlement", "chronic_outpatient_settlement", "general_outpatient_month", "medical_aid"
})  # fmt: skip


def is_delivered_whole(plan: CityPlan, extract_class: str, night: int) -> bool:
    """Whether a class that is no daily or weekly one has its night: the first, or the one of its month."""
    if night == 0:
        return True
    if extract_class in NIGHTLY | WEEKLY:
        return extract_class in NIGHTLY or night % DAYS_OF_WEEK == WEEKLY_FROM
    return closes_a_month(plan, night) and plan.dates[night].month in MONTHS_OF_SNAPSHOTS.get(extract_class, ALL_MONTHS)


def closes_a_month(plan: CityPlan, night: int) -> bool:
    """Whether a night is the one on which a month is told that was not over on the first night."""
    day = plan.dates[night]
    return day.day == DAY_OF_SNAPSHOTS and day.replace(day=1) > plan.first_night


def is_delivered(plan: CityPlan, extract_class: str, night: int) -> bool:
    """Whether the class is delivered on a night, whole or in part."""
    return extract_class in WITH_INCREMENTS or is_delivered_whole(plan, extract_class, night)


def mode_of(plan: CityPlan, extract_class: str, night: int) -> Literal["full", "incremental"]:
    """How the department labels the delivery of a night."""
    is_whole = is_delivered_whole(plan, extract_class, night)
    return contracts()[extract_class].delivery_mode if is_whole else "incremental"


@cache
def nights_of(plan: CityPlan, extract_class: str) -> tuple[int, ...]:
    """The nights on which the class is delivered, in order."""
    return tuple(night for night in range(plan.nights) if is_delivered(plan, extract_class, night))


def told_until(plan: CityPlan, extract_class: str, night: int) -> int:
    """The last night up to this one on which the class was delivered: what is known of it now was known then."""
    return max(told for told in nights_of(plan, extract_class) if told <= night)


def next_delivery(plan: CityPlan, extract_class: str, nights: Nights) -> Nights:
    """The night that delivers what would be known on each night; the number of nights where none does."""
    deliveries = np.array([*nights_of(plan, extract_class), plan.nights])
    found: Nights = deliveries[np.searchsorted(deliveries, np.minimum(nights, plan.nights))]
    return found


def last_snapshot(plan: CityPlan, extract_class: str, night: int) -> int:
    """The last night up to this one on which the class was delivered whole."""
    return max(told for told in range(night + 1) if is_delivered_whole(plan, extract_class, told))


def snapshots_since_the_first(plan: CityPlan, extract_class: str, night: int) -> int:
    """How many whole snapshots followed the first night's, up to a night: so many months have closed since."""
    return sum(is_delivered_whole(plan, extract_class, told) for told in range(1, night + 1))
