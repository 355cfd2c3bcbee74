"""Writes down who is really in need: households by the numbers of their members."""

import numpy as np
import pandas as pd
import pyarrow as pa

from demo_city.facts import City
from demo_city.need import needs
from demo_city.period import Days, night_known


def need_table(city: City) -> pa.Table:
    """One row for each household and cause, with everybody registered in the household."""
    found, people = needs(city), city.people
    starts = np.searchsorted(people.household, found["household"], side="left")
    ends = np.searchsorted(people.household, found["household"], side="right")
    members = [people.certno.slice(start, end - start).to_pylist() for start, end in zip(starts, ends, strict=True)]
    days = {name: pa.array(found[name].dt.date, pa.date32()) for name in ("since", "until", "shown_on")}
    return pa.table({
        "household_no": people.household_no.take(pa.array(starts)),
        "identity_numbers": pa.array(members, pa.list_(pa.string())),
        "cause": pa.array(found["cause"]),
        "help": pa.array(found["help"]),
        **days,
        "first_visible_on": pa.array(_first_nights(city, found["shown_on"]), pa.date32()),
    })  # fmt: skip


def _first_nights(city: City, shown: pd.Series) -> list[object]:
    """The first night on which what a class tells of it is delivered; none where that lies after the last night."""
    days = shown.to_numpy("datetime64[D]")
    day_before: Days = (days - np.timedelta64(1, "D")).astype("datetime64[D]")
    nights = np.where(np.isnat(days), city.plan.nights, night_known(city.plan, day_before))
    return [city.plan.dates[night] if night < city.plan.nights else None for night in nights]
