"""Where people live: the real villages by size, and made-up grids within them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from demo_city.period import CITY_CODE
from schemas.divisions import Division, divisions, villages

PEOPLE_PER_GRID = 400
# Urban-rural code -> how many times more people live there than in a farming village.
WEIGHT_BY_URBAN_RURAL_CODE = {"111": 6.0, "112": 4.0, "121": 4.0, "122": 2.0, "123": 1.5, "210": 1.5, "220": 1.0}


@cache
def inhabited_villages() -> tuple[Division, ...]:
    """Villages where people can live; the virtual ones of industrial parks are empty."""
    return tuple(village for village in villages() if not village.is_virtual)


@cache
def division_by_code() -> Mapping[str, Division]:
    return {division.code: division for division in divisions()}


def in_city(code: str, city_code: str) -> str:
    """The code as it is in another city of the same shape; the real city's stays as it is."""
    return city_code + code[len(CITY_CODE) :]


def village_codes(city_code: str) -> tuple[str, ...]:
    """The codes of the inhabited villages in a city."""
    return tuple(in_city(village.code, city_code) for village in inhabited_villages())


def village_index(code: str) -> int:
    """The place of a village among the inhabited ones."""
    return [village.code for village in inhabited_villages()].index(code)


def full_name(village: Division) -> str:
    """City, county, town and village, as an address begins."""
    names = [village.name]
    while village.level != "city":
        village = division_by_code()[village.parent_code]
        names.append(village.name)
    return "".join(reversed(names))


def settle(rng: np.random.Generator, households: int) -> npt.NDArray[np.int64]:
    """The village of each household."""
    weights = np.array([WEIGHT_BY_URBAN_RURAL_CODE[village.urban_rural_code] for village in inhabited_villages()])
    weights *= rng.uniform(0.6, 1.6, len(weights))
    return rng.choice(len(weights), households, p=weights / weights.sum())


@dataclass(frozen=True)
class Grids:
    """The grids of the city: code and village of each."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    village_codes: tuple[str, ...]


def divide_into_grids(
    village_of: npt.NDArray[np.int64], size_of: npt.NDArray[np.int64], city_code: str = CITY_CODE
) -> tuple[Grids, npt.NDArray[np.int64]]:
    """The grids, and the grid of each household (as an index); no grid crosses a village."""
    people = np.bincount(village_of, weights=size_of, minlength=len(inhabited_villages()))
    grids_in = np.maximum(1, np.ceil(people / PEOPLE_PER_GRID).astype(np.int64))
    first_grid = np.r_[0, np.cumsum(grids_in)[:-1]]
    order = np.argsort(village_of, kind="stable")
    people_before = np.cumsum(size_of[order]) - size_of[order]
    in_village = people_before - np.r_[0.0, np.cumsum(people)[:-1]][village_of[order]]
    serial = (in_village * grids_in[village_of[order]] / np.maximum(people, 1)[village_of[order]]).astype(np.int64)
    grid_of = np.empty(len(village_of), np.int64)
    grid_of[order] = first_grid[village_of[order]] + serial
    return _grids(grids_in, city_code), grid_of


def _grids(grids_in: npt.NDArray[np.int64], city_code: str) -> Grids:
    grids = [
        (code, village.name, serial)
        for code, village, count in zip(village_codes(city_code), inhabited_villages(), grids_in, strict=True)
        for serial in range(1, int(count) + 1)
    ]
    return Grids(
        codes=tuple(f"{code}{serial:03d}" for code, _, serial in grids),
        names=tuple(f"{name}第{serial}网格" for _, name, serial in grids),
        village_codes=tuple(code for code, _, _ in grids),
    )
