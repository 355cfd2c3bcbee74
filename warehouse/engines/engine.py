"""What an engine promises, whichever one it is.

An engine turns SQL over Parquet files and small tables into tables and files; it keeps
nothing of its own. One SQL text serves both engines and is never translated: where they
part, `warehouse/functions/` gives the idea one name on both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import pyarrow as pa

EngineName = Literal["duckdb", "spark"]

FUNCTIONS_FOLDER = Path(__file__).parent.parent / "functions"

_SHARED_TYPE_WORDS: dict[pa.DataType, str] = {
    pa.bool_(): "boolean",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.date32(): "date",
    pa.binary(): "binary",
    pa.timestamp("us"): "timestamp",
}


class EngineError(Exception):
    """An engine cannot do what was asked; the message says what would help."""


class Engine(Protocol):
    """Evaluates SQL. Tables in SQL are named `<layer>_<table>`, parameters `:name`.

    `params` may hold more names than a text uses. A with block closes the engine.
    """

    name: EngineName

    def register_files(self, name: str, files: Sequence[str], schema: pa.Schema) -> None:
        """Show Parquet files as view `name` with exactly the columns and types of `schema`.

        A column that a file lacks reads as null. No files: an empty view of that schema.
        """

    def register_table(self, name: str, table: pa.Table) -> None:
        """Show a small table held in memory as view `name`."""

    def create_view(self, name: str, sql: str, params: Mapping[str, Any] = ...) -> None:
        """Give a query a name for later SQL. Lazy, except that the text is checked now."""

    def keep(self, name: str, sql: str, params: Mapping[str, Any] = ...) -> int:
        """Evaluate a query now and give the result a name until the engine closes; returns how many rows it has.

        It need not fit in memory. What the query reads may be shown otherwise afterwards.
        """

    def query(self, sql: str, params: Mapping[str, Any] = ...) -> pa.Table:
        """Evaluate a query whose result fits in memory."""

    def write(self, sql: str, params: Mapping[str, Any], schema: pa.Schema, path: Path) -> list[str]:
        """Evaluate a query into Parquet files (zstd) in the folder `path`; return their absolute paths.

        Columns stand in the order of `schema`, cast to its types. What was at `path` is
        replaced. An empty result still leaves one file that holds the schema; DuckDB
        always leaves exactly one.
        """

    def close(self) -> None:
        """Let go of views, memory and temporary files."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def sql_type(data_type: pa.DataType) -> str:
    """The word for an Arrow type that both engines understand in a cast.

    >>> sql_type(pa.decimal128(16, 2))
    'decimal(16,2)'
    """
    if pa.types.is_decimal128(data_type):
        return f"decimal({data_type.precision},{data_type.scale})"
    if data_type not in _SHARED_TYPE_WORDS:
        raise EngineError(f"no type that both engines share for {data_type}; see _SHARED_TYPE_WORDS")
    return _SHARED_TYPE_WORDS[data_type]


def cast_columns(schema: pa.Schema, quote: str = '"') -> str:
    """A select list that brings columns into the order and types of `schema`."""
    return ", ".join(
        f"cast({quote}{field.name}{quote} as {sql_type(field.type)}) as {quote}{field.name}{quote}" for field in schema
    )
