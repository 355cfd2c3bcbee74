"""Reads the rows of a delivery by its contract: typed, judged, mended and keyed."""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.ingest.columns import Places, ReadColumn, read_column
from jobs.ingest.digests import digests_under, row_digests, value_digests
from jobs.person_keys import PersonKeys
from schemas.loader import Contract, Field
from schemas.row_rules import broken_rules_sql

IDENTITY_DIGITS = 18
PROBLEM_SCHEMA = pa.schema([("row_number", pa.int32()), ("field", pa.string()), ("reason", pa.string())])
REPAIR_SCHEMA = pa.schema([("row_number", pa.int32()), ("field", pa.string()), ("repair", pa.string())])


@dataclass(frozen=True)
class ReadRows:
    """The rows of a delivery.

    `rows`: `row_number` (from 0, over all files), `source_file`, `source_line`, `is_right`, the typed
    fields by name, their keys (`person_key`, `household_key`, those of a former number and of the
    number inside a certificate) and `row_hash`. `problems` and `repairs` name rows by number.
    `numbers`: `key` and `number` of everybody the rows name.
    """

    rows: pa.Table
    problems: pa.Table
    repairs: pa.Table
    empty_counts: dict[str, int]
    numbers: pa.Table

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """For each row, whether nothing is wrong with it."""
        found: npt.NDArray[np.bool_] = self.rows.column("is_right").to_numpy()
        return found


NOTHING_READ = ReadRows(pa.table({}), PROBLEM_SCHEMA.empty_table(), REPAIR_SCHEMA.empty_table(), {}, pa.table({}))


@dataclass(frozen=True)
class Reading:
    """What rows are read by; `connection` knows the macros of parsing.sql."""

    connection: duckdb.DuckDBPyConnection
    contract: Contract
    business_date: date
    keys: PersonKeys

    def read_rows(self, text: pa.Table) -> ReadRows:
        """Read `text`, whose columns bear the fields' names, beside `source_file` and `source_line`."""
        columns = {
            field.name: read_column(
                self.connection,
                field,
                text.column(field.name),
                self.business_date,
                self.keys.are_known if field.identity == "number" else None,
            )
            for field in self.contract.fields
        }
        rows = pa.table(
            {
                "row_number": np.arange(text.num_rows, dtype=np.int32),
                "source_file": text.column("source_file"),
                "source_line": text.column("source_line"),
                **{name: column.values for name, column in columns.items()},
            }
        )
        problems = self._problems(columns, rows)
        right = np.ones(text.num_rows, dtype=bool)
        right[problems.column("row_number").to_numpy()] = False
        people = self.keys.of_people(rows.column(self.contract.identity_field.name))
        rows = rows.append_column("is_right", pa.array(right)).append_column("person_key", people.column)
        rows = rows.append_column("row_hash", self._row_hashes(columns, text.num_rows))
        for field in self.contract.fields:
            if field.identity == "household_number":
                rows = rows.append_column("household_key", self.keys.of_households(rows.column(field.name)))
        for field in self.contract.other_number_fields:
            numbers = _numbers_in(field, rows.column(field.name))
            rows = rows.append_column(str(field.stored_name), self.keys.of_other_numbers(numbers))
        return ReadRows(
            rows=rows,
            problems=problems,
            repairs=_table(REPAIR_SCHEMA, [(at, name, code) for name, c in columns.items() for at, code in c.repairs]),
            empty_counts={name: column.empty_count for name, column in columns.items()},
            numbers=people.numbers,
        )

    def _row_hashes(self, columns: dict[str, ReadColumn], row_count: int) -> pa.Array:
        """Digests of what is kept of each row, in the warehouse or in the vault."""
        kept = [*self.contract.stored_fields, *self.contract.contact_fields]
        first, *later = self.keys.row_secrets
        digests = row_digests(
            (
                (value_digests(self.connection, column.distinct, first, name), column.places)
                for name, column in columns.items()
                if name in {field.name for field in kept}
            ),
            row_count,
        )
        for secret in later:
            digests = digests_under(self.connection, digests, secret)
        return digests

    def _problems(self, columns: dict[str, ReadColumn], rows: pa.Table) -> pa.Table:
        found = [(at, name, reason) for name, column in columns.items() for at, reason in column.problems]
        if self.contract.row_rules:
            self.connection.register("typed_row", rows)
            broken = self.connection.execute(broken_rules_sql(self.contract, "typed_row")).to_arrow_table()
            self.connection.unregister("typed_row")
            for rule in self.contract.row_rules:
                numbers = broken.filter(pc.equal(broken.column("rule"), rule.name)).column("row_number")
                found.append((numbers.to_numpy(), "", rule.name))
        return _table(PROBLEM_SCHEMA, found)


def _numbers_in(field: Field, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The identity numbers in a field that holds a second one; what is wrong with them was found before."""
    if field.identity != "disability_certificate":
        return values
    return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, IDENTITY_DIGITS)


def _table(schema: pa.Schema, found: list[tuple[Places, str, str]]) -> pa.Table:
    pieces = [
        pa.table([pa.array(at, pa.int32()), pa.repeat(name, len(at)), pa.repeat(code, len(at))], schema=schema)
        for at, name, code in found
    ]
    return pa.concat_tables([schema.empty_table(), *pieces])
