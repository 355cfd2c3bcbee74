"""Puts lines with too many cells back together where only the address can have had the delimiter in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from jobs.ingest.readers import SurplusLine
from jobs.ingest.rows import REPAIR_SCHEMA, Reading
from schemas.loader import Contract, Field

PLACE = pa.schema([("source_file", pa.string()), ("source_line", pa.int32())])


@dataclass(frozen=True)
class SurplusFile:
    """The lines of one file that have too many cells, and the fields in the order of its columns."""

    name: str
    fields: Sequence[str]
    lines: Sequence[SurplusLine]


@dataclass(frozen=True)
class PlacedSurplus:
    """The lines that fit, as text of the fields, with the surplus in the address."""

    text: pa.Table
    address: str = ""

    @property
    def lines(self) -> set[tuple[str, int]]:
        """Their files and lines."""
        return set(_lines_in_order(self.text))

    def repairs(self, row_numbers: pa.Array) -> pa.Table:
        """What was mended in them, where they bear these numbers."""
        count = len(row_numbers)
        columns = [row_numbers, pa.repeat(self.address, count), pa.repeat("unquoted_delimiter", count)]
        return pa.table(columns, schema=REPAIR_SCHEMA)


def placed_surplus(reading: Reading, files: Sequence[SurplusFile]) -> PlacedSurplus:
    """The lines that fit.

    A line fits where the surplus given to the address leaves every field right, and given to any
    other field of free text does not.
    """
    fields = [field for field in reading.contract.fields if _takes_delimiters(field)]
    addresses = [field for field in fields if field.identity == "address"]
    if len(addresses) != 1 or not any(file.lines for file in files):
        return PlacedSurplus(_schema(reading.contract).empty_table())
    fitting = {field.name: _fitting(reading, files, field) for field in fields}
    address = addresses[0].name
    placed = PlacedSurplus(fitting.pop(address), address)
    elsewhere = {line for text in fitting.values() for line in PlacedSurplus(text).lines}
    certain = [at for at, line in enumerate(_lines_in_order(placed.text)) if line not in elsewhere]
    return PlacedSurplus(placed.text.take(pa.array(certain, pa.int64())), address)


def _takes_delimiters(field: Field) -> bool:
    """Whether the field is free text that may hold a comma; names and telephone numbers hold none."""
    is_text = field.physical_type == "varchar" and not field.codes and not field.pattern
    return is_text and field.key_position is None and field.identity in (None, "address")


def _fitting(reading: Reading, files: Sequence[SurplusFile], field: Field) -> pa.Table:
    """The text of the lines whose rows are right with the surplus in this field."""
    rows = [row for file in files for line in file.lines if (row := _joined(file, line, field.name))]
    text = pa.Table.from_pylist(rows, _schema(reading.contract))
    return text.filter(pa.array(reading.read_rows(text).right))


def _lines_in_order(text: pa.Table) -> list[tuple[str, int]]:
    return list(zip(text.column("source_file").to_pylist(), text.column("source_line").to_pylist(), strict=True))


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
