"""Rows that several deliveries leave in small tables, committed together: a commit costs far more than such rows."""

import pyarrow as pa

from warehouse.definitions import TableDefinition
from warehouse.tables import Warehouse, rows_among

# Rows of more bytes are written to a file of their own at once, so that memory holds little until the commit.
_KEPT_IN_MEMORY = 8 * 1024 * 1024


class Gathering:
    """Gathers what deliveries leave until it is committed, a table in one commit.

    Each table has the column `delivery_id`; what a delivery left in it before is replaced.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._rows: dict[TableDefinition, list[pa.Table]] = {}
        self._files: dict[TableDefinition, list[str]] = {}
        self._deliveries: dict[TableDefinition, set[str]] = {}

    def put(self, table: TableDefinition, rows: pa.Table, delivery_id: str) -> None:
        """Take the delivery's rows for the table; be it none, so that those of an earlier attempt go."""
        self._deliveries.setdefault(table, set()).add(delivery_id)
        if rows.nbytes > _KEPT_IN_MEMORY:
            self._files.setdefault(table, []).extend(self._warehouse.write_file(table, rows))
        else:
            # Plain types: of one table, one delivery's text may come dictionary-coded and another's not.
            self._rows.setdefault(table, []).append(rows.select(table.schema.names).cast(table.schema))

    def commit(self) -> None:
        """Commit table by table, in the order in which they were first put."""
        for table, deliveries in self._deliveries.items():
            self._warehouse.ensure(table)
            files = self._files.get(table, [])
            if parts := self._rows.get(table):
                files = [*files, *self._warehouse.write_file(table, pa.concat_tables(parts))]
            self._warehouse.replace(table.name, files, rows_among("delivery_id", deliveries))
        self._rows, self._files, self._deliveries = {}, {}, {}
