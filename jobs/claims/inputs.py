"""What the models read, brought up once for all of them."""

import re
from collections.abc import Iterable, Sequence

from jobs.claims.household import MEMBERS
from jobs.claims.placing import PLACED
from jobs.lineage import layer_tables
from warehouse.engines.engine import Engine
from warehouse.layers import register_layer_table
from warehouse.tables import Warehouse
from warning_models.loader import WarningModel


def show_inputs(engine: Engine, warehouse: Warehouse, models: Iterable[WarningModel]) -> None:
    """Show the engine what the layers' tables say, as far as the models and what stands beside their claims read it."""
    texts = [set(re.findall(r"\w+", text)) for text in (PLACED, MEMBERS, *(model.sql for model in models))]
    words = set().union(*texts)
    for table in layer_tables():
        readers = sum(table.sql_name in text for text in texts)
        if readers:
            register_layer_table(engine, warehouse, table)
        # Spark reads a table's files faster than it would write them again.
        if readers > 1 and engine.name == "duckdb":
            read_once(engine, table.sql_name, [name for name in table.schema.names if name in words])


def read_once(engine: Engine, name: str, columns: Sequence[str]) -> None:
    """Read these columns of a view now, so that whoever asks of it later need not."""
    engine.keep(f"{name}_read", f"select {', '.join(columns)} from {name}")
    engine.create_view(name, f"select * from {name}_read")
