"""Reads Parquet files, whatever types their columns have, as text."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.ingest.readers.layout import Layout
from jobs.ingest.readers.spreadsheets import cell_text
from jobs.ingest.readers.tabular import FIRST_DATA_LINE, DeliveredText, UnreadableFileError, column_names


def read_parquet(path: Path, layout: Layout) -> list[DeliveredText]:
    """Read the file; the first row stands on line 2, as in a table with a header."""
    try:
        table = pq.read_table(path)
        # Damage within a column can leave text that is none, which DuckDB does not survive.
        table.validate(full=True)
        columns = [column_text(table.column(at)) for at in range(table.num_columns)]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UnreadableFileError(f"it is no whole Parquet file: {error}", "不是完整的 Parquet 文件") from error
    lines = pa.array(range(FIRST_DATA_LINE, FIRST_DATA_LINE + table.num_rows), pa.int32())
    names = column_names(table.column_names, layout)
    return [DeliveredText(pa.table([lines, *columns], names=["source_line", *names]))]


def column_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as a person would write it: whole floats lose their '.0', yes and no become 1 and 0."""
    if pa.types.is_floating(column.type):
        return _float_text(column)
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).cast(pa.string())
    return column.cast(pa.string())


def _float_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = pc.all(pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))).as_py()
    if whole is not False:
        return column.cast(pa.int64()).cast(pa.string())
    return pa.chunked_array([pa.array([cell_text(value) for value in column.to_pylist()], pa.string())])
