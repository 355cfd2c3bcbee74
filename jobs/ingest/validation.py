"""Judges a whole batch with Great Expectations on DuckDB and writes Data Docs.

Great Expectations has no DuckDB engine of its own and fetches after its connection is back in the
pool; an engine that keeps one connection is all that is missing.
"""

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import great_expectations as gx
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

from schemas.delivery import Manifest
from schemas.expectations import HELD_ZH, batch_expectations
from schemas.loader import Contract

# It sets its own levels on import and speaks of every temporary folder.
for _name in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(_name).setLevel(logging.ERROR)

DATA_DOCS_SITE = "departments"


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """Keeps one connection, so that results can still be fetched."""

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        yield self.one_connection

    @cached_property
    def one_connection(self) -> Any:
        return self.engine.connect()


class DuckDBDatasource(SQLDatasource):  # type: ignore[misc]
    """Registers `add_duckdb` on Great Expectations' data sources."""

    # Great Expectations finds a data source by this attribute.
    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> Any:
        return DuckDBExecutionEngine


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
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False}
        for site in list(self._context.list_data_docs_sites()):
            self._context.delete_data_docs_site(site)
        self._context.add_data_docs_site(
            DATA_DOCS_SITE,
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(docs_folder.resolve()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )

    def validate(
        self, contract: Contract, manifest: Manifest, batch: Path, columns_fit: bool
    ) -> Sequence[BrokenPromise]:
        """The critical promises that the batch in the Parquet file `batch` breaks, worst first."""
        name = manifest.delivery_id
        # Great Expectations keeps connections to a database it has seen, so each batch gets a new one.
        database = batch.with_name(f"{batch.stem}.{uuid.uuid4().hex}.duckdb")
        with duckdb.connect(str(database)) as connection:
            connection.execute(f"create view batch as select * from read_parquet('{batch}')")
        source = self._context.data_sources.add_duckdb(name=name, connection_string=f"duckdb:///{database}")
        asset = source.add_table_asset(name=contract.extract_class, table_name="batch")
        definition = asset.add_batch_definition_whole_table("whole")
        suite = self._context.suites.add(
            gx.ExpectationSuite(name=name, expectations=batch_expectations(contract, manifest, columns_fit))
        )
        validation = self._context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=definition, suite=suite)
        )
        checkpoint = self._context.checkpoints.add(
            gx.Checkpoint(
                name=name,
                validation_definitions=[validation],
                actions=[],
                # Values stay out of Data Docs: they may be identity numbers.
                result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
            )
        )
        outcome = checkpoint.run()
        source.get_execution_engine().one_connection.close()
        source.get_engine().dispose()
        database.unlink(missing_ok=True)
        results = [result for run in outcome.run_results.values() for result in run.results]
        return [_broken_promise(result) for result in results if not result.success and _is_critical(result)]

    def write_data_docs(self) -> None:
        """Write the site of all batches judged so far."""
        self._context.build_data_docs(site_names=[DATA_DOCS_SITE])


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
