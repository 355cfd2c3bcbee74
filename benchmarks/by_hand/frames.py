"""The layers' tables as pandas frames, and the few things that several questions ask of them."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.by_hand.settings import SETTINGS as S

COLUMNS: Mapping[str, Sequence[str]] = {
    "dwd_person": ("person_key", "household_key", "status", "born_on", "adult_on", "sixty_on", "relation_code"),
    "dwd_contribution_month": ("person_key", "month", "is_paid", "base_amount"),
    "dwd_contribution_status": ("person_key", "covers_until", "retired_code"),
    "dwd_medical_cost": ("person_key", "cost_id", "care_kind", "settled_on", "self_paid_amount"),
    "dwd_household_membership": ("person_key", "household_key", "relation_code"),
}
FEN = 100
DATES = ("_on", "_from", "_to", "_until", "_since", "month")
AMOUNTS = ("_amount", "_total", "_income", "income")
# A series, or one value for all of it.
Column = Any
HIT = ["person_key", "episode", "level"]


class Frames:
    """Tables by name, each read once, dates as timestamps and amounts in whole fen."""

    def __init__(self, folder: Path, as_of: date) -> None:
        self._folder = folder
        self._read: dict[str, pd.DataFrame] = {}
        self.today = pd.Timestamp(as_of)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_") or not (self._folder / f"{name}.parquet").is_file():
            raise AttributeError(name)
        if name not in self._read:
            columns = list(COLUMNS[name]) if name in COLUMNS else None
            self._read[name] = _typed(pd.read_parquet(self._folder / f"{name}.parquet", columns=columns))
        return self._read[name]

    def days_ago(self, days: int) -> pd.Timestamp:
        return self.today - pd.Timedelta(days=days)

    @cached_property
    def living(self) -> pd.DataFrame:
        """Everybody not known to be dead."""
        return self.dwd_person[self.dwd_person.status != "deceased"]

    @cached_property
    def present(self) -> pd.DataFrame:
        """Of these whoever did not move away."""
        return self.living[self.living.status != "moved_out"]

    @cached_property
    def comfortable(self) -> set[str]:
        """The households with a car or a business that shows that they get by."""
        means = self.dws_household_means
        owns = (means.dearest_car_band.fillna("0") >= S["least_price_band"]) | (means.business_count > 0)
        return set(means[owns].household_key)

    @cached_property
    def getting_by(self) -> set[str]:
        """These, and the households whose known income a head carries them."""
        return self.comfortable | self._above(S["income_cap"])

    @cached_property
    def coping(self) -> set[str]:
        """The same for those whom something struck suddenly."""
        return self.comfortable | self._above(S["emergency_income_cap"])

    def _above(self, cap: int) -> set[str]:
        means = self.dws_household_means
        return set(means[means.known_monthly_income > cap * FEN * means.member_count].household_key)

    @cached_property
    def spells(self) -> pd.DataFrame:
        """Assistance that is valid today."""
        return valid_on(self.dwd_assistance_spell, self.today)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    for name in frame.columns:
        if name.endswith(DATES) and not name.endswith("_key"):
            frame[name] = pd.to_datetime(frame[name])
        elif name.endswith(AMOUNTS) and frame[name].dtype == object:
            frame[name] = (frame[name].astype("float64") * FEN).round()
    return frame


def valid_on(frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The rows from whose first to whose last day the day is."""
    return frame[(frame.valid_from <= day) & (frame.valid_to.isna() | (frame.valid_to >= day))]


def full_years(born: Column, day: Column) -> Column:
    """Completed years of age on a day, or on each of a column of days."""
    when = day.dt if isinstance(day, pd.Series) else day
    early = when.month * 100 + when.day < born.dt.month * 100 + born.dt.day
    return when.year - born.dt.year - early.astype("int64")


def month_number(day: Column) -> Column:
    """Months since the year 0, so that they can be added and taken away."""
    when = day.dt if isinstance(day, pd.Series) else day
    return when.year * 12 + when.month


def month_text(day: Column) -> Column:
    return day.dt.strftime("%Y-%m")


def day_text(day: Column) -> Column:
    return day.dt.strftime("%Y-%m-%d")


def leveled(frame: pd.DataFrame, otherwise: str, **levels: pd.Series) -> pd.DataFrame:
    """The frame with the first level whose condition holds."""
    level = pd.Series(otherwise, index=frame.index, dtype=object)
    for name, condition in reversed(levels.items()):
        level = level.mask(condition.fillna(False).astype(bool), name)
    return frame.assign(level=level)


def hits(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame[HIT] for frame in frames], ignore_index=True)
