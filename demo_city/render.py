"""Turns facts into the text a department's file holds, field by field of the contract."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.population import People
from schemas.loader import Contract, Field

MISSING_AMOUNT = -1
DATE_FORMATS = dict.fromkeys(
    ("household_register", "employment_register", "register_event", "resident_pension"), "%Y%m%d"
)
CENTS = pa.array([f"{cents:02d}" for cents in range(100)])
TEN_THOUSANDTHS = pa.array([f"{part:04d}" for part in range(10_000)])


def as_text(contract: Contract, people: People, facts: pd.DataFrame) -> pa.Table:
    """One text column for each field of the contract, named by the field; what is missing is empty."""
    return pa.table({field.name: _column(contract, field, people, facts) for field in contract.fields})


def register_facts(people: People, person: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Rows of the household register, which is the population itself."""
    return pd.DataFrame({
        "person": person,
        "sex": np.array(["2", "1"], object)[people.is_male[person].astype(np.int64)],
        "born_on": people.born_on[person],
        "village_code": np.array(people.village_codes, object)[people.village[person]],
        "grid_code": np.array(people.grids.codes, object)[people.grid[person]],
    })  # fmt: skip


def _column(contract: Contract, field: Field, people: People, facts: pd.DataFrame) -> pa.Array:
    if field.name in facts:
        return _from_facts(contract, field, facts[field.name])
    return _from_people(field, people, facts)


def _from_facts(contract: Contract, field: Field, values: pd.Series) -> pa.Array:
    if field.physical_type == "decimal(16,2)":
        return _amounts(values.to_numpy(np.int64), 100, CENTS)
    if field.physical_type == "decimal(8,4)":
        return _amounts(values.to_numpy(np.int64), 10_000, TEN_THOUSANDTHS)
    if field.physical_type == "date":
        date_format = "%Y%m" if field.is_month else DATE_FORMATS.get(contract.extract_class, "%Y-%m-%d")
        days = pa.array(values.to_numpy("datetime64[D]").astype("datetime64[s]"))
        return pc.fill_null(pc.strftime(days, date_format), "")
    if field.physical_type == "integer":
        numbers = pa.array(values.to_numpy(np.int64))
        return pc.if_else(pc.equal(numbers, MISSING_AMOUNT), "", pc.cast(numbers, pa.string()))
    return pa.array(values.to_numpy(), pa.string())


def _amounts(values: npt.NDArray[np.int64], unit: int, fractions: pa.Array) -> pa.Array:
    whole = pc.cast(pa.array(values // unit), pa.string())
    text = pc.binary_join_element_wise(whole, fractions.take(pa.array(values % unit)), ".")
    return pc.if_else(pa.array(values == MISSING_AMOUNT), "", text)


def _certificate_numbers(people: People, facts: pd.DataFrame) -> pa.Array:
    numbers = people.certno.take(pa.array(facts["person"].to_numpy()))
    category = pa.array(facts["disability_category"].to_numpy(), pa.string())
    level = pc.cast(pa.array(facts["disability_level"].to_numpy(np.int64)), pa.string())
    return pc.binary_join_element_wise(numbers, category, level, "")


def _guardian(source: pa.Array, facts: pd.DataFrame) -> pa.Array:
    guardian = facts["guardian"].to_numpy(np.int64)
    return pc.if_else(pa.array(guardian >= 0), source.take(pa.array(np.maximum(guardian, 0))), "")


SPECIAL_FIELDS: Mapping[str, Callable[[People, pd.DataFrame], pa.Array]] = {
    "certificate_no": _certificate_numbers,
    "guardian_name": lambda people, facts: _guardian(people.psn_name, facts),
    "guardian_phone": lambda people, facts: _guardian(people.phone, facts),
    "sex": lambda people, facts: pa.array(np.where(people.is_male[facts["person"]], "1", "2").tolist()),
    "domicile_village_code": lambda people, facts: pa.array(
        np.array(people.village_codes)[people.village[facts["person"]]].tolist()
    ),
}


def _from_people(field: Field, people: People, facts: pd.DataFrame) -> pa.Array:
    if field.name in SPECIAL_FIELDS:
        return SPECIAL_FIELDS[field.name](people, facts)
    by_identity = {"number": people.certno, "name": people.psn_name, "household_number": people.household_no}
    source = by_identity[field.identity] if field.identity in by_identity else getattr(people, field.name)
    return source.take(pa.array(facts["person"].to_numpy()))
