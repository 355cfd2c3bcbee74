"""Tells whether a row's content changed: a keyed digest of each distinct value, added up over the row.

Digests of the values are MD5 of a secret, the field and the value; they are added in two lanes of 64
bits. Without the secret nobody can try out contents; by chance two contents agree once in 10^38.
"""

from binascii import hexlify, unhexlify
from collections.abc import Iterable

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Digests = npt.NDArray[np.uint64]
HEX_CHARACTERS = 32
ROWS_A_PIECE = 64 * 1024


def value_digests(connection: duckdb.DuckDBPyConnection, values: pa.Array, secret: str, field: str) -> Digests:
    """Two numbers for each value of a field, null among them."""
    connection.register("digested_value", pa.table({"value": values}))
    hexadecimal = connection.execute(
        "select md5($salt || coalesce(cast(value as varchar), '␀')) as digest from digested_value",
        {"salt": f"{secret}␟{field}␟"},
    ).to_arrow_table()
    connection.unregister("digested_value")
    text = hexadecimal.column("digest").combine_chunks()
    if not len(text):
        return np.zeros((0, 2), dtype=np.uint64)
    characters = text.buffers()[2].slice(0, len(text) * HEX_CHARACTERS)
    return np.frombuffer(unhexlify(characters), dtype=np.uint64).reshape(len(text), 2)


def row_digests(columns: Iterable[tuple[Digests, pa.Array]], row_count: int) -> pa.Array:
    """One text of 32 characters for each row, from each field's digests and where its rows find theirs."""
    total = np.zeros((row_count, 2), dtype=np.uint64)
    taken = np.empty((min(row_count, ROWS_A_PIECE), 2), dtype=np.uint64)
    for digests, places in columns:
        at = places.to_numpy()
        # Piece by piece what is taken stays in the processor's cache: a tenth of the time.
        for start in range(0, row_count, ROWS_A_PIECE):
            piece = at[start : start + ROWS_A_PIECE]
            np.take(digests, piece, axis=0, out=taken[: len(piece)], mode="clip")
            total[start : start + len(piece)] += taken[: len(piece)]
    offsets = np.arange(row_count + 1, dtype=np.int32) * HEX_CHARACTERS
    return pa.StringArray.from_buffers(row_count, pa.py_buffer(offsets), pa.py_buffer(hexlify(total.tobytes())))


def digests_under(connection: duckdb.DuckDBPyConnection, digests: pa.Array, secret: str) -> pa.Array:
    """The digests of rows under one more secret, as they are from the next version of the person key on."""
    connection.register("digest_before", pa.table({"row_hash": digests}))
    again = connection.execute(
        "select md5($salt || row_hash) as row_hash from digest_before", {"salt": f"{secret}␟"}
    ).to_arrow_table()
    connection.unregister("digest_before")
    return again.column("row_hash").combine_chunks()
