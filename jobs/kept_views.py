"""Intermediate results of one run, kept as files so that either engine computes them once."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.engines.engine import Engine


class KeptViews:
    """Writes what a query gives into a folder of this run and shows it to the engine under a name."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def keep(self, name: str, sql: str, schema: pa.Schema) -> int:
        """Evaluate the query now; returns how many rows it has."""
        files = self._engine.write(sql, {}, schema, self._folder / name)
        self._engine.register_files(name, files, schema)
        return sum(pq.read_metadata(file).num_rows for file in files)


def key_schema(*columns: str) -> pa.Schema:
    """Keys of people and households are texts."""
    return pa.schema([(column, pa.string()) for column in columns])
