"""Publish: last night's warehouse as one DuckDB file and Parquet files, without identities.

Built under another name and moved into place, so an analyst who has yesterday's file open keeps
it. Titles and columns carry Chinese comments. The vault and the quarantine stay behind.
"""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb

from jobs.conform import ensure_conformed
from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.steps import Report, StepResult, fingerprint_of, recorded_step, run_step
from warehouse.definitions import TableDefinition, definition, layer_definitions
from warehouse.engines import open_engine
from warehouse.engines.engine import Engine
from warehouse.layers import register_layer_table

PUBLISHED_LAYERS = ("dwd", "dws", "ads")
PUBLISHED_OUTCOMES = "ods.case_outcome"
LATEST = "latest.duckdb"


def publish(installation: Installation, business_date: date) -> StepResult:
    """Publish the date's tables; reports their row counts and where they lie.

    Where the layers hold a later date by now, what was published for this one stays.
    """
    tables = _published_tables()
    recorded = recorded_step(installation, business_date, "publish")
    if recorded and not holds_state_of(installation, business_date):
        return StepResult(recorded[1], 0.0, repeated=True)
    ensure_conformed(installation, business_date)
    states = {table.name: installation.warehouse.files(table.name) for table in tables}
    return run_step(
        installation,
        business_date,
        "publish",
        fingerprint_of(business_date, states),
        lambda: _publish(installation, business_date, tables),
    )


def _published_tables() -> list[TableDefinition]:
    layers = [table for layer in PUBLISHED_LAYERS for table in layer_definitions(layer).values()]
    return [*layers, definition(PUBLISHED_OUTCOMES)]


def _publish(installation: Installation, business_date: date, tables: list[TableDefinition]) -> Report:
    folder = installation.settings.published_folder / business_date.isoformat()
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "parquet").mkdir(parents=True)
    counts = {}
    work_folder = installation.settings.work_folder
    with (
        open_engine("duckdb", work_folder=work_folder) as engine,
        duckdb.connect(str(part / "shouwang.duckdb")) as connection,
    ):
        for table in tables:
            register_layer_table(engine, installation.warehouse, table)
            file = part / "parquet" / f"{table.sql_name}.parquet"
            _write_parquet(engine, table, file)
            counts[table.name] = _publish_table(connection, table, file)
    manifest = {"business_date": business_date.isoformat(), "rows": counts}
    (part / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    _point_latest(installation.settings.published_folder)
    return {"rows": counts, "file": str(folder / "shouwang.duckdb")}


def _write_parquet(engine: Engine, table: TableDefinition, file: Path) -> None:
    folder = file.with_suffix("")
    [written] = engine.write(f"select * from {table.sql_name}", {}, table.schema, folder)
    Path(written).rename(file)
    folder.rmdir()


def _publish_table(connection: duckdb.DuckDBPyConnection, table: TableDefinition, file: Path) -> int:
    connection.execute(f"create schema if not exists {table.layer}")
    columns = ", ".join(f'"{column.name}" {column.physical_type}' for column in table.columns)
    connection.execute(f"create table {table.name} ({columns})")
    connection.execute(f"insert into {table.name} by name select * from read_parquet('{file}')")
    connection.execute(f"comment on table {table.name} is '{_quoted(table.title)}'")
    for column in table.columns:
        connection.execute(f"comment on column {table.name}.\"{column.name}\" is '{_quoted(column.comment)}'")
    return int(connection.execute(f"select count(*) from {table.name}").fetchall()[0][0])


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _point_latest(published: Path) -> None:
    """Let latest.duckdb name the newest night, in one step."""
    newest = max(path for path in published.iterdir() if path.is_dir() and not path.name.endswith(".part"))
    link = published / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(newest.name) / "shouwang.duckdb")
    link.rename(published / LATEST)
