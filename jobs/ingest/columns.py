"""Reads one column of a delivery by its distinct values: each is read, judged and mended once.

Most columns of an extract say the same few things in all their rows; reading codes, dates and
amounts a value at a time instead of a row at a time is what makes ingest fast.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.person_keys import spread
from schemas.loader import Field
from schemas.row_rules import read_values_sql
from warehouse.definitions import arrow_type

Places = npt.NDArray[np.signedinteger]
Flags = npt.NDArray[np.bool_]
KnownNumbers = Callable[[pa.Array], Flags]


@dataclass(frozen=True)
class ReadColumn:
    """A column as typed values, one a row, and the rows (from 0) where something is wrong or mended.

    `values` are those of `distinct` at `places`.
    """

    values: pa.Array
    distinct: pa.Array
    places: pa.Array
    empty_count: int
    problems: list[tuple[Places, str]]
    repairs: list[tuple[Places, str]]


def read_column(
    connection: duckdb.DuckDBPyConnection,
    field: Field,
    text: pa.ChunkedArray,
    business_date: date,
    known_numbers: KnownNumbers | None = None,
) -> ReadColumn:
    """Read text as the field's type; `connection` knows the macros of parsing.sql.

    Of an identity column, `known_numbers` tells which values are right numbers that were read before.
    """
    encoded = _encoded(text)
    places, values = encoded.indices, encoded.dictionary
    new = np.flatnonzero(~known_numbers(values)) if known_numbers else np.arange(len(values))
    read = _read_values(connection, field, values.take(pa.array(new)), business_date)
    flags = {name: _flags(read, name, new, len(values)) for name in read.column_names[1:]}
    typed = read.column(field.name).combine_chunks().cast(arrow_type(field.physical_type))
    if len(new) < len(values):
        is_new = np.zeros(len(values), dtype=bool)
        is_new[new] = True
        typed = pc.replace_with_mask(values, pa.array(is_new), typed)
    return ReadColumn(
        values=spread(typed, places),
        distinct=typed,
        places=places,
        empty_count=int(np.count_nonzero(flags["is_empty"][places.to_numpy()])),
        problems=list(_flagged(flags, "problem", places)),
        repairs=list(_flagged(flags, "repair", places)),
    )


def _encoded(text: pa.ChunkedArray) -> pa.DictionaryArray:
    column = pc.fill_null(text, "") if text.null_count else text
    encoded = column.dictionary_encode().combine_chunks()
    return encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded


def _read_values(
    connection: duckdb.DuckDBPyConnection, field: Field, values: pa.Array, business_date: date
) -> pa.Table:
    sql = read_values_sql(field, "distinct_value")
    connection.register("distinct_value", pa.table({"delivered_text": values}))
    try:
        parameters = {"business_date": business_date} if "$business_date" in sql else None
        return connection.execute(sql, parameters).to_arrow_table()
    finally:
        connection.unregister("distinct_value")


def _flags(read: pa.Table, name: str, new: Places, count: int) -> Flags:
    """The flag of each value; those that were not read are right."""
    flags: Flags = np.zeros(count, dtype=bool)
    flags[new] = read.column(name).to_numpy()
    return flags


def _flagged(flags: dict[str, Flags], kind: str, places: pa.Array) -> Iterator[tuple[Places, str]]:
    for name, flag in flags.items():
        if name.startswith(f"{kind}:") and flag.any():
            yield np.flatnonzero(flag[places.to_numpy()]).astype(np.int32), name.partition(":")[2]
