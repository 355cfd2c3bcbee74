"""The people of the demo city, column by column."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.households import RELATION_CODES, ROLES, Members, draw_households
from demo_city.identity_numbers import identity_numbers
from demo_city.named_cases import NAMED_HOUSEHOLDS, named_members
from demo_city.names import person_names
from demo_city.period import CityPlan, Days
from demo_city.places import (
    Grids,
    divide_into_grids,
    full_name,
    inhabited_villages,
    settle,
    village_codes,
    village_index,
)

MINORITIES = ("03", "11", "08", "06", "15")


@dataclass(frozen=True)
class People:
    """One row for each person; facts elsewhere name people by their place here."""

    household: npt.NDArray[np.int64]
    age: npt.NDArray[np.int64]
    is_male: npt.NDArray[np.bool_]
    born_on: Days
    is_named: npt.NDArray[np.bool_]
    village: npt.NDArray[np.int64]
    grid: npt.NDArray[np.int64]
    certno: pa.StringArray
    psn_name: pa.StringArray
    relation_code: pa.StringArray
    marital_code: pa.StringArray
    ethnicity: pa.StringArray
    phone: pa.StringArray
    address: pa.StringArray
    household_no: pa.StringArray
    grids: Grids
    village_codes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.household)

    @property
    def households(self) -> int:
        return int(self.household[-1]) + 1


def populate(plan: CityPlan) -> People:
    """Draw the people: households of the templates first, the named ones after them."""
    rng = plan.random("population")
    drawn = draw_households(rng, plan.people - len(named_members().age))
    members = _joined(drawn, named_members())
    village_of, is_named_household = _villages(rng, int(drawn.household[-1]) + 1)
    grids, grid_of = divide_into_grids(village_of, np.bincount(members.household), plan.city_code)
    born_on = _born_on(rng, plan, members.age)
    return People(
        household=members.household,
        age=members.age,
        is_male=members.is_male,
        born_on=born_on,
        is_named=is_named_household[members.household],
        village=village_of[members.household],
        grid=grid_of[members.household],
        certno=identity_numbers(rng, born_on, members.is_male, city_code=plan.city_code),
        psn_name=_names(rng, members, len(drawn.age)),
        relation_code=_relation_codes(members),
        marital_code=_marital_codes(rng, members),
        ethnicity=_ethnicities(rng, len(members.age)),
        phone=_phones(members),
        address=_addresses(rng, village_of).take(pa.array(members.household)),
        household_no=_numbered(plan.city_code, members.household + 10_000_001),
        grids=grids,
        village_codes=village_codes(plan.city_code),
    )  # fmt: skip


def _joined(drawn: Members, named: Members) -> Members:
    return Members(
        household=np.r_[drawn.household, named.household + drawn.household[-1] + 1],
        role=np.r_[drawn.role, named.role],
        age=np.r_[drawn.age, named.age],
        is_male=np.r_[drawn.is_male, named.is_male],
    )


def _villages(rng: np.random.Generator, drawn: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    named = np.array([village_index(household.village_code) for household in NAMED_HOUSEHOLDS], np.int64)
    is_named = np.r_[np.zeros(drawn, np.bool_), np.ones(len(named), np.bool_)]
    return np.r_[settle(rng, drawn), named], is_named


def _born_on(rng: np.random.Generator, plan: CityPlan, age: npt.NDArray[np.int64]) -> Days:
    before = (age * 365.25).astype(np.int64) + rng.integers(30, 360, len(age))
    born: Days = np.datetime64(plan.first_night, "D") - before.astype("timedelta64[D]")
    return born


def _names(rng: np.random.Generator, members: Members, drawn: int) -> pa.StringArray:
    """Children, grandchildren, siblings and the father bear the head's name; named people their own."""
    bears_family_name = np.isin(
        members.role, [ROLES.index(role) for role in ("head", "child", "grandchild", "parent_m", "sibling")]
    )
    households = int(members.household[-1]) + 1
    family = np.where(bears_family_name, members.household, households + np.arange(len(members.age)))
    names = person_names(rng, members.is_male, family, households + len(family))
    own = [member.name for household in NAMED_HOUSEHOLDS for member in household.members]
    return pa.concat_arrays([names.slice(0, drawn), pa.array(own, pa.string())])


def _relation_codes(members: Members) -> pa.StringArray:
    codes = pa.array([code for role in ROLES for code in RELATION_CODES[role]], pa.string())
    return codes.take(pa.array(members.role * 2 + ~members.is_male))


def _marital_codes(rng: np.random.Generator, members: Members) -> pa.StringArray:
    married = np.zeros(int(members.household[-1]) + 1, np.bool_)
    spouse = members.role == ROLES.index("spouse")
    married[members.household[spouse]] = True
    is_head = members.role == ROLES.index("head")
    in_couple = spouse | (is_head & married[members.household]) | (members.role == ROLES.index("child_in_law"))
    alone = np.where(members.age > 62, "30", np.where(rng.random(len(members.age)) < 0.5, "40", "10"))
    codes = np.select([in_couple, members.age < 24, is_head, members.age > 55], ["20", "10", alone, "30"], "10")
    return pa.array(codes.tolist(), pa.string())


def _ethnicities(rng: np.random.Generator, size: int) -> pa.StringArray:
    codes = np.where(rng.random(size) < 0.985, "01", rng.choice(MINORITIES, size))
    return pa.array(codes.tolist(), pa.string())


def _phones(members: Members) -> pa.StringArray:
    """Adults share one number a household; 199-00 is no range in which such numbers were given out."""
    numbers = _numbered("19900", members.household + 1_000_000, drop=1)
    return pc.if_else(pa.array(members.age >= 14), numbers, "")


def _numbered(prefix: str, numbers: npt.NDArray[np.int64], drop: int = 1) -> pa.StringArray:
    """The prefix and the number without its leading digit, which only keeps the zeros."""
    text = pc.utf8_slice_codeunits(pc.cast(pa.array(numbers), pa.string()), drop)
    return pc.binary_join_element_wise(prefix, text, "")


def _addresses(rng: np.random.Generator, village_of: npt.NDArray[np.int64]) -> pa.StringArray:
    """One address a household; a few hold the characters that delimit columns."""
    starts = pa.array([full_name(village) for village in inhabited_villages()]).take(pa.array(village_of))
    size = len(village_of)
    house = pc.cast(pa.array(rng.integers(1, 400, size)), pa.string())
    endings = rng.choice(["号", "号2单元301室", "号(东头,老屋)", "号3栋|2单元"], size, p=[0.7, 0.27, 0.02, 0.01])
    return pc.binary_join_element_wise(starts, house, pa.array(endings.tolist()), "")
