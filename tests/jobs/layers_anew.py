"""The layers built all anew beside the stored ones, the plain way, to hold the stored ones to."""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jobs.installation import Installation
from jobs.layer_views import named_people_sql
from jobs.lineage import LAYERS, NAMED_PERSON, layer_tables
from jobs.ods import key_columns, latest_version_sql, ods_sql_name, ods_table
from jobs.people.decisions import decided_on
from jobs.people.links import known_people
from jobs.people.places import register_divisions
from jobs.people.resolution import follow_links
from schemas.loader import Contract, contracts
from warehouse.definitions import definition, layer_sql
from warehouse.engines import open_engine
from warehouse.engines.engine import Engine
from warehouse.layers import register_layer_table
from warehouse.tables import Warehouse

Tables = Mapping[str, list[str]]


def stored_layers(installation: Installation) -> Tables:
    """What every layer table says, as it is stored."""
    rows = rows_of_tables(installation.warehouse, [table.name for table in layer_tables()])
    return {name: sorted(map(str, said)) for name, said in rows.items()}


def said_rows(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    """What one table says."""
    return rows_of_tables(warehouse, [name])[name]


def rows_of_tables(warehouse: Warehouse, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What tables say; a layer table is not read from its files alone."""
    said = {}
    with tempfile.TemporaryDirectory() as folder, open_engine("duckdb", work_folder=Path(folder)) as engine:
        for name in names:
            if name.split(".")[0] in LAYERS:
                table = definition(name)
                register_layer_table(engine, warehouse, table)
                rows = engine.query(f"select * from {table.sql_name}")
            else:
                rows = warehouse.rows(name)
            said[name] = list(rows.to_pylist())
    return said


def layers_anew(installation: Installation, as_of: date, folder: Path) -> Tables:
    """What every layer table says when all is built from all versions, every row ranked, nothing remembered."""
    built = {}
    with installation.engine() as engine:
        for contract in contracts().values():
            table = ods_table(contract)
            engine.register_files(f"{table.sql_name}_all", installation.warehouse.files(table.name), table.schema)
            _show_class(engine, contract, as_of, table.sql_name)
        register_divisions(engine, as_of)
        if known_people(engine, decided_on(installation, as_of)).follows_links:
            for contract in contracts().values():
                table = ods_table(contract)
                _show_class(engine, contract, as_of, f"{table.sql_name}_delivered")
                follow_links(engine, table, key_columns(contract))
        engine.create_view(NAMED_PERSON, named_people_sql(list(contracts().values())))
        for table in layer_tables():
            files = engine.write(layer_sql(table.name), {"as_of": as_of}, table.schema, folder / table.sql_name)
            engine.register_files(table.sql_name, files, table.schema)
            built[table.name] = sorted(map(str, engine.query(f"select * from {table.sql_name}").to_pylist()))
    return built


def _show_class(engine: Engine, contract: Contract, as_of: date, name: str) -> None:
    known = (
        f"select *, person_key as delivered_person_key from {ods_sql_name(contract)}_all "
        "where known_on <= :as_of and operation <> 'outdated'"
    )
    engine.create_view(f"{name}_version", known, {"as_of": as_of})
    latest = latest_version_sql(f"{name}_version", key_columns(contract))
    engine.create_view(name, f"select * from ({latest}) as latest where operation <> 'delete'")
