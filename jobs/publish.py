"""Publish: last night's warehouse as one DuckDB file and Parquet files, without identities.

Built beside the last and named by `latest` in one step, so an analyst who has yesterday's file open keeps it. Tables
and columns carry Chinese comments, keys are the analysts' own (`jobs.published_keys`), what could point at one person
is told coarsely (`jobs.published_columns`), and small counts are left out (`jobs.published_counts`). The file knows the
functions of our SQL, so that the models' own text in `ads.model_run` runs there. The vault and the quarantine stay
behind.
"""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from jobs.conform import ensure_conformed
from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.published_columns import published_comment, select_published
from jobs.published_counts import without_small_counts
from jobs.published_keys import secrets
from jobs.published_tables import published_tables
from jobs.steps import Report, StepResult, fingerprint_of, recorded_step, run_step
from warehouse.definitions import TableDefinition
from warehouse.engines import open_engine
from warehouse.engines.duckdb import keep_vocabulary
from warehouse.engines.engine import Engine
from warehouse.layers import register_layer_table

LATEST = "latest"
DATABASE = "shouwang.duckdb"
FRESHNESS = "ads.freshness"
PART = ".part"
DATE_LENGTH = len("2026-11-20")


def publish(installation: Installation, business_date: date) -> StepResult:
    """Publish the date's tables; reports their row counts and where they lie.

    Where the layers hold a later date by now, what was published for this one stays.
    """
    tables = published_tables()
    recorded = recorded_step(installation, business_date, "publish")
    if recorded and not holds_state_of(installation, business_date):
        return StepResult(recorded[1], 0.0, repeated=True)
    ensure_conformed(installation, business_date)
    states = {table.name: installation.warehouse.files(table.name) for table in tables}
    selects = [select_published(table) for table in tables]
    least = installation.settings.smallest_count_shown
    fingerprint = fingerprint_of(business_date, states, selects, least, secrets(installation.pseudonymiser))
    folder = installation.settings.published_folder / f"{business_date}-{fingerprint[:8]}"
    return run_step(
        installation,
        business_date,
        "publish",
        fingerprint,
        lambda: _publish(installation, business_date, tables, folder),
        is_lost=not folder.exists(),
    )


def _publish(installation: Installation, business_date: date, tables: list[TableDefinition], folder: Path) -> Report:
    part = folder.with_name(folder.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    (part / "parquet").mkdir(parents=True)
    counts = {}
    work_folder = installation.settings.work_folder
    with (
        open_engine("duckdb", work_folder=work_folder) as engine,
        duckdb.connect(str(part / DATABASE)) as connection,
    ):
        keep_vocabulary(connection)
        for table in tables:
            register_layer_table(engine, installation.warehouse, table)
            file = part / "parquet" / f"{table.sql_name}.parquet"
            _write_parquet(engine, table, secrets(installation.pseudonymiser), file)
            if table.counts:
                _hide_small_counts(table, file, installation.settings.smallest_count_shown)
            counts[table.name] = _publish_table(connection, table, file)
        freshness = connection.sql(f"select * from {FRESHNESS} order by extract_class").to_arrow_table().to_pylist()
    manifest = {"business_date": business_date, "rows": counts, "freshness": freshness}
    (part / "manifest.json").write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8"
    )
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    newest = _point_latest(installation.settings.published_folder)
    _let_go(installation.settings.published_folder, installation.settings.published_nights, {folder, newest})
    return {"rows": counts, "file": str(folder / DATABASE)}


def _write_parquet(engine: Engine, table: TableDefinition, keyed_with: dict[str, str], file: Path) -> None:
    folder = file.with_suffix("")
    [written] = engine.write(select_published(table), keyed_with, table.schema, folder)
    Path(written).rename(file)
    folder.rmdir()


def _hide_small_counts(table: TableDefinition, file: Path, least: int) -> None:
    pq.write_table(
        without_small_counts(table, pq.read_table(file, schema=table.schema), least), file, compression="zstd"
    )


def _publish_table(connection: duckdb.DuckDBPyConnection, table: TableDefinition, file: Path) -> int:
    connection.execute(f"create schema if not exists {table.layer}")
    columns = ", ".join(f'"{column.name}" {column.physical_type}' for column in table.columns)
    connection.execute(f"create table {table.name} ({columns})")
    connection.execute(f"insert into {table.name} by name select * from read_parquet('{file}')")
    connection.execute(f"comment on table {table.name} is '{_quoted(table.title)}'")
    for column in table.columns:
        connection.execute(
            f"comment on column {table.name}.\"{column.name}\" is '{_quoted(published_comment(column))}'"
        )
    return int(connection.execute(f"select count(*) from {table.name}").fetchall()[0][0])


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _nights(published: Path) -> list[Path]:
    """What is published, the oldest date first."""
    return sorted(path for path in published.iterdir() if _is_night(path))


def _is_night(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.endswith(PART)


def _point_latest(published: Path) -> Path:
    """Let `latest` name the folder of the newest date, in one step; of two of one date the later made."""
    newest = max(_nights(published), key=lambda path: (path.name[:DATE_LENGTH], path.stat().st_mtime_ns))
    link = published / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(newest.name)
    link.rename(published / LATEST)
    return newest


def _let_go(published: Path, nights: int, kept: set[Path]) -> None:
    """Remove what a later publication of the same date replaced, and dates beyond the last so many."""
    dates = sorted({path.name[:DATE_LENGTH] for path in _nights(published)})[-nights:]
    kept_dates = {path.name[:DATE_LENGTH] for path in kept}
    for path in _nights(published):
        if path not in kept and (path.name[:DATE_LENGTH] in kept_dates or path.name[:DATE_LENGTH] not in dates):
            shutil.rmtree(path)
