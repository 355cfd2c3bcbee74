"""Identity numbers of people who do not exist (GB 11643-1999), all different and all well formed."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from demo_city.period import CITY_CODE, Days

CHECK_CHARACTERS = np.array(list("10X98765432"))
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SEQUENCES_PER_SEX = 499

# Which prefixes were given out when: the city's districts were renamed and one county changed city.
PREFIXES_BY_BIRTH_YEAR = (
    (1900, 1982, ("340721", "342823")),
    (1983, 1987, ("340702", "340703", "340704", "340711", "340721", "342823")),
    (1988, 2015, ("340702", "340703", "340711", "340721", "340823")),
    (2016, 2100, ("340705", "340706", "340711", "340722")),
)


def identity_numbers(
    rng: np.random.Generator,
    born_on: Days,
    is_male: npt.NDArray[np.bool_],
    first_sequence: int = 0,
    city_code: str = CITY_CODE,
) -> pa.StringArray:
    """One number for each person; odd sequences are men, even ones women.

    Who is drawn apart counts from a `first_sequence` that the others do not reach. In a city whose
    code is made up, all numbers begin with it.
    """
    prefixes = _prefixes(rng, born_on)
    if city_code != CITY_CODE:
        prefixes = int(city_code) * 100 + prefixes % 100
    birth = _as_digits(born_on)
    sequences = _sequences(prefixes, birth, is_male, first_sequence)
    first_seventeen = (prefixes * 100_000_000 + birth) * 1000 + sequences
    return pa.array(np.char.add(first_seventeen.astype("U17"), check_characters(first_seventeen)).tolist(), pa.string())


def check_characters(first_seventeen: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    """The eighteenth character for each number of seventeen digits."""
    total = np.zeros(len(first_seventeen), np.int64)
    for position, weight in enumerate(WEIGHTS):
        total += weight * (first_seventeen // 10 ** (16 - position) % 10)
    checks: npt.NDArray[np.str_] = CHECK_CHARACTERS[total % 11]
    return checks


def is_well_formed(number: str) -> bool:
    """Whether eighteen characters carry the right check character."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    return bool(check_characters(np.array([int(number[:17])]))[0] == number[17])


def fifteen_digits(number: str) -> list[str]:
    """The number as it was given out until 1999, where it surely can be lengthened again."""
    if number[6:8] != "19" or number[8:10] in ("19", "20") or number[14:17] >= "996":
        return []
    return [number[:6] + number[8:17]]


def _as_digits(days: Days) -> npt.NDArray[np.int64]:
    years = days.astype("datetime64[Y]").astype(np.int64) + 1970
    months = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day_of_month = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    digits: npt.NDArray[np.int64] = years * 10_000 + months * 100 + day_of_month
    return digits


def _prefixes(rng: np.random.Generator, born_on: Days) -> npt.NDArray[np.int64]:
    years = born_on.astype("datetime64[Y]").astype(np.int64) + 1970
    chosen = np.zeros(len(born_on), np.int64)
    for first, last, codes in PREFIXES_BY_BIRTH_YEAR:
        among = (years >= first) & (years <= last)
        chosen[among] = rng.choice(np.array([int(code) for code in codes]), int(among.sum()))
    return chosen


def _sequences(
    prefixes: npt.NDArray[np.int64], birth: npt.NDArray[np.int64], is_male: npt.NDArray[np.bool_], first: int
) -> npt.NDArray[np.int64]:
    """Count up among those who share prefix, birth day and sex, from a place that looks arbitrary."""
    group = (prefixes * 100_000_000 + birth) * 2 + is_male
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    nth = np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))
    if len(nth) and nth.max() >= SEQUENCES_PER_SEX:
        raise ValueError("More people share a birth day and prefix than there are numbers; ask for fewer people.")
    counted = np.empty(len(group), np.int64)
    counted[order] = nth
    nth_from_start = (counted + first + group % 487) % SEQUENCES_PER_SEX
    return np.where(is_male, 2 * nth_from_start + 1, 2 * nth_from_start + 2)
