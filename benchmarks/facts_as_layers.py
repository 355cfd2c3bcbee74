"""A city's facts as the layers show them on any day of its year, without files: for counting warnings over a year.

Every fact is known on the day it happened, and what is held at the end of the year was known before it. Identity
numbers are the places of people, so that truth can be joined.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from demo_city.employment import NOT_INSURED
from demo_city.facts import City
from demo_city.planning import CONTRIBUTIONS, facts_on
from demo_city.render import MISSING_AMOUNT, SPECIAL_FIELDS
from jobs.ods import VERSION_COLUMNS, ods_table
from jobs.people.places import register_divisions
from schemas.loader import Contract, Field, contracts
from warehouse.definitions import definition, layer_definitions, layer_sql
from warehouse.engines.duckdb import DuckDBEngine
from warehouse.engines.engine import sql_type

# The day of each class's rows on which it happened; what is not named here was known before the year.
KNOWN_BY = {
    "inpatient_settlement": "setl_date", "chronic_outpatient_settlement": "setl_date",
    "employment_register": "register_date", "disability_certificate": "certified_on", "dibao": "start_date",
    "tekun": "start_date", "marginal_and_rigid": "start_date", "relapse_monitoring": "identified_month",
    "temporary_aid": "award_date", "student_aid": "awarded_on", "register_event": "event_date",
    "traffic_casualty": "accident_date", "disaster_event": "event_date", "custody": "start_date",
    "child_in_need": "recognised_on", "cremation": "cremated_on", "death_certificate": "issued_on",
    "vehicle_register": "owned_since", "market_entity": "founded_on",
}  # fmt: skip
TABLES_READ = re.compile(r"\b(?:ods|dwd|dws)_\w+")
Days = npt.NDArray[np.datetime64]


class FactsAsLayers:
    """Shows an engine the layers that a set of SQL texts reads, as of one day after another."""

    def __init__(self, engine: DuckDBEngine, city: City) -> None:
        self._engine = engine
        self._city = city
        self._given: set[str] = set()
        self._before_the_year = np.datetime64(city.plan.history_start, "D") - 1

    def show(self, texts: Sequence[str], as_of: date) -> None:
        """Keep every table that the texts read, and those behind it, as they stand on the day."""
        self._contributions(as_of)
        shown = {"dwd_contribution_month", "dwd_contribution_status"}
        for text in texts:
            self._show_read_by(text, as_of, shown)

    def _show_read_by(self, text: str, as_of: date, shown: set[str]) -> None:
        for name in sorted(set(TABLES_READ.findall(text)) - shown):
            shown.add(name)
            layer, table = name.split("_", 1)
            if layer == "ods":
                self._show_ods(table, as_of)
            elif f"{layer}.{table}" in layer_definitions(layer):
                sql = layer_sql(f"{layer}.{table}")
                self._show_read_by(sql, as_of, shown)
                self._engine.keep(name, _cast(definition(f"{layer}.{table}").schema, sql), {"as_of": as_of})

    def _show_ods(self, table: str, as_of: date) -> None:
        if table in ("division", "division_succession"):
            register_divisions(self._engine, as_of)
        elif table == "person_link_followed":
            self._engine.create_view(f"ods_{table}", "select '' as former_key, '' as person_key limit 0")
        elif table == "named_person":
            self._show_ods("household_register", as_of)
            self._engine.create_view("ods_named_person", "select person_key from ods_household_register")
        else:
            extract_class = table.removesuffix("_version")
            self._give(extract_class)
            held = f"select * from facts_{extract_class} where known_on <= date '{as_of}'"
            self._engine.create_view(f"ods_{table}", held)

    def _give(self, extract_class: str) -> None:
        if extract_class in self._given:
            return
        self._given.add(extract_class)
        contract = contracts()[extract_class]
        facts = facts_on(self._city, extract_class, 0).reset_index(drop=True)
        rows = pa.table({
            **self._version_columns(extract_class, facts),
            **{field.stored_name or field.name: self._column(field, facts) for field in contract.stored_fields},
        })  # fmt: skip
        self._engine.register_table("facts_given", rows)
        self._engine.keep(f"facts_{extract_class}", _cast(_delivered(contract), "select * from facts_given"))

    def _version_columns(self, extract_class: str, facts: pd.DataFrame) -> Mapping[str, pa.Array]:
        size, people = len(facts), facts["person"].to_numpy(np.int64)
        return {
            "known_on": pa.array(self._known_on(extract_class, facts)),
            "operation": pa.repeat("insert", size),
            "delivery_id": pa.repeat("facts", size),
            "source_line": pa.array(np.arange(size)),
            "row_hash": pa.nulls(size, pa.string()),
            "period_end": pa.repeat(self._city.plan.first_night, size),
            "delivered_person_key": pc.cast(pa.array(people), pa.string()),
        }

    def _known_on(self, extract_class: str, facts: pd.DataFrame) -> Days:
        if extract_class == "general_outpatient_month":
            return (facts["ym"].to_numpy("datetime64[M]") + 1).astype("datetime64[D]") - 1
        if extract_class == "medical_aid":
            day = facts["pay_date"].fillna(facts["begntime"])
        elif extract_class in KNOWN_BY:
            day = facts[KNOWN_BY[extract_class]]
        else:
            return np.full(len(facts), self._before_the_year)
        days = day.to_numpy("datetime64[D]")
        return np.where(np.isnat(days), self._before_the_year, days)

    def _column(self, field: Field, facts: pd.DataFrame) -> pa.Array:
        people = self._city.departed.everyone
        person = facts["person"].to_numpy(np.int64)
        if field.identity in ("number", "disability_certificate"):
            return pc.cast(pa.array(person), pa.string())
        if field.identity == "household_number":
            return pc.cast(pa.array(people.household[person]), pa.string())
        if field.identity:
            return pa.nulls(len(facts), pa.string())
        if field.name in facts:
            return _values(field, facts[field.name])
        if field.name in SPECIAL_FIELDS:
            return SPECIAL_FIELDS[field.name](people, facts)
        return getattr(people, field.name).take(pa.array(person))

    def _contributions(self, as_of: date) -> None:
        """The months that were closed on the day, as the latest snapshot told them."""
        if CONTRIBUTIONS not in self._given:
            self._given.add(CONTRIBUTIONS)
            self._engine.register_table("facts_contribution", _told_months(self._city))
        closed = f"select * from facts_contribution where month < date_trunc('month', date '{as_of}')"
        self._engine.keep("told_contribution", closed)
        for table, sql in (("contribution_month", MONTHS), ("contribution_status", STATUS)):
            self._engine.keep(f"dwd_{table}", _cast(definition(f"dwd.{table}").schema, sql))


MONTHS = """
select person_key, month, base_amount / 100 as base_amount, is_paid, month as known_on, 'facts' as delivery_id,
  0 as source_line
from told_contribution where is_told
"""
STATUS = """
select person_key, '1' as status_code, max(retired_code) as retired_code, max(month) as covers_until,
  max(employer_name) as employer_name, max(month) as known_on, 'facts' as delivery_id, 0 as source_line
from told_contribution group by person_key
"""


def _told_months(city: City) -> pa.Table:
    """One row for each insured person and month; a month before the first contribution says nothing."""
    contributed = city.contributed
    months = len(contributed.months)
    silent = (contributed.bases == NOT_INSURED) & (
        (np.cumsum(contributed.is_paid, axis=1) == 0) | contributed.is_retired[:, None]
    )
    bases = contributed.bases.ravel()
    return pa.table({
        "person_key": pc.cast(pa.array(np.repeat(contributed.person, months)), pa.string()),
        "month": pa.array(np.tile(contributed.months.astype("datetime64[D]"), len(contributed.person))),
        "base_amount": pa.array(np.where(bases == NOT_INSURED, 0, bases), mask=bases == NOT_INSURED),
        "is_paid": pa.array(contributed.is_paid.ravel()),
        "is_told": pa.array(~silent.ravel()),
        "retired_code": pa.array(np.repeat(np.where(contributed.is_retired, "1", "0"), months)),
        "employer_name": pa.array(np.repeat(contributed.employer, months)),
    })  # fmt: skip


def _values(field: Field, values: pd.Series) -> pa.Array:
    if field.physical_type.startswith("decimal"):
        unit = 10 ** int(field.physical_type.rstrip(")").split(",")[1])
        cents = values.to_numpy(np.int64)
        return pa.array(cents / unit, mask=cents == MISSING_AMOUNT)
    if field.physical_type == "date":
        return pa.array(values.to_numpy("datetime64[D]"))
    if field.physical_type == "integer":
        numbers = values.to_numpy(np.int64)
        return pa.array(numbers, mask=numbers == MISSING_AMOUNT)
    texts = pa.array(values.to_numpy(), pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _delivered(contract: Contract) -> pa.Schema:
    schema = ods_table(contract).schema
    return schema.insert(len(VERSION_COLUMNS), pa.field("delivered_person_key", pa.string()))


def _cast(schema: pa.Schema, sql: str) -> str:
    columns = ", ".join(f"cast({field.name} as {sql_type(field.type)}) as {field.name}" for field in schema)
    return f"select {columns} from ({sql}\n) as given"
