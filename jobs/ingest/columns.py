"""Reads one column of a delivery by its distinct values: each is read, judged and mended once.

Most columns of an extract say the same few things in all their rows; reading codes, dates and
amounts a value at a time instead of a row at a time is what makes ingest fast.
"""

from collections.abc import Iterator
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

Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class ReadColumn:
    """A column as typed values, one a row, and the rows (from 0) where something is wrong or mended."""

    values: pa.Array
    empty_count: int
    problems: list[tuple[Places, str]]
    repairs: list[tuple[Places, str]]


def read_column(
    connection: duckdb.DuckDBPyConnection, field: Field, text: pa.ChunkedArray, business_date: date
) -> ReadColumn:
    """Read text as the field's type; `connection` knows the macros of parsing.sql."""
    encoded = _encoded(text)
    places = encoded.indices
    read = _read_values(connection, field, encoded.dictionary, business_date)
    columns = {name: read.column(name).combine_chunks() for name in read.column_names}
    return ReadColumn(
        values=spread(columns[field.name].cast(arrow_type(field.physical_type)), places),
        empty_count=int(np.count_nonzero(_flags(columns["is_empty"])[places.to_numpy()])),
        problems=list(_flagged(columns, "problem", places)),
        repairs=list(_flagged(columns, "repair", places)),
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


def _flags(column: pa.Array) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = column.to_numpy(zero_copy_only=False)
    return flags


def _flagged(columns: dict[str, pa.Array], kind: str, places: pa.Array) -> Iterator[tuple[Places, str]]:
    for name, column in columns.items():
        if name.startswith(f"{kind}:") and (flags := _flags(column)).any():
            yield np.flatnonzero(flags[places.to_numpy()]).astype(np.int32), name.partition(":")[2]
