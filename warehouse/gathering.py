"""Rows that several deliveries leave in small tables, committed together: a commit costs far more than such rows."""

import pyarrow as pa

from warehouse.definitions import TableDefinition
from warehouse.tables import Warehouse, rows_among


class Gathering:
    """Gathers what deliveries leave until it is committed, a table in one commit.

    Each table has the column `delivery_id`; what a delivery left in it before is replaced.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._rows: dict[TableDefinition, list[pa.Table]] = {}
        self._deliveries: dict[TableDefinition, set[str]] = {}

    def put(self, table: TableDefinition, rows: pa.Table, delivery_id: str) -> None:
        """Take the delivery's rows for the table; be it none, so that those of an earlier attempt go."""
        # Plain types: of one table, one delivery's text may come dictionary-coded and another's not.
        self._rows.setdefault(table, []).append(rows.select(table.schema.names).cast(table.schema))
        self._deliveries.setdefault(table, set()).add(delivery_id)

    def commit(self) -> None:
        """Commit table by table, in the order in which they were first put."""
        for table, parts in self._rows.items():
            here = rows_among("delivery_id", self._deliveries[table])
            self._warehouse.replace_rows(table, pa.concat_tables(parts), here)
        self._rows, self._deliveries = {}, {}
