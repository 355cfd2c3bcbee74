"""Housing, businesses and disasters."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.draw import Mask, Places, chosen, days_before, numbered, rows_of, shared_out, where_day
from demo_city.employment import Contributions
from demo_city.names import EMPLOYERS
from demo_city.period import CityPlan, days_between, night_known, random_days
from demo_city.population import People
from demo_city.render import MISSING_AMOUNT

PUBLIC_HOUSING, HOUSING_RECORDS, ENTITIES, DISASTERS = 14, 46, 88, 2
ESTATES = ("江南新苑", "铜都花园", "天井湖小区", "横港公租房小区", "枞川家园")
TRADES = ("餐饮店", "百货商店", "理发店", "农资店", "家政服务部", "养殖场", "汽车修理部", "服装店")
BUSINESS_NAMES = tuple(f"铜都{place}{trade}" for place in ("东湖", "横港", "枞川") for trade in TRADES)
CODE_CHARACTERS = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
CODE_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28])


def public_housing(plan: CityPlan, people: People, assisted: Mask) -> pd.DataFrame:
    """One row a household: the head applies; assisted families first."""
    rng = plan.random("public_housing")
    is_head = np.r_[True, people.household[1:] != people.household[:-1]] & ~people.is_named
    person = chosen(rng, is_head * np.where(assisted, 8.0, 0.5), rows_of(len(people), PUBLIC_HOUSING))
    size = len(person)
    members = np.bincount(people.household)[people.household[person]]
    is_dwelling = rng.random(size) < 0.7
    return pd.DataFrame({
        "person": person,
        "contract_no": numbered("GZ3407", size),
        "support_kind": np.where(is_dwelling, "1", "2"),
        "member_count": members,
        "floor_area": np.where(is_dwelling, rng.integers(3200, 6000, size), MISSING_AMOUNT),
        "monthly_rent": np.where(is_dwelling, rng.integers(60, 400, size) * 100, MISSING_AMOUNT),
        "monthly_subsidy": np.where(is_dwelling, 0, members * 12_000),
        "start_date": random_days(rng, date(2014, 1, 1), plan.first_night - timedelta(days=10), size),
        "estate_name": rng.choice(np.array(ESTATES, object), size),
        "night": 0,
    })  # fmt: skip


def housing_records(
    plan: CityPlan, people: People, contributed: Contributions, assisted: Mask, standing: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """House contracts of the last years, and fund accounts of people with an employer."""
    rng = plan.random("housing_records")
    wanted = rows_of(len(people), HOUSING_RECORDS)
    pays = ~contributed.is_retired & contributed.is_paid[:, -1]
    accounts = np.sort(rng.choice(np.flatnonzero(pays), min(round(wanted * 0.7), int(pays.sum())), replace=False))
    adult = (people.age >= 23) & (people.age <= 65) & ~people.is_named & ~assisted
    buyers = chosen(rng, adult * np.exp(standing), max(2, wanted - len(accounts)))
    bought, held = len(buyers), len(accounts)
    contracts = pd.DataFrame({
        "person": buyers,
        "record_kind": "1",
        "signed_on": random_days(rng, date(2019, 1, 1), plan.first_night - timedelta(days=2), bought),
        "floor_area": rng.integers(6000, 15_000, bought),
        "share_percent": np.where(rng.random(bought) < 0.5, 5000, 10_000),
        "deposit_base": MISSING_AMOUNT,
        "account_status": "",
        "party_name": rng.choice(np.array(ESTATES, object), bought),
    })  # fmt: skip
    funds = pd.DataFrame({
        "person": contributed.person[accounts],
        "record_kind": "2",
        "floor_area": MISSING_AMOUNT,
        "share_percent": MISSING_AMOUNT,
        "deposit_base": contributed.bases[accounts, -1],
        "deposit_month": np.full(held, plan.last_closed_month.astype("datetime64[D]")),
        "account_status": shared_out(rng, {"1": 0.95, "2": 0.05}, held),
        "party_name": rng.choice(np.array(EMPLOYERS, object), held),
    })  # fmt: skip
    rows = pd.concat([contracts, funds], ignore_index=True)
    return rows.assign(record_no=numbered("FC3407", len(rows)), night=0)


def market_entities(
    plan: CityPlan, people: People, assisted: Mask, alive: Mask, standing: npt.NDArray[np.float64]
) -> pd.DataFrame:
    """Small businesses mostly, each with the person who runs it; some are closed."""
    rng = plan.random("market_entities")
    among = (people.age >= 22) & (people.age <= 68) & alive & ~people.is_named
    person = chosen(rng, among * np.where(assisted, 0.15, 1.0) * np.exp(0.7 * standing), rows_of(len(people), ENTITIES))
    size = len(person)
    kind = shared_out(rng, {"1": 0.8, "2": 0.16, "3": 0.02, "4": 0.02}, size)
    founded = random_days(rng, date(2008, 1, 1), plan.first_night - timedelta(days=30), size)
    is_closed = rng.random(size) < 0.12
    closed = founded + (rng.random(size) * (np.datetime64(plan.first_night, "D") - founded).astype(np.int64)).astype(
        np.int64
    ).astype("timedelta64[D]")
    role = np.where(kind == "2", shared_out(rng, {"2": 0.6, "3": 0.4}, size), "1")
    return pd.DataFrame({
        "person": person,
        "uscc": credit_codes(rng, kind == "1"),
        "entity_name": rng.choice(np.array(BUSINESS_NAMES, object), size),
        "role": role,
        "entity_kind": kind,
        "capital": np.where(kind == "1", rng.integers(1, 20, size), rng.integers(10, 500, size)) * 1_000_000,
        "founded_on": founded,
        "closed_on": where_day(is_closed, closed),
        "entity_status": np.where(is_closed, "2", shared_out(rng, {"1": 0.98, "3": 0.02}, size)),
        "night": 0,
    })  # fmt: skip


def credit_codes(rng: np.random.Generator, is_self_employed: Mask) -> npt.NDArray[np.str_]:
    """Unified social credit codes (GB 32100-2015) with the right check character, all different."""
    size = len(is_self_employed)
    values = np.zeros((size, 18), np.int64)
    values[:, 0] = 9
    values[:, 1] = np.where(is_self_employed, 2, 1)
    values[:, 2:8] = [3, 4, 0, 7, 0, 0]
    values[:, 8:10] = [20, 10]
    serial = np.arange(size) * 977 + int(rng.integers(0, 977))
    for at in range(7):
        values[:, 16 - at] = serial // 31**at % 31
    values[:, 17] = (31 - values[:, :17] @ CODE_WEIGHTS % 31) % 31
    codes: npt.NDArray[np.str_] = np.ascontiguousarray(CODE_CHARACTERS[values]).view("U18")[:, 0]
    return codes


def disasters(plan: CityPlan, people: People, alive: Mask) -> pd.DataFrame:
    """Fires and storms since a year before the first night; every night one household is struck."""
    rng = plan.random("disasters")
    adult = (people.age >= 20) & alive & ~people.is_named
    latest = plan.last_night - timedelta(days=1)
    struck = rows_of(len(people), DISASTERS * days_between(plan.history_start, latest) / 365)
    person: Places = chosen(rng, adult, max(plan.nights + 2, struck))
    size = len(person)
    day = random_days(rng, plan.history_start, latest, size)
    day[: plan.nights] = np.array([night - timedelta(days=1) for night in plan.dates], "datetime64[D]")
    day = np.minimum(day, days_before(np.datetime64(plan.last_night, "D"), np.ones(size, np.int64)))
    grade = shared_out(rng, {"1": 0.3, "2": 0.45, "3": 0.2, "4": 0.05}, size)
    rows = pd.DataFrame({
        "person": person,
        "event_date": day,
        "event_kind": shared_out(rng, {"1": 0.45, "2": 0.25, "3": 0.15, "4": 0.1, "5": 0.05}, size),
        "damage_grade": grade,
        "loss_amount": rng.integers(1, 40, size) * np.where(grade >= "3", 400_000, 40_000),
        "affected_count": np.bincount(people.household)[people.household[person]],
    }).sort_values(["event_date", "person"], kind="stable", ignore_index=True)  # fmt: skip
    rows["night"] = night_known(plan, rows["event_date"].to_numpy("datetime64[D]"))
    rows["event_no"] = numbered("ZH3407", size)
    return rows
