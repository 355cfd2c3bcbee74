"""Writes a table's rows anew where they change as text, file by file, in one commit for the table."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import parquet_file_to_data_file

from warehouse.tables import Warehouse
from warehouse.upkeep import OWN_MARKS

# The rows as they are to be; None where they stay.
Change = Callable[[pa.Table], pa.Table | None]


def rewrite(warehouse: Warehouse, name: str, change: Change) -> int:
    """Put the changed rows of every file into its place, all at once; returns how many rows were in changed files.

    Killed on the way it leaves the table as it was, and files that nobody names.
    """
    table = warehouse.table(name)
    replaced, rows = [], 0
    for task in table.scan().plan_files():
        path = task.file.file_path.removeprefix("file://")
        if task.file.record_count == 0:
            continue
        changed = change(pq.ParquetFile(path).read())
        if changed is not None:
            new = warehouse.new_path(name)
            pq.write_table(changed, new, compression="zstd", store_schema=False)
            replaced.append((task.file, str(new)))
            rows += changed.num_rows
    if not replaced:
        return 0
    properties = warehouse.snapshot_properties(name)
    marks = {mark: value for mark, value in properties.items() if mark.startswith(OWN_MARKS)}
    with (
        table.transaction() as transaction,
        transaction.update_snapshot(snapshot_properties=marks).overwrite() as commit,
    ):
        for old, path in replaced:
            commit.delete_data_file(old)
            commit.append_data_file(parquet_file_to_data_file(table.io, table.metadata, path))
    return rows
