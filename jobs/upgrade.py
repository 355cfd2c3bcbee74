"""Bringing an installation to this version of the product: a backup first, then the database and the tables.

Tables only gain columns, which is a matter of seconds; what is in them stays. Where a column would have to become
another type nothing is begun. The way back is the backup, restored under the version that made it.
"""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.alone import nobody_else
from jobs.errors import UpgradeError
from jobs.installation import Installation
from jobs.ods import ods_table
from schemas.loader import contracts
from warehouse.definitions import LAYERS, TableDefinition, layer_definitions


@dataclass(frozen=True)
class TablesAhead:
    """What this version does to the tables that are there: columns that they gain."""

    gained: dict[str, list[str]] = field(default_factory=dict)


def tables_ahead(installation: Installation) -> TablesAhead:
    """What an upgrade would do. Raises UpgradeError where a table holds a column in a type that does not fit."""
    gained: dict[str, list[str]] = {}
    misfits = []
    for table in _tables_there(installation):
        held = installation.warehouse.table(table.name).schema().as_arrow()
        for wanted in table.schema:
            if wanted.name not in held.names:
                gained.setdefault(table.name, []).append(wanted.name)
            elif not _fits(held.field(wanted.name).type, wanted.type):
                misfits.append(f"{table.name}.{wanted.name} ({held.field(wanted.name).type}, not {wanted.type})")
    if misfits:
        raise UpgradeError(
            f"this version cannot read what the tables hold in {', '.join(misfits)}. Nothing was changed: the system "
            "administrator must go on with the version in use and tell its makers."
        )
    return TablesAhead(gained)


def widen_tables(installation: Installation) -> TablesAhead:
    """Give the tables the columns of this version; waits for nobody: raises BusyError while a step runs."""
    with nobody_else(installation, longest_wait=0):
        ahead = tables_ahead(installation)
        for table in _tables_there(installation):
            if table.name in ahead.gained:
                installation.warehouse.ensure(table)
    return ahead


def _tables_there(installation: Installation) -> list[TableDefinition]:
    """The tables of this version that the warehouse has; layers with a stored form of their own are built anew."""
    there = set(installation.warehouse.table_names())
    written = [table for layer in LAYERS if layer not in ("dwd", "dws") for table in layer_definitions(layer).values()]
    delivered = [ods_table(contract) for contract in contracts().values()]
    return [table for table in (*written, *delivered) if table.name in there]


def _fits(held: pa.DataType, wanted: pa.DataType) -> bool:
    """Text is text, however long it may be in memory."""
    texts = (pa.string(), pa.large_string())
    blobs = (pa.binary(), pa.large_binary())
    return held == wanted or any(held in same and wanted in same for same in (texts, blobs))


def told(ahead: TablesAhead) -> dict[str, Any]:
    """For a report."""
    return {"tables_widened": {name: sorted(columns) for name, columns in ahead.gained.items()}}
