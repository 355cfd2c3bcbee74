"""The tables and the engines: Apache Iceberg tables, computed by DuckDB or Spark."""
