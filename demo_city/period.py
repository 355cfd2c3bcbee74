"""The time the demo city covers: its nights, and the year they lie in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]

# How many people live at each scale; the city is as large as the one the extract classes were counted in.
PEOPLE_AT_SCALE = {"town": 30_000, "city": 1_310_000}

# The night from which a row is gone, or changes, that stays as it is.
NEVER = 1_000_000


@dataclass(frozen=True)
class CityPlan:
    """What was asked for; the same plan gives the same city to the byte."""

    people: int
    seed: int
    first_night: date
    nights: int

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The business dates, one a night."""
        return tuple(self.first_night + timedelta(days=night) for night in range(self.nights))

    @property
    def last_night(self) -> date:
        return self.dates[-1]

    @property
    def year_start(self) -> date:
        return self.first_night.replace(month=1, day=1)

    @property
    def last_closed_month(self) -> np.datetime64:
        """The month before the first night's."""
        return np.datetime64(self.first_night, "M") - 1

    def as_arguments(self) -> Mapping[str, str | int]:
        """For the marker file, to tell whether the same city is asked for again."""
        return {
            "people": self.people,
            "seed": self.seed,
            "first_night": self.first_night.isoformat(),
            "nights": self.nights,
        }

    def random(self, subject: str) -> np.random.Generator:
        """A generator of its own for each subject, so that one subject does not disturb another."""
        return np.random.default_rng([self.seed, *subject.encode()])


def night_known(plan: CityPlan, happened: Days) -> npt.NDArray[np.int64]:
    """The night whose delivery first brings what happened on these days: the one after."""
    nights = (happened - np.datetime64(plan.first_night, "D")).astype("timedelta64[D]").astype(np.int64) + 1
    return np.maximum(nights, 0)


def random_days(rng: np.random.Generator, first: date, last: date, size: int) -> Days:
    """Days between first and last, both included."""
    span = (last - first).days + 1
    days: Days = np.datetime64(first, "D") + rng.integers(0, span, size).astype("timedelta64[D]")
    return days
