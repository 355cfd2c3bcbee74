"""The layers' tables for those who read them, and those of ads that are written from SQL each time."""

from datetime import date

from jobs.installation import Installation
from warehouse.definitions import definition, layer_definitions
from warehouse.engines.engine import Engine
from warehouse.layers import build_whole, register_layer_table


def register_layers(engine: Engine, installation: Installation, *layers: str) -> None:
    """Show the engine the layers' tables as they stand."""
    for layer in layers:
        for table in layer_definitions(layer).values():
            register_layer_table(engine, installation.warehouse, table)


def write_layer_table(engine: Engine, installation: Installation, name: str, business_date: date) -> None:
    """Build one layer table from its SQL, commit it, and show the engine the new state."""
    table = definition(name)
    build_whole(engine, installation.warehouse, table, {"as_of": business_date}, None)
    register_layer_table(engine, installation.warehouse, table)
