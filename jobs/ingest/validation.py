"""Judges a whole batch with Great Expectations on DuckDB and writes Data Docs.

Great Expectations has no DuckDB engine of its own and fetches after its connection is back in the
pool; an engine that keeps one connection is all that is missing.
"""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import great_expectations as gx
import sqlalchemy
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.pool import StaticPool

from jobs.ingest import data_docs
from jobs.ingest.batch import Batch
from jobs.ingest.judging_context import configurations_made_once, night_context
from schemas.delivery import Manifest
from schemas.expectations import HELD_ZH, batch_expectations
from schemas.loader import Contract

# It sets its own levels on import and speaks of every temporary folder.
for _name in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class OneConnectionEngine(SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """Keeps one connection, so that results can still be fetched."""

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        yield self.one_connection

    @cached_property
    def one_connection(self) -> Any:
        return self.engine.connect()


class OpenBatchDatasource(SQLDatasource):  # type: ignore[misc]
    """Registers `add_open_batch` on Great Expectations' data sources: judges what an open connection shows."""

    # Great Expectations finds a data source by this attribute.
    type: Literal["open_batch"] = "open_batch"

    @property
    def execution_engine_type(self) -> Any:
        return OneConnectionEngine

    def get_engine(self) -> sqlalchemy.Engine:
        engine: sqlalchemy.Engine = self.get_execution_engine().engine
        return engine

    def get_execution_engine(self) -> SqlAlchemyExecutionEngine:
        return _OPEN_BATCHES[self.name]


# By data source, which Great Expectations describes by texts only.
_OPEN_BATCHES: dict[str, OneConnectionEngine] = {}


class BorrowedConnection(ConnectionWrapper):
    """An open connection lent to SQLAlchemy, which may not close it."""

    def close(self) -> None:
        self.closed = True


@contextmanager
def _open_to_judgement(name: str, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    engine = sqlalchemy.create_engine(
        "duckdb:///:memory:", creator=lambda: BorrowedConnection(connection), poolclass=StaticPool
    )
    _OPEN_BATCHES[name] = OneConnectionEngine(engine=engine, create_temp_table=False)
    try:
        yield
    finally:
        # Ends the transaction that reading began; the connection itself stays open.
        _OPEN_BATCHES.pop(name).one_connection.close()


@dataclass(frozen=True)
class BrokenPromise:
    """A critical expectation that a batch does not meet."""

    expectation: str
    explanation: str
    observed: str
    observed_zh: str


class BatchValidator:
    """Judges the batches of one department and night, and collects them in one Data Docs site."""

    def __init__(self, docs_folder: Path) -> None:
        self._context = night_context()
        self._context.add_data_docs_site(data_docs.SITE, data_docs.site_in(docs_folder))

    def validate(self, contract: Contract, manifest: Manifest, batch: Batch) -> Sequence[BrokenPromise]:
        """The critical promises that the batch breaks, worst first."""
        name = manifest.delivery_id
        batch.connection.execute(f"create temp view batch as {_judged(contract, batch)}")
        with _open_to_judgement(name, batch.connection), configurations_made_once():
            result = self._judge(name, contract, batch_expectations(contract, manifest, batch.columns_fit))
        return [_broken_promise(item) for item in result.results if not item.success and _is_critical(item)]

    def _judge(self, name: str, contract: Contract, expectations: "list[gx.expectations.Expectation]") -> Any:
        source = self._context.data_sources.add_open_batch(name=name, connection_string="duckdb:///:memory:")
        asset = source.add_table_asset(name=contract.extract_class, table_name="batch")
        validation = self._context.validation_definitions.add(
            gx.ValidationDefinition(
                name=name,
                data=asset.add_batch_definition_whole_table("whole"),
                suite=self._context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations)),
            )
        )
        # Values stay out of Data Docs: they may be identity numbers.
        return validation.run(result_format={"result_format": "BASIC", "partial_unexpected_count": 0})

    def write_data_docs(self) -> None:
        """Write the site of all batches judged so far."""
        self._context.build_data_docs(site_names=[data_docs.SITE])


def _judged(contract: Contract, batch: Batch) -> str:
    """The typed fields, or the text as delivered where the columns do not fit."""
    if batch.columns_fit:
        return f"select {', '.join(field.name for field in contract.fields)} from rows"
    return "select * exclude (source_file, source_line) from delivered_text"


def _is_critical(result: Any) -> bool:
    return str(getattr(result.expectation_config.severity, "value", result.expectation_config.severity)) == "critical"


def _broken_promise(result: Any) -> BrokenPromise:
    meta = result.expectation_config.meta or {}
    observed = result.result or {}
    seen = observed.get("observed_value", f"{observed.get('unexpected_percent', 0):.1f} % wrong")
    field = f" ({meta['field']})" if meta.get("field") else ""
    return BrokenPromise(
        expectation=result.expectation_config.type,
        explanation=HELD_ZH.get(meta.get("promise", ""), "") + field,
        observed=f"expected {meta['expected']}, found {seen}" if meta.get("expected") else "",
        observed_zh=f"应为 {meta['expected']}, 实为 {seen}" if meta.get("expected") else "",
    )
