"""What civil affairs keeps beside its registers: temporary aid, subsidies, children in need."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from demo_city.assistance import AssistedPeople
from demo_city.departed import Departed
from demo_city.draw import Mask, chosen, days_before, numbered, rows_of, shared_out, where_day
from demo_city.period import CityPlan, days_between, night_known, random_days
from demo_city.population import People

AIDS, CHILDREN = 16, 3
CAUSES = {"1": 0.6, "2": 0.1, "3": 0.03, "4": 0.1, "5": 0.12, "9": 0.05}
BANKS = ("铜都农村商业银行", "邮政储蓄银行", "农业银行")
RISK_GRADES = {"0": 0.6, "1": 0.2, "2": 0.1, "3": 0.06, "4": 0.03, "5": 0.01}
MANAGERS = ("老洲镇中心卫生院", "横港社区卫生服务中心", "江南精神病医院")
OLD_AGE, PAID_AFTER_DEATH_SHARE = 80, 0.02
GUARDIANS = {"1": ("2", "4", "5", "3"), "2": ("2", "4"), "3": ("1",), "4": ("2",)}


def temporary_aid(plan: CityPlan, people: People, assisted: Mask, alive: Mask) -> pd.DataFrame:
    """Awards since a year before the first night; two in five go to families already assisted."""
    rng = plan.random("temporary_aid")
    among = (people.age >= 20) & alive & ~people.is_named
    latest = plan.last_night - timedelta(days=1)
    awards = rows_of(len(people), AIDS * days_between(plan.history_start, latest) / 365)
    person = chosen(rng, among * np.where(assisted, 12.0, 0.6), awards)
    size = len(person)
    day = random_days(rng, plan.history_start, latest, size)
    # Every night brings an award.
    day[: plan.nights] = np.array([night - timedelta(days=1) for night in plan.dates], "datetime64[D]")[:size]
    is_urgent = rng.random(size) < 0.35
    members = np.bincount(people.household)[people.household[person]]
    rows = pd.DataFrame({
        "person": person,
        "aid_kind": np.where(is_urgent, "1", "2"),
        "cause": np.where(is_urgent, shared_out(rng, CAUSES, size), shared_out(rng, {"1": 0.75, "4": 0.25}, size)),
        "advance_flag": np.where(is_urgent & (rng.random(size) < 0.5), "1", "0"),
        "award_date": day,
        "amount": rng.integers(5, 90, size) * 10_000,
        "helped_count": members,
    }).sort_values(["award_date", "person"], kind="stable", ignore_index=True)  # fmt: skip
    rows["night"] = night_known(plan, rows["award_date"].to_numpy("datetime64[D]"))
    rows["award_no"] = numbered("LS3407", size)
    return rows


def subsidies(
    plan: CityPlan, people: People, assisted: AssistedPeople, certified: pd.DataFrame, departed: Departed
) -> pd.DataFrame:
    """Subsidies follow certificate, dibao and age; a few old people died and are still paid."""
    rng = plan.random("subsidies")
    in_dibao = np.zeros(len(people), np.bool_)
    in_dibao[assisted.dibao["person"]] = True
    in_tekun = np.zeros(len(people), np.bool_)
    in_tekun[assisted.tekun["person"]] = True
    valid = certified[(certified["new_from"] == 0) & (certified["certificate_status"] == "有效")]
    first_certified = valid["first_certified_on"].to_numpy("datetime64[D]")
    valid = valid[first_certified < np.datetime64(plan.first_night - timedelta(days=90), "D")]
    person = valid["person"].to_numpy(np.int64)
    severe = person[(valid["disability_level"] <= 2).to_numpy() & ~in_tekun[person]]
    dead = np.flatnonzero(~departed.is_late & (departed.everyone.age[departed.dead] >= OLD_AGE))
    still_paid = dead[rng.random(len(dead)) < PAID_AFTER_DEATH_SHARE]
    old = np.flatnonzero((people.age >= OLD_AGE) & ~people.is_named)
    poor_old = np.flatnonzero((people.age >= 65) & (people.age < OLD_AGE) & in_dibao & ~people.is_named)
    parts = {
        "1": person[in_dibao[person]],
        "2": severe[rng.random(len(severe)) < 0.94],
        "3": np.r_[old[rng.random(len(old)) < 0.96], departed.dead[still_paid]],
        "4": poor_old[rng.random(len(poor_old)) < 0.8],
    }
    rows = pd.concat([pd.DataFrame({"person": who, "item": item}) for item, who in parts.items()], ignore_index=True)
    age = departed.everyone.age[rows["person"]]
    by_age = np.select([age >= 100, age >= 90], [60_000, 20_000], 5_000)
    stopped = rng.random(len(rows)) < 0.01
    return rows.assign(
        paid_month=plan.last_closed_month.astype("datetime64[D]"),
        amount=np.select(
            [rows["item"] == "1", rows["item"] == "2", rows["item"] == "3"], [8_600, 9_000, by_age], 10_000
        ),
        subsidy_status=np.where(stopped, "2", "1"),
        payee_bank=rng.choice(np.array(BANKS, object), len(rows)),
        night=0,
    ).astype({"paid_month": "datetime64[s]"})


def children_in_need(plan: CityPlan, people: People, assisted: Mask, unseen: Mask) -> pd.DataFrame:
    """Children under protection, none whom nobody has seen yet; one adult of the household is the guardian."""
    rng = plan.random("children")
    among = (people.age < 18) & ~people.is_named & ~unseen
    person = chosen(rng, among * np.where(assisted, 8.0, 0.5), rows_of(len(people), CHILDREN))
    size = len(person)
    kind = shared_out(rng, {"1": 0.1, "2": 0.25, "3": 0.35, "4": 0.3}, size)
    first = np.datetime64(plan.first_night, "D")
    age_days = (first - people.born_on[person]).astype(np.int64)
    recognised = days_before(first, np.minimum(rng.integers(30, 2500, size), age_days))
    visited = np.maximum(days_before(first, rng.integers(2, 120, size)), recognised)
    return pd.DataFrame({
        "person": person,
        "child_kind": kind,
        "guardian": np.searchsorted(people.household, people.household[person]),
        "guardian_relation": [GUARDIANS[of][at % len(GUARDIANS[of])] for of, at in zip(kind, person, strict=True)],
        "risk_level": shared_out(rng, {"1": 0.7, "2": 0.25, "3": 0.05}, size),
        "recognised_on": recognised,
        "last_visit_on": where_day(rng.random(size) < 0.95, visited),
        "monthly_amount": np.where(np.isin(kind, ["1", "2"]), 123_000, 0),
        "night": 0,
    })  # fmt: skip


def serious_diseases(plan: CityPlan, people: People, certified: pd.DataFrame, alive: Mask) -> pd.DataFrame:
    """The gravely ill by age; whoever has a certificate for a mental disability stands here as well."""
    rng = plan.random("serious_diseases")
    mental = certified[(certified["disability_category"] == "6") & (certified["new_from"] == 0)]["person"].unique()
    mental = np.sort(mental[alive[mental]])
    weights = np.interp(people.age, [0, 30, 60, 80, 100], [0.05, 0.2, 1.0, 1.6, 1.2]) * alive * ~people.is_named
    weights[mental] = 0
    other = chosen(rng, weights, max(2, rows_of(len(people), 22) - len(mental)))
    person = np.r_[mental, other]
    size = len(person)
    is_mental = np.arange(size) < len(mental)
    disease = np.where(is_mental, "3", shared_out(rng, {"1": 0.7, "2": 0.12, "4": 0.01, "5": 0.02, "9": 0.15}, size))
    first = np.datetime64(plan.first_night, "D")
    registered = np.maximum(
        random_days(rng, date(2015, 1, 1), plan.first_night - timedelta(days=20), size), people.born_on[person]
    )
    followed = np.maximum(days_before(first, rng.integers(1, 90, size)), registered)
    return pd.DataFrame({
        "person": person,
        "register_no": numbered("DB3407", size),
        "disease_class": disease,
        "registered_on": registered,
        "risk_grade": np.where(is_mental, shared_out(rng, RISK_GRADES, size), ""),
        "followed_up_on": followed,
        "managed_by": rng.choice(np.array(MANAGERS, object), size),
        "night": 0,
    })  # fmt: skip
