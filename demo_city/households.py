"""Who lives with whom: households drawn from templates, slot by slot."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Role = Literal["head", "spouse", "child", "child_in_law", "grandchild", "parent_m", "parent_f", "sibling"]
SexRule = Literal["any", "other", "male", "female"]

ROLES: tuple[Role, ...] = (
    "head", "spouse", "child", "child_in_law", "grandchild", "parent_m", "parent_f", "sibling",
)  # fmt: skip
# GB/T 4761: the code for a man and for a woman in each role.
RELATION_CODES = {
    "head": ("02", "02"),
    "spouse": ("11", "12"),
    "child": ("20", "30"),
    "child_in_law": ("28", "38"),
    "grandchild": ("40", "40"),
    "parent_m": ("51", "51"),
    "parent_f": ("52", "52"),
    "sibling": ("70", "70"),
}


@dataclass(frozen=True)
class Slot:
    """One place in a household; the age is the head's plus `older`, give or take `spread`."""

    role: Role
    older: int = 0
    spread: float = 0.0
    youngest: int = 0
    oldest: int = 100
    sex: SexRule = "any"


@dataclass(frozen=True)
class Template:
    """A shape of household with its share of all households."""

    share: float
    head_age: tuple[int, int, int]
    others: tuple[Slot, ...] = ()
    male_heads: float = 0.75


def _child(older: int, oldest: int = 34) -> Slot:
    return Slot("child", older, 4, 0, oldest)


SPOUSE = Slot("spouse", -2, 3, 20, 95, "other")
FATHER = Slot("parent_m", 27, 4, 48, 99, "male")
MOTHER = Slot("parent_f", 25, 4, 46, 100, "female")
SON = Slot("child", -26, 3, 22, 48, "male")
DAUGHTER_IN_LAW = Slot("child_in_law", -27, 3, 21, 47, "female")

TEMPLATES = (
    Template(0.09, (60, 72, 100), male_heads=0.45),
    Template(0.10, (20, 36, 62), male_heads=0.6),
    Template(0.14, (60, 68, 92), (SPOUSE,), 0.9),
    Template(0.11, (24, 48, 62), (SPOUSE,), 0.85),
    Template(0.17, (26, 40, 56), (SPOUSE, _child(-27))),
    Template(0.11, (28, 40, 54), (SPOUSE, _child(-26), _child(-30, 28))),
    Template(0.06, (25, 42, 60), (_child(-26),), 0.35),
    Template(0.07, (28, 40, 52), (SPOUSE, _child(-26), MOTHER)),
    Template(0.05, (28, 40, 50), (SPOUSE, _child(-26), _child(-30, 24), FATHER, MOTHER)),
    Template(0.05, (52, 60, 74), (SPOUSE, SON, DAUGHTER_IN_LAW, Slot("grandchild", -54, 4, 0, 20)), 0.9),
    Template(0.04, (50, 62, 80), (SPOUSE, _child(-28, 45))),
    Template(0.01, (40, 62, 80), (Slot("sibling", -4, 5, 18, 95),), 0.8),
)  # fmt: skip


@dataclass(frozen=True)
class Members:
    """One row for each person, households one after another."""

    household: npt.NDArray[np.int64]
    role: npt.NDArray[np.int64]
    age: npt.NDArray[np.int64]
    is_male: npt.NDArray[np.bool_]


def draw_households(rng: np.random.Generator, people: int) -> Members:
    """Households with exactly so many people in all."""
    sizes = np.array([1 + len(template.others) for template in TEMPLATES])
    shares = np.array([template.share for template in TEMPLATES])
    kinds = rng.choice(len(TEMPLATES), people, p=shares / shares.sum())
    fitting = int(np.searchsorted(np.cumsum(sizes[kinds]), people, side="right"))
    short = people - int(sizes[kinds[:fitting]].sum())
    kinds = np.r_[kinds[:fitting], np.ones(short, np.int64)]
    return _fill(rng, kinds, sizes[kinds])


def _fill(rng: np.random.Generator, kinds: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Members:
    household = np.repeat(np.arange(len(kinds)), sizes)
    starts = np.cumsum(sizes) - sizes
    slot = np.arange(len(household)) - starts[household]
    of_slot = _slot_table()
    role, older, spread, youngest, oldest, sex = (column[kinds[household], slot] for column in of_slot)
    head_age, head_male = _heads(rng, kinds)
    drawn = head_age[household] + older + rng.normal(0, 1, len(household)) * spread
    age = np.clip(np.rint(drawn).astype(np.int64), youngest, oldest)
    male = rng.random(len(household)) < 0.51
    male = np.select(
        [sex == 1, sex == 2, sex == 3, slot == 0], [~head_male[household], True, False, head_male[household]], male
    )
    return Members(household, role, age, male.astype(np.bool_))


def _heads(
    rng: np.random.Generator, kinds: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    low, mode, high = (np.array([template.head_age[at] for template in TEMPLATES])[kinds] for at in range(3))
    ages = rng.triangular(low, mode, high).astype(np.int64)
    male_share = np.array([template.male_heads for template in TEMPLATES])[kinds]
    return ages, rng.random(len(kinds)) < male_share


def _slot_table() -> tuple[npt.NDArray[np.int64], ...]:
    """Role, older, spread, youngest, oldest and sex rule by template and slot."""
    widest = max(len(template.others) for template in TEMPLATES) + 1
    table = np.zeros((6, len(TEMPLATES), widest), np.int64)
    rules = ("any", "other", "male", "female")
    for row, template in enumerate(TEMPLATES):
        slots = (Slot("head", youngest=template.head_age[0]), *template.others)
        for at, slot in enumerate(slots):
            role, sex = ROLES.index(slot.role), rules.index(slot.sex)
            table[:, row, at] = (role, slot.older, round(slot.spread), slot.youngest, slot.oldest, sex)
    return tuple(table)
