"""How what stands in the large registers changes from night to night, each row for a reason of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo_city.draw import Mask, chosen
from demo_city.names import EMPLOYERS
from demo_city.period import CityPlan

Change = Callable[[np.random.Generator, pd.DataFrame, np.datetime64], pd.DataFrame]

# A pension rises by between these shares when it is adjusted.
RISE = (0.01, 0.06)


@dataclass(frozen=True)
class NightlyChange:
    """What share of a class's rows changes on a night, which rows may, and how."""

    share: float
    may: Callable[[pd.DataFrame], Mask]
    change: Change


def _insurance(rng: np.random.Generator, rows: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """The insured pause or go on; of employees most have only changed their employer."""
    is_employee = (rows["insutype"] == "310").to_numpy()
    moves = is_employee & (rng.random(len(rows)) < 0.7) & (rows["psn_insu_stas"] == "1").to_numpy()
    turned = np.where(rows["psn_insu_stas"] == "1", "2", "1")
    status = np.where(moves, rows["psn_insu_stas"], turned)
    return rows.assign(
        psn_insu_stas=status,
        paus_insu_date=np.where(status == "2", day, np.datetime64("NaT")).astype("datetime64[s]"),
        emp_name=np.where(moves, rng.choice(np.array(EMPLOYERS, object), len(rows)), rows["emp_name"]),
    )


def _resident_contribution(rng: np.random.Generator, rows: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """The year's contribution is paid, often on another grade."""
    year = int(day.astype("datetime64[Y]").astype(np.int64)) + 1970
    return rows.assign(
        aac008="1",
        aac031="1",
        aae001=year,
        aae180=np.where(rng.random(len(rows)) < 0.5, rows["aae180"], 30_000),
        aae201=rows["aae201"] + 1,
    )


def _pension(rng: np.random.Generator, rows: pd.DataFrame, _day: np.datetime64) -> pd.DataFrame:
    """The amount is worked out anew, or the money goes to another bank."""
    rise = rng.uniform(*RISE, len(rows))
    return rows.assign(aae019=(np.rint(rows["aae019"] * (1 + rise) / 100) * 100).astype(np.int64))


def _vehicle(rng: np.random.Generator, rows: pd.DataFrame, _day: np.datetime64) -> pd.DataFrame:
    """Vehicles are inspected late, locked or released."""
    others = {"A": ["G", "M", "B"], "B": ["A"], "E": ["E"], "G": ["A"], "M": ["A"]}
    drawn = rng.random(len(rows))
    return rows.assign(
        vehicle_status=[
            others[now][int(at * len(others[now]))] for now, at in zip(rows["vehicle_status"], drawn, strict=True)
        ]
    )


def _closing(_rng: np.random.Generator, rows: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    return rows.assign(entity_status="2", closed_on=day.astype("datetime64[s]"))


def _any(rows: pd.DataFrame) -> Mask:
    return np.ones(len(rows), np.bool_)


def _alive_in(column: str, *codes: str) -> Callable[[pd.DataFrame], Mask]:
    def may(rows: pd.DataFrame) -> Mask:
        found: Mask = rows[column].isin(codes).to_numpy()
        return found

    return may


NIGHTLY_CHANGES: Mapping[str, NightlyChange] = {
    "insured_person": NightlyChange(0.006, _alive_in("psn_insu_stas", "1", "2"), _insurance),
    "resident_pension": NightlyChange(0.008, _any, _resident_contribution),
    "pension_payment": NightlyChange(0.006, _alive_in("aae116", "1"), _pension),
    "vehicle_register": NightlyChange(0.004, _alive_in("vehicle_status", "A", "B", "G", "M"), _vehicle),
    "market_entity": NightlyChange(0.004, _alive_in("entity_status", "1"), _closing),
}
# Columns of the month that a snapshot tells of.
MONTH_OF = {"pension_payment": "aae003", "subsidy_payment": "paid_month"}


def with_later_states(plan: CityPlan, extract_class: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first night, and behind them, night by night, those that are new or otherwise.

    `row` numbers what is one row in the register.
    """
    nightly = NIGHTLY_CHANGES[extract_class]
    rng = plan.random(f"later {extract_class}")
    now = rows.assign(row=np.arange(len(rows)))
    versions = [now]
    for night in range(1, plan.nights):
        at = chosen(rng, nightly.may(now), max(1, round(len(rows) * nightly.share)))
        yesterday = np.datetime64(plan.dates[night], "D") - 1
        changed = nightly.change(rng, now.iloc[at], yesterday).assign(night=night)
        versions.append(changed)
        if night + 1 < plan.nights:
            now = pd.concat([now.drop(now.index[at]), changed]).sort_values("row", ignore_index=True)
    return pd.concat(versions, ignore_index=True)


def standing_rows(versions: pd.DataFrame, night: int) -> pd.DataFrame:
    """Each row as it stands on a night."""
    if "row" not in versions:
        return versions[versions["night"] <= night]
    return versions[versions["night"] <= night].drop_duplicates("row", keep="last").sort_values("row")


def of_month(plan: CityPlan, extract_class: str, rows: pd.DataFrame, night: int) -> pd.DataFrame:
    """A snapshot's rows with the month that it tells of, where what was paid is paid on."""
    if extract_class not in MONTH_OF:
        return rows
    month = MONTH_OF[extract_class]
    told = plan.last_closed_month.astype("datetime64[D]").astype("datetime64[s]")
    closed = (np.datetime64(plan.dates[night], "M") - 1).astype("datetime64[D]").astype("datetime64[s]")
    months: npt.NDArray[np.datetime64] = rows[month].to_numpy("datetime64[s]")
    return rows.assign(**{month: np.where(months == told, closed, months)})
