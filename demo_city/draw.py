"""How rows are drawn: how many of a class, of whom, and under which numbers."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.period import Days

# Rows of each class in a city of 1.31 million people, in thousands.
CITY_PEOPLE = 1310
LEAST_ROWS = 4
# Texts that fewer rows share than this are left alone.
LEAST_SHARING = 4
NEVER_HAPPENED = np.datetime64("NaT", "D")

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]


def rows_of(people: int, thousands: float) -> int:
    """How many rows a class has where a city of 1.31 million people has so many thousands."""
    return max(LEAST_ROWS, round(people * thousands / CITY_PEOPLE))


def chosen(rng: np.random.Generator, weights: npt.NDArray[np.float64] | Mask, count: int) -> Places:
    """So many different places, in order, each the likelier the greater its weight; none of weight zero."""
    possible = np.flatnonzero(weights)
    count = min(count, len(possible))
    if count == 0:
        return np.zeros(0, np.int64)
    keys = np.log(weights[possible].astype(np.float64)) + rng.gumbel(0, 1, len(possible))
    kept = np.argpartition(-keys, count - 1)[:count]
    places: Places = np.sort(possible[kept])
    return places


def shared_out(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> Texts:
    """Codes drawn by their shares."""
    weights = np.array(list(shares.values()), float)
    ends = np.cumsum(weights / weights.sum())
    drawn: Texts = np.array(list(shares))[np.minimum(np.searchsorted(ends, rng.random(size)), len(shares) - 1)]
    return drawn


def sharing_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows, where equal texts are one object: a city has millions of cells and few different codes."""
    shared = {}
    for name in rows.select_dtypes(object).columns:
        codes, texts = pd.factorize(rows[name], use_na_sentinel=False)
        if len(texts) * LEAST_SHARING < len(rows):
            shared[name] = texts.to_numpy(object)[codes]
    return rows.assign(**shared)


def numbered(prefix: str, count: int, first: int = 10_000_001) -> npt.NDArray[np.object_]:
    """The prefix and a running number."""
    text = pc.cast(pa.array(np.arange(first, first + count)), pa.string())
    joined: npt.NDArray[np.object_] = pc.binary_join_element_wise(prefix, text, "").to_numpy(zero_copy_only=False)
    return joined


def days_before(day: np.datetime64, ago: npt.NDArray[np.int64]) -> Days:
    """The days so long before a day."""
    days: Days = day.astype("datetime64[D]") - ago.astype("timedelta64[D]")
    return days


def where_day(condition: Mask, days: Days) -> Days:
    """The days where the condition holds, and no day elsewhere."""
    found: Days = np.where(condition, days.astype("datetime64[D]"), NEVER_HAPPENED)
    return found


def first_of_month(days: Days) -> Days:
    """The first day of each day's month."""
    first: Days = days.astype("datetime64[M]").astype("datetime64[D]")
    return first
