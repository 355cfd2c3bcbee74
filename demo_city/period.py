"""What city is asked for, and the time it covers: its nights, and the year before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]

# How many people live at each scale; the city is as large as the one the extract classes were counted in.
PEOPLE_AT_SCALE = {"town": 30_000, "city": 1_310_000, "province": 1_310_000}
CITIES_AT_SCALE = {"town": 1, "city": 1, "province": 10}
# The one city whose divisions are real; other cities of a province bear made-up codes.
CITY_CODE = "3407"
FIRST_NIGHT = date(2026, 11, 19)
DAYS_OF_HISTORY = 365
MOST_NIGHTS = 366

# none: files as the contracts promise, no delivery out of the ordinary, though rows are as wrong as ever;
# usual: everything departments do that the night copes with; all: also what it must hold.
Mess = Literal["none", "usual", "all"]

# The night from which a row is gone, or changes, that stays as it is.
NEVER = 1_000_000


@dataclass(frozen=True)
class CityPlan:
    """What was asked for; the same plan gives the same city to the byte."""

    people: int
    seed: int
    first_night: date
    nights: int
    mess: Mess = "usual"
    city_code: str = CITY_CODE

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The business dates, one a night."""
        return tuple(self.first_night + timedelta(days=night) for night in range(self.nights))

    @property
    def last_night(self) -> date:
        return self.dates[-1]

    @property
    def year_start(self) -> date:
        return self.year_start_on(0)

    def year_start_on(self, night: int) -> date:
        """The first day of the year in which a night lies: limits count from there."""
        return self.dates[night].replace(month=1, day=1)

    @property
    def history_start(self) -> date:
        """The day from which the facts tell what happened: a year before the first night."""
        return self.first_night - timedelta(days=DAYS_OF_HISTORY)

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
            "mess": self.mess,
            "city_code": self.city_code,
        }

    @classmethod
    def of_arguments(cls, arguments: Mapping[str, Any]) -> "CityPlan":
        """The plan that a marker file tells of, or that an earlier version began."""
        known = {name: value for name, value in arguments.items() if name in cls.__dataclass_fields__}
        return cls(**known | {"first_night": date.fromisoformat(arguments["first_night"])})

    def random(self, subject: str) -> np.random.Generator:
        """A generator of its own for each subject, so that one subject does not disturb another."""
        return np.random.default_rng([self.seed, *subject.encode()])


def night_known(plan: CityPlan, happened: Days) -> npt.NDArray[np.int64]:
    """The night whose delivery first brings what happened on these days: the one after."""
    nights = (happened - np.datetime64(plan.first_night, "D")).astype("timedelta64[D]").astype(np.int64) + 1
    return np.maximum(nights, 0)


def days_between(first: date, last: date) -> int:
    """How many days there are, both included."""
    return (last - first).days + 1


def random_days(rng: np.random.Generator, first: date, last: date, size: int) -> Days:
    """Days between first and last, both included."""
    days: Days = np.datetime64(first, "D") + rng.integers(0, days_between(first, last), size).astype("timedelta64[D]")
    return days
