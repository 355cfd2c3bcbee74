"""Puts lines with too many cells back together where only the address can have had the delimiter in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from jobs.ingest.readers import SurplusLine
from schemas.loader import Contract, Field
from schemas.row_rules import read_batch_sql

PLACE = pa.schema([("source_file", pa.string()), ("source_line", pa.int32())])


@dataclass(frozen=True)
class SurplusFile:
    """The lines of one file that have too many cells, and the fields in the order of its columns."""

    name: str
    fields: Sequence[str]
    lines: Sequence[SurplusLine]


def place_surplus(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: Sequence[SurplusFile],
    parameters: Mapping[str, object] | None,
) -> set[tuple[str, int]]:
    """Add the lines that fit to the table `rows`, recorded as mended; returns their files and lines.

    A line fits where the surplus given to the address leaves every field right, and given to any
    other field of free text does not.
    """
    fields = [field for field in contract.fields if _takes_delimiters(field)]
    addresses = [field for field in fields if field.identity == "address"]
    if len(addresses) != 1 or not any(file.lines for file in files):
        return set()
    fitting = {field.name: _fitting(connection, contract, files, field, parameters) for field in fields}
    address = addresses[0].name
    certain = fitting.pop(address).difference(*fitting.values())
    mended = f"list_append(repairs, {{'field': '{address}', 'repair': 'unquoted_delimiter'}}) as repairs"
    places = [{"source_file": file, "source_line": line} for file, line in sorted(certain)]
    connection.register("certain", pa.Table.from_pylist(places, PLACE))
    connection.execute(
        f"insert into rows select * replace ({mended}) from surplus_{address} "
        "semi join certain using (source_file, source_line)"
    )
    return certain


def _takes_delimiters(field: Field) -> bool:
    """Whether the field is free text that may hold a comma; names and telephone numbers hold none."""
    is_text = field.physical_type == "varchar" and not field.codes and not field.pattern
    return is_text and field.key_position is None and field.identity in (None, "address")


def _fitting(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    files: Sequence[SurplusFile],
    field: Field,
    parameters: Mapping[str, object] | None,
) -> set[tuple[str, int]]:
    """The files and lines whose rows are right with the surplus in this field; makes `surplus_<field>`."""
    rows = [row for file in files for line in file.lines if (row := _joined(file, line, field.name))]
    connection.register("surplus_text", pa.Table.from_pylist(rows, _schema(contract)))
    sql = read_batch_sql(contract, "surplus_text")
    connection.execute(f"create or replace table surplus_{field.name} as {sql}", parameters)
    connection.unregister("surplus_text")
    right = f"select source_file, source_line from surplus_{field.name} where len(problems) = 0"
    return set(connection.execute(right).fetchall())


def _joined(file: SurplusFile, line: SurplusLine, field: str) -> dict[str, str | int] | None:
    """The line's row with the surplus in the field; None where a part of the value would be blank."""
    at, surplus = list(file.fields).index(field), len(line.cells) - len(file.fields)
    parts = line.cells[at : at + surplus + 1]
    cells = [*line.cells[:at], line.delimiter.join(parts), *line.cells[at + surplus + 1 :]]
    if not all(part.strip() for part in parts):
        return None
    return {"source_file": file.name, "source_line": line.line, **dict(zip(file.fields, cells, strict=True))}


def _schema(contract: Contract) -> pa.Schema:
    return pa.schema([*PLACE, *((field.name, pa.string()) for field in contract.fields)])
