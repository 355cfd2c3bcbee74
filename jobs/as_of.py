"""Any table as it was known on a date, computed beside the stored ones; nothing is committed."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa

from jobs.conform import register_ods_state
from jobs.errors import TableError
from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.layer_tables import register_layers
from jobs.lineage import LAYERS, layer_tables, upstream
from jobs.ods import ods_table
from schemas.loader import contracts
from warehouse.definitions import TableDefinition, definition, layer_definitions, layer_sql
from warehouse.engines.engine import Engine

SHOWN_AS_STORED = ("ads", "ops")


def tables() -> list[TableDefinition]:
    """The tables that people may look at: never the vault, nor the quarantine."""
    extracts = [ods_table(contract) for contract in contracts().values()]
    layers = [table for layer in (*LAYERS, *SHOWN_AS_STORED) for table in layer_definitions(layer).values()]
    return [*extracts, *layer_definitions("ods").values(), *layers]


def table_as_of(installation: Installation, name: str, as_of: date, limit: int) -> pa.Table:
    """So many rows of a table as known on the date. Raises TableError where there is no such table to show."""
    table = _shown(name)
    with _beside(installation) as folder, installation.engine() as engine:
        if table.layer in LAYERS:
            _build_beside(engine, installation, upstream(table), as_of, folder)
        elif name.removeprefix("ods.") in contracts():
            register_ods_state(engine, installation, as_of)
        else:
            _register_stored(engine, installation, table, as_of)
        return engine.query(f"select * from {table.sql_name} limit {int(limit)}")


@contextmanager
def engine_as_of(installation: Installation, as_of: date) -> Iterator[Engine]:
    """An engine that shows dwd and dws as known on a date, built beside the stored ones."""
    with _beside(installation) as folder, installation.engine() as engine:
        _build_beside(engine, installation, layer_tables(), as_of, folder)
        yield engine


@contextmanager
def engine_showing(installation: Installation, as_of: date) -> Iterator[Engine]:
    """The same; the stored layers are shown where they hold the state of the date."""
    if not holds_state_of(installation, as_of):
        with engine_as_of(installation, as_of) as engine:
            yield engine
        return
    with installation.engine() as engine:
        register_layers(engine, installation, *LAYERS)
        yield engine


@contextmanager
def _beside(installation: Installation) -> Iterator[Path]:
    work = installation.settings.work_folder
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="as-of-", dir=work) as folder:
        yield Path(folder)


def _shown(name: str) -> TableDefinition:
    by_name = {table.name: table for table in tables()}
    if name in by_name:
        return by_name[name]
    if name.split(".")[0] in ("vault", "quarantine"):
        raise TableError(f"{name} is not shown to anybody: it holds what identifies people.")
    raise TableError(f"There is no table {name}; 'shouwang tables list' names them.")


def _build_beside(
    engine: Engine, installation: Installation, needed: Iterable[TableDefinition], as_of: date, folder: Path
) -> None:
    """Build the tables, which stand in the order in which they are built, into the folder."""
    register_ods_state(engine, installation, as_of)
    for table in needed:
        files = engine.write(layer_sql(table.name), {"as_of": as_of}, table.schema, folder / table.sql_name)
        engine.register_files(table.sql_name, files, table.schema)


def _register_stored(engine: Engine, installation: Installation, table: TableDefinition, as_of: date) -> None:
    """The stored rows, those of later nights left out where the table says which night a row is of."""
    stored = definition(table.name)
    files = installation.warehouse.files(table.name)
    engine.register_files(f"{table.sql_name}_stored", files, stored.schema)
    nights = [name for name in ("business_date", "known_on") if name in stored.schema.names]
    where = f" where {nights[0]} <= :as_of" if nights else ""
    engine.create_view(table.sql_name, f"select * from {table.sql_name}_stored{where}", {"as_of": as_of})
