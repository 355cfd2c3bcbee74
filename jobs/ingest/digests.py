"""Tells whether a row's content changed: a keyed digest of each distinct value, added up over the row.

Digests of the values are MD5 of a secret, the field and the value; they are added in two lanes of 64
bits. Without the secret nobody can try out contents; by chance two contents agree once in 10^38.
"""

from collections.abc import Iterable

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

Digests = npt.NDArray[np.uint64]
HEX_CHARACTERS = 32
_VALUE_OF = np.zeros(256, dtype=np.uint8)
_VALUE_OF[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16, dtype=np.uint8)
_PAIR_OF = np.array([list(b"%02x" % byte) for byte in range(256)], dtype=np.uint8)


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
    characters = np.frombuffer(text.buffers()[2], dtype=np.uint8, count=len(text) * HEX_CHARACTERS)
    nibbles = _VALUE_OF[characters].reshape(len(text), HEX_CHARACTERS)
    return (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).view(np.uint64)


def row_digests(columns: Iterable[tuple[Digests, pa.Array]], row_count: int) -> pa.Array:
    """One text of 32 characters for each row, from each field's digests and where its rows find theirs."""
    total = np.zeros((row_count, 2), dtype=np.uint64)
    for digests, places in columns:
        total += digests[places.to_numpy()]
    characters = _PAIR_OF[total.view(np.uint8)].reshape(-1)
    offsets = np.arange(row_count + 1, dtype=np.int32) * HEX_CHARACTERS
    return pa.StringArray.from_buffers(row_count, pa.py_buffer(offsets), pa.py_buffer(characters))
