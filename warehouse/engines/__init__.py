"""Engines: what evaluates the SQL of the layers and the models.

with open_engine("duckdb", work_folder=folder) as engine:
    engine.register_files("dwd_person", files, schema)
    engine.query("select count(*) as people from dwd_person where born_on < :day", {"day": day})
"""

from pathlib import Path

from warehouse.engines.engine import Engine, EngineError, EngineName, sql_type

__all__ = ["Engine", "EngineError", "EngineName", "open_engine", "sql_type"]


def open_engine(
    name: str,
    *,
    work_folder: Path,
    memory_limit: str | None = None,
    threads: int | None = None,
    master: str | None = None,
) -> Engine:
    """Open the engine of that name, to be used in a with block.

    `work_folder` takes what does not fit in memory. `memory_limit` ("8GB") bounds DuckDB, or
    Spark's driver; `threads` bounds DuckDB. `master` says where Spark runs, else
    SHOUWANG_SPARK_MASTER, else local[*]; its first settings hold for the whole process.
    """
    work_folder.mkdir(parents=True, exist_ok=True)
    if name == "duckdb":
        from warehouse.engines.duckdb import DuckDBEngine

        return DuckDBEngine(work_folder, memory_limit, threads)
    if name == "spark":
        from warehouse.engines.spark import SparkEngine

        return SparkEngine(work_folder, master, memory_limit)
    raise EngineError(f"no engine named {name!r}: say duckdb or spark")
