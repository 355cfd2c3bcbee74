"""What the insurances keep beside settlements and contributions: who is insured, and what they pay out."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.assistance import AssistedPeople
from demo_city.departed import Departed
from demo_city.draw import Mask, chosen, days_before, first_of_month, numbered, rows_of, where_day
from demo_city.employment import Contributions
from demo_city.medical import EMPLOYEES_IN_TEN
from demo_city.names import EMPLOYERS
from demo_city.period import CityPlan, random_days
from demo_city.population import People
from demo_city.render import MISSING_AMOUNT

INSURED, AID, RESIDENT_PENSION, PENSIONS, BENEFITS = 1220, 110, 450, 430, 20
PAUSED_SHARE = 0.02
PAID_AFTER_DEATH_SHARE = 0.01
STOPPED_SHARE = 0.006
BANKS = ("铜都农村商业银行", "邮政储蓄银行", "农业银行", "徽商银行")
GRADES = (20_000, 30_000, 50_000, 100_000, 200_000, 300_000, 600_000)
IDENTITY_OF_CLASS = {"tekun": "01", "dibao": "02", "marginal_and_rigid": "03", "relapse": "04"}


def insured_people(plan: CityPlan, people: People, contributed: Contributions, departed: Departed) -> pd.DataFrame:
    """Nearly everybody alive, and the dead of the last year with an insurance that has ended."""
    rng = plan.random("insured")
    last_year = departed.died_on > np.datetime64(plan.first_night - timedelta(days=365), "D")
    ended = last_year & ~departed.is_late
    living = chosen(rng, np.ones(len(people)), rows_of(len(people), INSURED) - int(ended.sum()))
    person = np.r_[living, departed.dead[ended]]
    works = np.zeros(len(departed.everyone), np.bool_)
    works[contributed.person] = True
    age = departed.everyone.age[person]
    is_employee = works[person] | ((age >= 20) & (person % 10 < EMPLOYEES_IN_TEN))
    is_dead = person >= len(people)
    paused = (rng.random(len(person)) < PAUSED_SHARE) & ~is_dead
    died_on = np.r_[np.full(len(living), np.datetime64("NaT", "D")), departed.died_on[ended]]
    since = random_days(rng, date(2003, 1, 1), date(plan.year_start.year - 2, 12, 31), len(person))
    since = np.maximum(since, departed.everyone.born_on[person])
    paused_on = np.maximum(random_days(rng, plan.year_start, plan.first_night - timedelta(days=1), len(person)), since)
    employer = rng.choice(np.array(EMPLOYERS, object), len(person))
    return pd.DataFrame({
        "person": person,
        "psn_no": _system_numbers("34", person),
        "insutype": np.where(is_employee, "310", "390"),
        "psn_insu_stas": np.select([is_dead, paused], ["4", "2"], "1"),
        "psn_insu_date": since,
        "paus_insu_date": np.where(is_dead, died_on, where_day(paused, paused_on)),
        "insu_admdvs": rng.choice(np.array(["340705", "340706", "340711", "340722"], object), len(person)),
        "emp_name": np.where(is_employee, employer, "城乡居民"),
        "night": 0,
    })  # fmt: skip


def medical_aid(
    plan: CityPlan, people: People, assisted: AssistedPeople, settled: pd.DataFrame, severe: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Periods of special identity, and payments of medical aid and serious-illness insurance."""
    rng = plan.random("medical_aid")
    identities = pd.concat([*_identities(assisted), _severely_disabled(rng, plan, severe)], ignore_index=True)
    settled = settled[(settled["vali_flag"] == "1") & (settled["refd_setl_flag"] == "0")]
    settled = settled.drop_duplicates("setl_id", ignore_index=True)
    likely = np.where(assisted.everyone(len(people))[settled["person"]], 6.0, 0.05)
    share = len(settled) / max(1, int((settled["night"] == 0).sum()))
    wanted = max(8, round((rows_of(len(people), AID) - len(identities)) * share))
    paid = settled.iloc[chosen(rng, likely, wanted)]
    first = np.datetime64(plan.first_night, "D")
    burden = paid["psn_part_amt"].to_numpy(np.int64)
    pay_date = paid["setl_date"].to_numpy("datetime64[D]")
    payments = pd.DataFrame({
        "person": paid["person"].to_numpy(),
        "record_kind": "1",
        "pay_date": np.maximum(pay_date, np.minimum(pay_date + np.timedelta64(7, "D"), first - 1)),
        "hifmi_pay": np.where(burden > 1_000_000, burden // 4, 0),
        "maf_pay": burden // rng.integers(3, 8, len(paid)),
        "night": paid["night"].to_numpy(),
    })  # fmt: skip
    rows = pd.concat([identities.assign(night=0), payments], ignore_index=True)
    rows["psn_idet_type"] = rows["psn_idet_type"].fillna("")
    for amount in ("hifmi_pay", "maf_pay"):
        rows[amount] = rows[amount].fillna(MISSING_AMOUNT).astype(np.int64)
    rows["record_id"] = numbered("YZ3407", len(rows))
    return rows


def _identities(assisted: AssistedPeople) -> list[pd.DataFrame]:
    frames = []
    for name, code in IDENTITY_OF_CLASS.items():
        register = getattr(assisted, name)
        register = register[register["new_from"] == 0]
        kinds = np.full(len(register), code, object)
        if name == "marginal_and_rigid":
            kinds = np.where(register["household_kind"] == "2", "05", code)
        elif name == "relapse":
            register = register[register["risk_cleared"] == "0"]
            kinds = np.full(len(register), code, object)
        began = register["identified_month" if name == "relapse" else "start_date"].to_numpy("datetime64[D]")
        frame = pd.DataFrame({"person": register["person"].to_numpy(), "psn_idet_type": kinds, "begntime": began})
        if "valid_to" in register:
            frame["endtime"] = register["valid_to"].to_numpy("datetime64[D]").astype("datetime64[s]")
        frames.append(frame.assign(record_kind="2"))
    return frames


def _severely_disabled(rng: np.random.Generator, plan: CityPlan, severe: npt.NDArray[np.int64]) -> pd.DataFrame:
    began = random_days(rng, date(2018, 1, 1), plan.year_start, len(severe))
    return pd.DataFrame({"person": severe, "psn_idet_type": "06", "begntime": began, "record_kind": "2"})


def resident_pension(plan: CityPlan, people: People, contributed: Contributions, alive: Mask) -> pd.DataFrame:
    """Adults under sixty outside the employees' scheme."""
    rng = plan.random("resident_pension")
    among = (people.age >= 18) & (people.age < 60) & alive
    among[contributed.person] = False
    person = chosen(rng, among, rows_of(len(people), RESIDENT_PENSION))
    size = len(person)
    paused = rng.random(size) < 0.06
    age = people.age[person]
    entry = np.maximum(
        days_before(np.datetime64(plan.first_night, "D"), (age - 18) * 365 + 20), np.datetime64("2009-10-01")
    )
    entry = np.minimum(entry, np.datetime64(plan.first_night, "D") - 5)
    years = plan.year_start.year - (entry.astype("datetime64[Y]").astype(np.int64) + 1970)
    return pd.DataFrame({
        "person": person,
        "aac001": _system_numbers("35", person),
        "aac008": np.where(paused, "2", "1"),
        "aac031": np.where(paused, "2", "1"),
        "aac030": entry,
        "aae001": np.where(paused, plan.year_start.year - 2, plan.year_start.year),
        "aae180": rng.choice(GRADES, size, p=[0.45, 0.2, 0.12, 0.1, 0.06, 0.04, 0.03]),
        "aae201": np.maximum(years, 0),
        "aab004": rng.choice(np.array(["居民养老服务点", "乡镇人社所"], object), size),
        "night": 0,
    })  # fmt: skip


def pension_payments(
    plan: CityPlan,
    people: People,
    contributed: Contributions,
    departed: Departed,
    standing: npt.NDArray[np.float64],
) -> pd.DataFrame:
    """Pensions of the old; of the dead the last month paid, and a few who are still paid."""
    rng = plan.random("pensions")
    retired = np.zeros(len(departed.everyone), np.bool_)
    retired[contributed.person[contributed.is_retired]] = True
    works = np.zeros(len(people), np.bool_)
    works[contributed.person[~contributed.is_retired]] = True
    wanted = rows_of(len(people), PENSIONS)
    old = np.flatnonzero((people.age >= 60) & ~works | retired[: len(people)])
    living = old if len(old) <= wanted else np.sort(rng.choice(old, wanted, replace=False))
    gone = np.flatnonzero(~departed.is_late & (departed.everyone.age[departed.dead] >= 60))
    gone = gone[: max(2, wanted - len(living))]
    person = np.r_[living, departed.dead[gone]]
    size, is_gone = len(person), person >= len(people)
    month = np.full(size, plan.last_closed_month.astype("datetime64[D]"))
    still_paid = is_gone & (rng.random(size) < PAID_AFTER_DEATH_SHARE)
    still_paid[-1] = is_gone[-1]
    month[is_gone] = np.where(still_paid[is_gone], month[is_gone], first_of_month(departed.died_on[gone]))
    stopped = is_gone & ~still_paid
    paused = (rng.random(size) < STOPPED_SHARE) & ~is_gone
    kind = np.where(retired[person], "110", _pension_kinds(rng, np.r_[standing[living], np.zeros(len(gone))]))
    # Nothing is drawn of the named that their stories do not tell.
    kind[departed.everyone.is_named[person] & ~retired[person]] = "170"
    amount = np.select(
        [kind == "170", kind == "110"],
        [rng.integers(200, 420, size) * 100, rng.integers(1900, 4200, size) * 100],
        rng.integers(4200, 7800, size) * 100,
    )
    return pd.DataFrame({
        "person": person,
        "aac001": _system_numbers("36", person),
        "aae140": kind,
        "aae003": month,
        "aae019": amount,
        "aae116": np.select([stopped, paused], ["3", "2"], "1"),
        "aae160": np.select([stopped, paused], ["1", "2"], ""),
        "aae008": rng.choice(np.array(BANKS, object), size),
        "night": 0,
    })  # fmt: skip


def _pension_kinds(rng: np.random.Generator, standing: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """Civil servants, employees and residents in their shares; the better off were likelier employed."""
    drawn = standing + rng.normal(0, 0.9, len(standing))
    resident, employee = np.quantile(drawn, [0.62, 0.88]) if len(drawn) else (0.0, 0.0)
    kinds: npt.NDArray[np.str_] = np.select([drawn <= resident, drawn <= employee], ["170", "110"], "120")
    return kinds


def work_benefits(plan: CityPlan, people: People, registered: pd.DataFrame, contributed: Contributions) -> pd.DataFrame:
    """Unemployment benefit of those who lost work against their will, and work injuries."""
    rng = plan.random("work_benefits")
    wanted = rows_of(len(people), BENEFITS)
    lost = registered[(registered["night"] == 0) & registered["unemployment_reason"].isin(["11", "12", "13"])]
    lost = lost.drop_duplicates("person", keep="last").sort_values("person").iloc[: round(wanted * 0.75)]
    injured = rng.choice(contributed.person, max(2, wanted - len(lost)), replace=False)
    first = np.datetime64(plan.first_night, "D")
    began = first_of_month(
        np.r_[lost["register_date"].to_numpy("datetime64[D]"), days_before(first, rng.integers(40, 2000, len(injured)))]
    )
    began = np.maximum(began, np.datetime64("2010-01-01"))
    size = len(began)
    is_injury = np.arange(size) >= len(lost)
    approved = rng.choice([6, 12, 18, 24], size)
    run = (plan.last_closed_month - began.astype("datetime64[M]")).astype(np.int64) + 1
    used = np.clip(run, 0, approved)
    person = np.r_[lost["person"].to_numpy(), injured]
    rows = pd.DataFrame({
        "person": person,
        "benefit_kind": np.where(is_injury, rng.choice(["2", "3"], size), "1"),
        "aae041": began,
        "approved_months": np.where(is_injury, MISSING_AMOUNT, approved),
        "used_months": np.where(is_injury, MISSING_AMOUNT, used),
        "aae019": np.where(is_injury, rng.integers(1500, 30_000, size), 1566) * 100,
        "stop_reason": np.select([is_injury, used == approved, rng.random(size) < 0.2], ["", "2", "1"], ""),
        "injury_level": np.where(is_injury, rng.integers(5, 11, size).astype("U2"), ""),
    })  # fmt: skip
    rows["benefit_no"] = numbered("DY3407", size)
    rows["night"] = 0
    return rows


def _system_numbers(prefix: str, person: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """The number of each person in a system; the same person has the same number in every delivery."""
    texts: npt.NDArray[np.object_] = numbered(prefix, int(person.max()) + 1 if len(person) else 0)[person]
    return texts
