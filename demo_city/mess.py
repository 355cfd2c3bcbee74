"""Makes a delivery as untidy as real ones: rows wrong in named ways, and rows that only look wrong.

What befalls a row is decided by a hash of its key, so a row sent again is untidy in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.file_shapes import is_typed
from demo_city.untidy_cells import Cell, Way, can_be_messy, messy_cell, wrong_ways
from schemas.loader import Contract, Field

WRONG_IN_10000 = 105
# Of a small delivery at most one row in so many is wrong: more would make it look wrong as a whole.
LEAST_ROWS_PER_WRONG_ROW = 30
MESSY_IN_10000 = 200
MESSY_BUT_RIGHT = "messy_but_right"

# What differs in the second row of a key.
DUPLICATE_DIFFERS_IN = {
    "inpatient_settlement": "hosp_lv",
    "chronic_outpatient_settlement": "hosp_lv",
    "general_outpatient_month": "visits",
    "employee_pension_contribution": "aab004",
    "employment_register": "aab004",
    "household_register": "marital_code",
    "dibao": "category",
    "tekun": "selfcare_level",
    "marginal_and_rigid": "per_capita_income",
    "disability_certificate": "disability_level",
    "insured_person": "emp_name",
    "medical_aid": "maf_pay",
    "resident_pension": "aab004",
    "pension_payment": "aae008",
    "work_benefit": "aae019",
    "register_event": "other_place",
    "vehicle_register": "price_band",
    "traffic_casualty": "liability",
    "custody": "custody_kind",
    "temporary_aid": "cause",
    "subsidy_payment": "payee_bank",
    "child_in_need": "guardian_relation",
    "cremation": "funeral_home",
    "death_certificate": "issued_by",
    "serious_disease": "managed_by",
    "student_enrolment": "school_name",
    "student_aid": "school_name",
    "public_housing": "estate_name",
    "housing_record": "party_name",
    "relapse_monitoring": "main_risk",
    "market_entity": "entity_name",
    "disaster_event": "damage_grade",
}


@dataclass(frozen=True)
class Blemish:
    """What was done to one cell; `row` counts from zero."""

    row: int
    field: str
    kind: str


def blemish(
    contract: Contract, table: pa.Table, shielded: npt.NDArray[np.bool_], first_night: date
) -> tuple[pa.Table, pa.Table, list[Blemish]]:
    """The table with wrong rows, the same with messy cells too, and what was done to which row."""
    hashes = _row_hashes(contract, table)
    score = hashes % 10_000
    wrong_rows = np.flatnonzero((score < WRONG_IN_10000) & ~shielded)
    wrong_rows = wrong_rows[: table.num_rows // LEAST_ROWS_PER_WRONG_ROW]
    messy_rows = np.flatnonzero((score >= WRONG_IN_10000) & (score < WRONG_IN_10000 + MESSY_IN_10000))
    picks = (hashes // 10_000).astype(np.int64) % 2**31
    wrong, done = _with_wrong_rows(contract, table, wrong_rows, picks, first_night)
    messy, looks = _withmessy_cells(contract, wrong, messy_rows, picks, first_night)
    return wrong, messy, done + looks


def _row_hashes(contract: Contract, table: pa.Table) -> npt.NDArray[np.uint64]:
    keys = pc.binary_join_element_wise(
        *[table[field.name] for field in contract.key_fields], contract.extract_class, "|"
    )
    hashes: npt.NDArray[np.uint64] = pd.util.hash_array(np.asarray(keys.to_pylist(), dtype=object), categorize=False)
    return hashes


def _with_wrong_rows(
    contract: Contract, table: pa.Table, rows: npt.NDArray[np.int64], picks: npt.NDArray[np.int64], first_night: date
) -> tuple[pa.Table, list[Blemish]]:
    ways = wrong_ways(contract)
    kinds = [*ways, "duplicate_key"]
    duplicated = [int(row) for row in rows if kinds[picks[row] % len(kinds)] == "duplicate_key"]
    changes: dict[str, dict[int, str]] = {}
    done = []
    for row in rows:
        kind = kinds[picks[row] % len(kinds)]
        if kind != "duplicate_key":
            way, fields = ways[kind]
            done += _blemish_cell(table, int(row), int(picks[row]), kind, way, fields, changes, first_night)
    table = _replaced(table, changes)
    second = _second_rows(contract, table, duplicated)
    key = contract.key_fields[0].name
    both = [*duplicated, *range(table.num_rows, table.num_rows + len(duplicated))]
    done += [Blemish(row, key, "duplicate_key") for row in both]
    return pa.concat_tables([table, second]), done


def _withmessy_cells(
    contract: Contract, table: pa.Table, rows: npt.NDArray[np.int64], picks: npt.NDArray[np.int64], first_night: date
) -> tuple[pa.Table, list[Blemish]]:
    fields = [field for field in contract.fields if can_be_messy(field) and not is_typed(contract, field)]
    changes: dict[str, dict[int, str]] = {}
    done = []
    for row in rows:
        rotated = _rotated(fields, int(picks[row]) // 7)
        done += _blemish_cell(
            table, int(row), int(picks[row]), MESSY_BUT_RIGHT, messy_cell, rotated, changes, first_night
        )
    return _replaced(table, changes), done


def _blemish_cell(
    table: pa.Table, row: int, pick: int, kind: str, way: Way, fields: Sequence[Field],
    changes: dict[str, dict[int, str]], first_night: date,
) -> list[Blemish]:  # fmt: skip
    """Change the first of the fields that the way can be applied to."""
    for field in _rotated(fields, pick // 97):
        text = table[field.name][row].as_py()
        changed = way(Cell(field, text, pick // 13, first_night))
        if changed is not None and changed != text:
            changes.setdefault(field.name, {})[row] = changed
            return [Blemish(row, field.name, kind)]
    return []


def _rotated(fields: Sequence[Field], by: int) -> list[Field]:
    start = by % len(fields)
    return [*fields[start:], *fields[:start]]


def _replaced(table: pa.Table, changes: Mapping[str, Mapping[int, str]]) -> pa.Table:
    for name, cells in changes.items():
        mask = np.zeros(table.num_rows, np.bool_)
        mask[list(cells)] = True
        replacements = pa.array([cells[row] for row in sorted(cells)], pa.string())
        column = pc.replace_with_mask(table[name].combine_chunks(), pa.array(mask), replacements)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _second_rows(contract: Contract, table: pa.Table, rows: list[int]) -> pa.Table:
    """Copies of the rows that differ in one field."""
    copies = table.take(pa.array(rows, pa.int64()))
    name = DUPLICATE_DIFFERS_IN[contract.extract_class]
    field = next(field for field in contract.fields if field.name == name)
    texts = [_differing(field, text) for text in copies[name].to_pylist()]
    return copies.set_column(copies.column_names.index(name), name, pa.array(texts, pa.string()))


def _differing(field: Field, text: str) -> str:
    if field.codes:
        return next(code for code in field.codes if code != text)
    if field.physical_type == "integer":
        return str(int(text) + 1)
    return "981.50" if field.physical_type.startswith("decimal") else f"{text}(分公司)"
