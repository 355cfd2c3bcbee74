"""The embedded engine, for one machine: starts in a tenth of a second and is the default."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import duckdb
import pyarrow as pa

from warehouse.engines.engine import FUNCTIONS_FOLDER, EngineName, cast_columns, sql_type
from warehouse.engines.parameters import literal, used_params, with_dollar_markers, with_literals


class DuckDBEngine:
    """DuckDB in memory; spills to a folder of its own under `work_folder`. Fetches nothing."""

    name: EngineName = "duckdb"

    def __init__(self, work_folder: Path, memory_limit: str | None = None, threads: int | None = None) -> None:
        self._spill_folder = work_folder / f"duckdb-{uuid4().hex}"
        config: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(self._spill_folder),
        }
        if memory_limit:
            config["memory_limit"] = memory_limit
        if threads:
            config["threads"] = threads
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute((FUNCTIONS_FOLDER / "duckdb.sql").read_text("utf-8"))

    def register_files(self, name: str, files: Sequence[str], schema: pa.Schema) -> None:
        # The empty part gives a column to files written before it existed.
        parts = ["select " + ", ".join(f'cast(null as {sql_type(f.type)}) as "{f.name}"' for f in schema) + " limit 0"]
        if files:
            listed = ", ".join(literal(str(file)) for file in files)
            parts.append(f"select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)")
        union = " union all by name ".join(f"({part})" for part in parts)
        self.create_view(name, f"select {cast_columns(schema)} from ({union})")

    def register_table(self, name: str, table: pa.Table) -> None:
        # Copied, because filters that DuckDB derives from joins cannot be pushed into Arrow's scan.
        self._connection.register("registered_table", table)
        self._connection.execute(f'create or replace temp table "{name}" as select * from registered_table')
        self._connection.unregister("registered_table")

    def create_view(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> None:
        text = with_literals(sql, params or {}) if ":" in sql else sql
        self._connection.execute(f'create or replace temp view "{name}" as {text}')

    def keep(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> int:
        text = with_literals(sql, params or {}) if ":" in sql else sql
        made = self._connection.execute(f'create or replace temp table "{name}" as {text}').fetchall()
        return int(made[0][0])

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        return self._connection.execute(with_dollar_markers(sql), used_params(sql, params or {})).to_arrow_table()

    def write(self, sql: str, params: Mapping[str, Any], schema: pa.Schema, path: Path) -> list[str]:
        file = _emptied(path).resolve() / "part-0.parquet"
        self._connection.execute(
            f"copy (select {cast_columns(schema)} from ({with_literals(sql, params)}\n))"
            f" to {literal(str(file))} (format parquet, compression zstd, compression_level 1)"
        )
        return [str(file)]

    def close(self) -> None:
        self._connection.close()
        shutil.rmtree(self._spill_folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def keep_vocabulary(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave the vocabulary in the connection's database, so that whoever opens its file runs our SQL there."""
    text = (FUNCTIONS_FOLDER / "duckdb.sql").read_text("utf-8")
    connection.execute(text.replace("create or replace temp macro", "create or replace macro"))


def _emptied(folder: Path) -> Path:
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
