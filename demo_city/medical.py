"""Settlements of the medical insurance: hospital stays, chronic outpatient visits and their afterlife.

A frame of settlements holds row versions: `night` is the night that delivers the version,
and the last one up to a night is what stands then.
"""

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.bills import bills_with_self_paid, drawn_bills, with_more_from_the_fund
from demo_city.named_cases import Bill, first_named, named_people
from demo_city.names import CHRONIC_DISEASES, DISEASE_CHAPTERS, HOSPITALS
from demo_city.period import CityPlan, days_between, night_known, random_days
from demo_city.population import People

INPATIENT_A_YEAR = 0.198
CHRONIC_A_YEAR = 0.527
INPATIENT_TYPES = {"21": 0.78, "22": 0.05, "24": 0.05, "25": 0.05, "26": 0.03, "28": 0.03, "23": 0.01}
CHRONIC_TYPES = {"14": 0.72, "11": 0.08, "13": 0.05, "41": 0.15}
EMPLOYEES_IN_TEN = 3
REVERSED_SHARE = 0.01
CARE_BY_STANDING = 0.33
VOID_SHARE = 0.004
LATE_SHARE = 0.002
# Of the rows sent before, how many a later night reverses, corrects or simply repeats.
LATER_CHANGES = {"reversed": 0.0005, "corrected": 0.0005, "repeated": 0.0015}


def frailty(rng: np.random.Generator, people: People, standing: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much likelier than others each person seeks care; named people's bills are planted instead.

    Whoever can pay goes to hospital sooner than who cannot.
    """
    by_age = np.interp(people.age, [0, 3, 15, 40, 60, 80, 100], [1.2, 0.9, 0.4, 0.6, 1.5, 3.0, 3.5])
    weights = rng.gamma(0.7, 1 / 0.7, len(people)) * by_age * np.exp(CARE_BY_STANDING * standing) * ~people.is_named
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def inpatient_settlements(
    plan: CityPlan, people: People, assisted: npt.NDArray[np.bool_], standing: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """All hospital settlements from a year before the first night up to the last."""
    rng = plan.random("inpatient")
    stays = _drawn(rng, plan, people, frailty(plan.random("frailty"), people, standing), INPATIENT_A_YEAR)
    total = np.exp(rng.normal(np.log(600_000), 0.85, len(stays))).astype(np.int64) + 50_000
    stays["med_type"] = _of(rng, INPATIENT_TYPES, len(stays))
    bearing = (~people.is_male & (people.age >= 20) & (people.age <= 40))[stays["person"]] & (
        rng.random(len(stays)) < 0.4
    )
    stays.loc[bearing, "med_type"] = "52"
    fund_share = _fund_share(rng, assisted[stays["person"]], 0.55, 0.85)
    stays = pd.concat([stays, drawn_bills(rng, total, fund_share, _is_employee(stays))], axis=1)
    named = _named_bills(plan, people, "inpatient")
    stays = pd.concat([stays, named], ignore_index=True)
    stays = _with_details(rng, stays, {"3": 0.35, "2": 0.45, "1": 0.2})
    nights = rng.integers(2, 15, len(stays)).astype("timedelta64[D]")
    stays["dscg_date"] = stays["setl_date"]
    stays["adm_date"] = stays["setl_date"] - nights
    return _with_afterlife(rng, plan, stays, "02")


def chronic_settlements(
    plan: CityPlan, people: People, assisted: npt.NDArray[np.bool_], standing: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """All chronic, emergency, pharmacy and maternity visits from a year before the first night up to the last."""
    rng = plan.random("chronic")
    weights = frailty(plan.random("frailty"), people, standing) ** 1.3 * (rng.random(len(people)) < 0.3)
    visits = _drawn(rng, plan, people, weights / weights.sum(), CHRONIC_A_YEAR)
    total = np.exp(rng.normal(np.log(30_000), 0.8, len(visits))).astype(np.int64) + 2_000
    visits["med_type"] = _of(rng, CHRONIC_TYPES, len(visits))
    bearing = (~people.is_male & (people.age >= 20) & (people.age <= 40))[visits["person"]] & (
        rng.random(len(visits)) < 0.3
    )
    visits.loc[bearing, "med_type"] = "51"
    fund_share = _fund_share(rng, assisted[visits["person"]], 0.5, 0.8)
    visits = pd.concat([visits, drawn_bills(rng, total, fund_share, _is_employee(visits))], axis=1)
    visits = pd.concat([visits, _named_bills(plan, people, "chronic")], ignore_index=True)
    visits = _with_details(rng, visits, {"3": 0.2, "2": 0.35, "1": 0.3, "9": 0.15})
    visits["dise_no"] = np.where(visits["med_type"] == "14", rng.choice(CHRONIC_DISEASES, len(visits)), "")
    return _with_afterlife(rng, plan, visits, "03")


def standing(versions: pd.DataFrame, night: int) -> pd.DataFrame:
    """The settlements as they stand after a night."""
    return versions[versions["night"] <= night].drop_duplicates("setl_id", keep="last")


def _drawn(
    rng: np.random.Generator, plan: CityPlan, people: People, weights: npt.NDArray[np.float64], a_year: float
) -> pd.DataFrame:
    last_day = plan.last_night - timedelta(days=1)
    count = round(len(people) * a_year * days_between(plan.history_start, last_day) / 365)
    person = rng.choice(len(people), count, p=weights)
    settled = random_days(rng, plan.history_start, last_day, count)
    night = night_known(plan, settled)
    is_late = (rng.random(count) < LATE_SHARE) & (night == 0) & (plan.nights > 1)
    is_employee = (people.age[person] >= 20) & (person % 10 < EMPLOYEES_IN_TEN)
    frame = {
        "person": person,
        "insutype": np.where(is_employee, "310", "390"),
        "setl_date": settled,
        "night": np.where(is_late, 1, night),
        "vali_flag": np.where(rng.random(count) < VOID_SHARE, "0", "1"),
        "refd_setl_flag": np.full(count, "0"),
        "dise_chapter": rng.choice(DISEASE_CHAPTERS, count),
    }
    return pd.DataFrame(frame)


def _named_bills(plan: CityPlan, people: People, kind: str) -> pd.DataFrame:
    """The planted bills of the named people that are settled before the last night."""
    planted = [
        (first_named(len(people)) + named.at, bill)
        for named in named_people()
        for bill in named.member.bills
        if bill.kind == kind
    ]
    planted = [
        (person, bill) for person, bill in planted if _settled_on(plan, bill) < np.datetime64(plan.last_night, "D")
    ]
    bills = [bill for _, bill in planted]
    settled = np.array([_settled_on(plan, bill) for bill in bills], "datetime64[D]")
    frame = pd.DataFrame({
        "person": [person for person, _ in planted],
        "insutype": "390",
        "setl_date": settled,
        "night": night_known(plan, settled),
        "vali_flag": ["0" if bill.is_void else "1" for bill in bills],
        "refd_setl_flag": ["1" if bill.is_reversed else "0" for bill in bills],
        "dise_chapter": [bill.chapter for bill in bills],
        "med_type": [bill.med_type for bill in bills],
    })  # fmt: skip
    return pd.concat([frame, bills_with_self_paid(np.array([round(bill.self_paid * 100) for bill in bills]))], axis=1)


def _settled_on(plan: CityPlan, bill: Bill) -> np.datetime64:
    if bill.last_year:
        return np.datetime64(plan.year_start - timedelta(days=4), "D")
    return np.datetime64(plan.first_night - timedelta(days=bill.days_before), "D")


def _with_details(rng: np.random.Generator, bills: pd.DataFrame, levels: dict[str, float]) -> pd.DataFrame:
    bills["hosp_lv"] = _of(rng, levels, len(bills))
    names = np.array([HOSPITALS[level] for level in sorted(HOSPITALS)])
    row = bills["hosp_lv"].map({level: at for at, level in enumerate(sorted(HOSPITALS))}).to_numpy()
    bills["fixmedins_name"] = names[row, rng.integers(0, names.shape[1], len(bills))]
    return bills


def _with_afterlife(rng: np.random.Generator, plan: CityPlan, bills: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Number the settlements, reverse some, and add what later nights change or repeat."""
    bills["is_named"] = bills.index >= len(bills) - int((bills["person"] >= first_named(plan.people)).sum())
    usual = (bills["vali_flag"] == "1") & ~bills["is_named"] & (bills["night"] == 0)
    reversed_early = bills[usual & (rng.random(len(bills)) < REVERSED_SHARE)].index
    bills.loc[reversed_early, "refd_setl_flag"] = "1"
    bills = pd.concat([bills, _settled_again(plan, bills.loc[reversed_early], 0)], ignore_index=True)
    bills = bills.sort_values(["night", "setl_date"], kind="stable", ignore_index=True)
    bills["setl_id"] = _settlement_numbers(plan, kind, 0, len(bills))
    later = [_later_versions(rng, plan, bills, kind, night) for night in range(1, plan.nights)]
    return pd.concat([bills, *later], ignore_index=True).sort_values("night", kind="stable", ignore_index=True)


def _settled_again(plan: CityPlan, reversed_bills: pd.DataFrame, night: int) -> pd.DataFrame:
    """The second settlement of a reversed one: a few days later, with a little more from the fund."""
    again = with_more_from_the_fund(reversed_bills)
    latest = np.datetime64(plan.dates[night] - timedelta(days=1), "D")
    settled = np.minimum(again["setl_date"].to_numpy("datetime64[D]") + np.timedelta64(4, "D"), latest)
    return again.assign(refd_setl_flag="0", setl_date=settled, night=night)


def _later_versions(
    rng: np.random.Generator, plan: CityPlan, bills: pd.DataFrame, kind: str, night: int
) -> pd.DataFrame:
    candidates = bills[
        (bills["night"] == 0) & ~bills["is_named"] & (bills["vali_flag"] == "1") & (bills["refd_setl_flag"] == "0")
    ]
    order = rng.permutation(candidates.index.to_numpy())
    counts = [max(1, round(len(order) * share)) for share in LATER_CHANGES.values()]
    ends = np.cumsum(counts)
    reverse, correct, repeat = (candidates.loc[np.sort(part)] for part in np.split(order[: ends[-1]], ends[:-1]))
    again = _settled_again(plan, reverse, night)
    again["setl_id"] = _settlement_numbers(plan, kind, 90_000_000 + 1_000_000 * night, len(again))
    return pd.concat([
        reverse.assign(refd_setl_flag="1", night=night),
        again,
        with_more_from_the_fund(correct).assign(night=night),
        repeat.assign(night=night),
    ], ignore_index=True)  # fmt: skip


def _settlement_numbers(plan: CityPlan, kind: str, first: int, count: int) -> npt.NDArray[np.str_]:
    return np.char.add(f"3407{kind}{plan.first_night:%Y}", (100_000_001 + first + np.arange(count)).astype("U9"))


def _of(rng: np.random.Generator, shares: dict[str, float], size: int) -> npt.NDArray[np.str_]:
    weights = np.array(list(shares.values()))
    return rng.choice(list(shares), size, p=weights / weights.sum())


def _fund_share(
    rng: np.random.Generator, assisted: npt.NDArray[np.bool_], low: float, high: float
) -> npt.NDArray[np.float64]:
    """What part of the covered cost the funds pay; medical aid adds to it for assisted people."""
    size = len(assisted)
    return np.where(assisted, rng.uniform(0.8, 0.95, size), rng.uniform(low, high, size))


def _is_employee(bills: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return (bills["insutype"] == "310").to_numpy()
