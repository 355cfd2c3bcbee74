"""The engine for those who outgrow one machine: Spark, local or on a cluster by setting.

The only place where pyspark is imported, and only once a Spark engine is asked for.
"""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pyarrow as pa

from warehouse.engines.engine import FUNCTIONS_FOLDER, EngineError, EngineName, cast_columns, sql_type
from warehouse.engines.java import find_java
from warehouse.engines.parameters import used_params

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MASTER_SETTING = "SHOUWANG_SPARK_MASTER"


class SparkEngine:
    """A Spark session of its own (views, functions) in the process's one Spark context."""

    name: EngineName = "spark"

    def __init__(self, work_folder: Path, master: str | None = None, memory_limit: str | None = None) -> None:
        master = master or os.environ.get(MASTER_SETTING, "local[*]")
        self._session = _first_session(master, work_folder.resolve(), memory_limit or "4g").newSession()
        self._kept_folder = work_folder.resolve() / f"spark-kept-{uuid4().hex}"
        for statement in (FUNCTIONS_FOLDER / "spark.sql").read_text("utf-8").split(";\n"):
            if statement.strip():
                self._session.sql(statement)

    def register_files(self, name: str, files: Sequence[str], schema: pa.Schema) -> None:
        if not files:
            return self.register_table(name, schema.empty_table())
        columns = ", ".join(f"`{field.name}` {sql_type(field.type)}" for field in schema)
        # recursiveFileLookup keeps Spark from reading columns out of folder names.
        reader = self._session.read.schema(columns).option("recursiveFileLookup", "true")
        reader.parquet(*map(str, files)).createOrReplaceTempView(name)
        return None

    def register_table(self, name: str, table: pa.Table) -> None:
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def create_view(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> None:
        self._frame(sql, params or {}).createOrReplaceTempView(name)

    def keep(self, name: str, sql: str, params: Mapping[str, Any] | None = None) -> int:
        # A frame that is only cached remembers how it was made: plans grow until they fill Spark's memory.
        folder = self._kept_folder / uuid4().hex
        self._frame(sql, params or {}).write.parquet(str(folder))
        frame = self._session.read.parquet(str(folder))
        frame.createOrReplaceTempView(name)
        return frame.count()

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        table = self._frame(sql, params or {}).toArrow()
        return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))

    def write(self, sql: str, params: Mapping[str, Any], schema: pa.Schema, path: Path) -> list[str]:
        if path.is_file():
            path.unlink()
        frame = self._frame(f"select {cast_columns(schema, '`')} from ({sql}\n)", params)
        frame.hint("rebalance").write.mode("overwrite").option("compression", "zstd").parquet(str(path.resolve()))
        for checksum in path.glob(".*.crc"):
            checksum.unlink()
        return sorted(str(file) for file in path.resolve().glob("*.parquet"))

    def close(self) -> None:
        for view in self._session.catalog.listTables():
            self._session.catalog.dropTempView(view.name)
        shutil.rmtree(self._kept_folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frame(self, sql: str, params: Mapping[str, Any]) -> "DataFrame":
        return self._session.sql(sql, args=used_params(sql, params))


@cache
def _first_session(master: str, work_folder: Path, memory_limit: str) -> "SparkSession":
    """Start Spark, once in a process: a second context is not allowed beside the first."""
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as missing:
        raise EngineError('the Spark engine needs PySpark: pip install "shouwang[spark]"') from missing
    find_java(work_folder)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # On a cluster: the address at which the workers reach this process.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("shouwang")
    for key, value in _settings(master, work_folder, memory_limit).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _settings(master: str, work_folder: Path, memory_limit: str) -> dict[str, str]:
    log_settings = (Path(__file__).parent / "spark_log.properties").as_uri()
    on_this_machine = {"spark.sql.shuffle.partitions": "4"} if master.startswith("local") else {}
    return on_this_machine | {
        "spark.driver.host": os.environ["SPARK_LOCAL_IP"],
        "spark.driver.memory": memory_limit.lower().removesuffix("b"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log_settings}",
        "spark.sql.session.timeZone": "Asia/Shanghai",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(work_folder / "spark-warehouse"),
        # A join side is measured compressed: at the default 10 MB a city's months burst a 1 GB driver.
        "spark.sql.autoBroadcastJoinThreshold": "2m",
        # Small results in one file, large ones in files of 128 MB (the rebalance hint in write).
        "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
        "spark.sql.adaptive.advisoryPartitionSizeInBytes": "128m",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }
