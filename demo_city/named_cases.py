"""Households with a story: some modelled on cases told in the press, some exactly at a limit.

All persons are made up. `near_miss` says why a household must not be found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

from demo_city.households import ROLES, Members, Role

Assistance = Literal["", "dibao", "tekun", "marginal", "rigid_expenditure"]

GOLD_RIDGE = "340705198013"
LOTUS_POND = "340706100003"
RIVER_ISLE = "340706203200"
LEVEL_MEADOW = "340722100001"


@dataclass(frozen=True)
class Bill:
    """A settlement of a named person, so many days before the first night (minus: after it)."""

    days_before: int
    self_paid: float
    kind: Literal["inpatient", "chronic"] = "inpatient"
    med_type: str = "21"
    is_reversed: bool = False
    is_void: bool = False
    chapter: str = "循环系统疾病"
    last_year: bool = False


@dataclass(frozen=True)
class Contributions:
    """Twelve months of pension contributions, oldest first: the base, and 1 where it was paid."""

    bases: tuple[float, ...]
    paid: str = "111111111111"
    is_retired: bool = False
    status: str = "1"


@dataclass(frozen=True)
class Certificate:
    """A disability certificate; `from_night` first delivers it, `later_level` replaces the level on night 1."""

    category: str
    level: int
    first_days_before: int
    days_before: int
    from_night: int = 0
    later_level: int | None = None


@dataclass(frozen=True)
class Registration:
    """An entry in the employment register."""

    kind: Literal["1", "2"]
    days_before: int
    reason: str = ""


@dataclass(frozen=True)
class NamedMember:
    """A member of a named household with all that is planted about him."""

    name: str
    role: Role
    age: int
    is_male: bool
    bills: tuple[Bill, ...] = ()
    contributions: Contributions | None = None
    certificate: Certificate | None = None
    registrations: tuple[Registration, ...] = ()


@dataclass(frozen=True)
class NamedHousehold:
    """A household with a story."""

    case: str
    village_code: str
    members: tuple[NamedMember, ...]
    assistance: Assistance = ""
    near_miss: str = ""
    extra_truth: str = field(default="")


def _single(
    case: str,
    name: str,
    bills: tuple[Bill, ...],
    assistance: Assistance = "",
    near_miss: str = "",
    age: int = 66,
    is_male: bool = True,
) -> NamedHousehold:
    member = NamedMember(name, "head", age, is_male, bills)
    return NamedHousehold(case, LEVEL_MEADOW, (member,), assistance, near_miss)


def _bills(*amounts: float) -> tuple[Bill, ...]:
    return tuple(Bill(150 - 20 * nth, amount) for nth, amount in enumerate(amounts))


def _retired(base: float, paid: str) -> Contributions:
    return Contributions((base,) * 12, paid, is_retired=True)


def _steady(base: float, paid: str = "111111111111") -> Contributions:
    return Contributions((base,) * 12, paid)


STORIES = (
    # A working daughter and her ill mother: on the second night the mother's spending passes the
    # limit and half of the daughter's wage.
    NamedHousehold("daughter_of_ill_mother", GOLD_RIDGE, (
        NamedMember("杨晓敏", "head", 38, False, contributions=_steady(4300)),
        NamedMember("吴桂珍", "parent_f", 68, False, (
            Bill(250, 1900, chapter="肿瘤"), Bill(120, 2600, "chronic", "14", chapter="肿瘤"),
            Bill(45, 3400, chapter="肿瘤"), Bill(0, 20500, med_type="25", chapter="肿瘤"),
        )),
    )),
    # Divorced, a son at university, a limb certificate of level two after a tumour operation.
    NamedHousehold("new_limb_certificate", LOTUS_POND, (
        NamedMember("刘志根", "head", 52, True, (Bill(70, 6100, chapter="肿瘤"),),
                    certificate=Certificate("4", 2, 1, 1, from_night=1)),
        NamedMember("刘子轩", "child", 20, True),
    )),
    # A whole family in dibao that meets the conditions of tekun.
    NamedHousehold("whole_household_meets_tekun", RIVER_ISLE, (
        NamedMember("章守田", "head", 62, True, (Bill(200, 900),), certificate=Certificate("4", 3, 3000, 700)),
        NamedMember("汪玉兰", "spouse", 61, False),
        NamedMember("章小根", "child", 35, True, certificate=Certificate("6", 2, 4000, 900)),
    ), "dibao", extra_truth="whole_household_meets_tekun"),
    NamedHousehold("sole_earner_lost_work", GOLD_RIDGE, (
        NamedMember("陈文军", "head", 45, True, contributions=Contributions((6200,) * 12, "111111110000", status="2"),
                    registrations=(Registration("2", 60, "12"),)),
        NamedMember("方丽娟", "spouse", 43, False),
        NamedMember("陈雨萱", "child", 10, False),
    )),
    NamedHousehold("spouse_still_earns", GOLD_RIDGE, (
        NamedMember("汪海涛", "head", 41, True, contributions=Contributions((6800,) * 12, "111111110000", status="2")),
        NamedMember("程雅琴", "spouse", 40, False, contributions=_steady(5600)),
    ), near_miss="another member still pays contributions"),
    NamedHousehold("employer_pays_late", LOTUS_POND, (
        NamedMember("徐大勇", "head", 50, True, contributions=_steady(5000, "111111111100")),
    ), near_miss="only two months are missing"),
    # The floor of the base keeps two people over the limit of income.
    NamedHousehold("base_fell", LOTUS_POND, (
        NamedMember("余庆华", "head", 47, True, contributions=Contributions((12000.0,) * 9 + (4500.0,) * 3)),
        NamedMember("余梦琪", "child", 15, False),
    )),
    NamedHousehold("base_reset_in_july", LOTUS_POND, (
        NamedMember("姚光明", "head", 39, True, contributions=Contributions((9600.0,) * 8 + (4400.0,) * 4)),
    ), near_miss="the base fell with the yearly re-basing in July"),
    NamedHousehold("retired", GOLD_RIDGE, (
        NamedMember("夏建平", "head", 61, True, contributions=_retired(5200, "111111110000")),
    ), near_miss="contributions ended with retirement"),
    NamedHousehold("dibao_member_lost_work", RIVER_ISLE, (
        NamedMember("佘来福", "head", 44, True, registrations=(Registration("2", 12, "11"),)),
        NamedMember("佘小宝", "child", 12, True),
    ), "dibao"),
    NamedHousehold("certificate_worsened", RIVER_ISLE, (
        NamedMember("左春生", "head", 58, True, certificate=Certificate("1", 3, 2500, 400, later_level=2)),
    )),
    # Two breaks within the year, in a marginal household: never three months at once.
    NamedHousehold("works_on_and_off", RIVER_ISLE, (
        NamedMember("崔海生", "head", 36, True, contributions=_steady(4300, "111001110011")),
        NamedMember("崔阿婆", "parent_f", 66, False),
    ), "marginal"),
    NamedHousehold("stopped_once", RIVER_ISLE, (
        NamedMember("戴长林", "head", 37, True, contributions=_steady(4300, "111111100111")),
        NamedMember("戴阿婆", "parent_f", 67, False),
    ), "marginal", near_miss="only one break, and nine months paid"),
    # One modest wage, and most of it goes to the hospital.
    NamedHousehold("illness_outruns_income", LOTUS_POND, (
        NamedMember("甘立新", "head", 48, True, contributions=_steady(4200)),
        NamedMember("俞秀芳", "spouse", 47, False, (
            Bill(300, 7000, chapter="肿瘤"), Bill(200, 7000, chapter="肿瘤"), Bill(100, 7000, chapter="肿瘤"),
            Bill(20, 10000, chapter="肿瘤"),
        )),
        NamedMember("甘小雨", "child", 12, False),
    )),
    # Ill over the new year before: no calendar year shows as much as the limit.
    NamedHousehold("ill_over_the_new_year", LOTUS_POND, (
        NamedMember("凤大明", "head", 68, True, (
            Bill(0, 6000, last_year=True), Bill(200, 5000), Bill(60, 4500), Bill(30, 2000),
        )),
    )),
    NamedHousehold("certificate_reissued", RIVER_ISLE, (
        NamedMember("钱永福", "head", 63, True, certificate=Certificate("2", 2, 3000, 20)),
    ), near_miss="an old certificate was only reissued"),
)  # fmt: skip

AT_THE_LIMIT = (
    _single("tekun_at_limit", "疏长贵", _bills(500, 500), "tekun", "exactly 1,000 yuan", 71),
    _single("tekun_over_limit", "疏长宝", _bills(500, 500.01), "tekun", age=73),
    _single("dibao_at_limit", "方秀云", _bills(2500, 2500), "dibao", "exactly 5,000 yuan", 59, False),
    _single("dibao_over_limit", "方秀珍", _bills(2500, 2500.01), "dibao", age=57, is_male=False),
    _single("marginal_at_limit", "丁福来", _bills(2500, 2500, 2500, 2500), "marginal", "exactly 10,000 yuan"),
    _single("marginal_over_limit", "丁福生", _bills(2500, 2500, 2500, 2500.01), "marginal"),
    _single("rigid_over_limit", "吕水根", _bills(2500, 2500, 2500, 2500.01), "rigid_expenditure"),
    _single("other_at_limit", "潘玉芳", _bills(5000, 5000, 5000), "", "exactly 15,000 yuan", 70, False),
    _single("other_over_limit", "潘玉英", _bills(5000, 5000, 5000.01), "", age=70, is_male=False),
    _single("bill_at_three_fifths", "江德宁", (Bill(15, 9000, med_type="24"),)),
    _single("bill_just_under", "江德水", (Bill(15, 8999.99, med_type="24"),), "", "0.01 yuan under 3/5 of the limit"),
    _single("bill_reversed", "蒋宏斌", (Bill(30, 18000, is_reversed=True),), "", "the only bill was reversed"),
    _single("bill_void", "蒋宏辉", (Bill(30, 18000, is_void=True),), "", "the only bill is void"),
    _single("pharmacy_only", "沈巧云", (Bill(30, 16000, "chronic", "41"),), "", "pharmacy does not count", 55, False),
    _single("maternity_only", "苏雅婷", (Bill(30, 16000, med_type="52"),), "", "maternity does not count", 29, False),
    _single("last_year_only", "魏正平", (Bill(0, 20000, last_year=True),), "", "the bill lies in the year before"),
)  # fmt: skip

NAMED_HOUSEHOLDS = STORIES + AT_THE_LIMIT


@dataclass(frozen=True)
class NamedPerson:
    """A named member with the household and the place among all named members."""

    household: NamedHousehold
    member: NamedMember
    at: int


@cache
def named_people() -> tuple[NamedPerson, ...]:
    """All named members in the order in which they stand at the end of the population."""
    return tuple(NamedPerson(household, member, at) for at, (household, member) in enumerate(_members()))


def _members() -> Iterator[tuple[NamedHousehold, NamedMember]]:
    for household in NAMED_HOUSEHOLDS:
        for member in household.members:
            yield household, member


@cache
def named_members() -> Members:
    """The named members as columns."""
    number = {household.case: at for at, household in enumerate(NAMED_HOUSEHOLDS)}
    people = named_people()
    return Members(
        household=np.array([number[person.household.case] for person in people]),
        role=np.array([ROLES.index(person.member.role) for person in people]),
        age=np.array([person.member.age for person in people]),
        is_male=np.array([person.member.is_male for person in people]),
    )


def first_named(people: int) -> int:
    """The place of the first named member in the population."""
    return people - len(named_people())
