"""A DuckDB of our own in memory, for one piece of work: it fetches nothing and shows no progress bar."""

import duckdb


def scratch_database(**config: str | int) -> duckdb.DuckDBPyConnection:
    """Open one; `config` are further settings of DuckDB."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", **config})
    connection.execute("set enable_progress_bar = false")
    # Filters that DuckDB derives from joins cannot be pushed into the scan of an Arrow table.
    connection.execute("set disabled_optimizers = 'join_filter_pushdown'")
    return connection
