"""From which columns each column is computed, as the SQL says.

What only decides which rows there are (a join's condition, a filter, a count of rows) is no origin of a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.schema import MappingSchema

from jobs.lineage import layer_tables
from jobs.ods import VERSION_COLUMNS, ods_sql_name, ods_table
from schemas.loader import contracts
from warehouse.definitions import is_computed, layer_definitions, layer_sql
from warning_models.loader import WarningModel, load_models

# What a view of a class has beside its table's columns.
DELIVERED_KEY = "delivered_person_key"
DIALECT = "duckdb"


@dataclass(frozen=True, order=True, slots=True)
class ColumnName:
    """A field of an extract class (`dibao`, `certno`) or a column of a table (`dwd.person`, `sex`) or model (`W01`)."""

    owner: str
    column: str


@cache
def origins() -> Mapping[ColumnName, tuple[ColumnName, ...]]:
    """For every column of a layer and every value that a model's SQL gives, the columns it is computed from."""
    found: dict[ColumnName, tuple[ColumnName, ...]] = {}
    for table in [*layer_tables(), *filter(lambda table: is_computed(table.name), layer_definitions("ads").values())]:
        found |= {ColumnName(table.name, column): behind for column, behind in origins_in_table(table.name).items()}
    for model in load_models():
        found |= {ColumnName(model.number, column): behind for column, behind in origins_in_model(model).items()}
    return found


def origins_in_table(name: str) -> Mapping[str, tuple[ColumnName, ...]]:
    """For every column of a table that our SQL computes, the columns it is computed from."""
    return _origins_in(layer_sql(name))


def origins_in_model(model: WarningModel) -> Mapping[str, tuple[ColumnName, ...]]:
    """For every value that a model's SQL gives, the columns it is computed from."""
    return _origins_in(model.sql)


@cache
def destinations() -> Mapping[ColumnName, tuple[ColumnName, ...]]:
    """For every column, the columns that are computed from it."""
    found: dict[ColumnName, set[ColumnName]] = {}
    for column, behind in origins().items():
        for origin in behind:
            found.setdefault(origin, set()).add(column)
    return {origin: tuple(sorted(columns)) for origin, columns in found.items()}


@cache
def _origins_in(sql: str) -> Mapping[str, tuple[ColumnName, ...]]:
    # Only the leaves are looked at; trimming what lies between takes two thirds of the time.
    columns = lineage(None, sql, schema=_schema(), dialect=DIALECT, trim_selects=False)
    assert isinstance(columns, dict)  # lineage() gives all columns where none is named
    found = {}
    for column, node in columns.items():
        read = {_column_read(leaf) for leaf in node.walk() if isinstance(leaf.source, exp.Table)}
        found[column] = tuple(sorted(read))
    return found


def _column_read(leaf: Node) -> ColumnName:
    table, column = leaf.source.name, leaf.name.rsplit(".", 1)[-1]
    return _fields().get((table.removesuffix("_version"), column)) or ColumnName(table.replace("_", ".", 1), column)


@cache
def _fields() -> Mapping[tuple[str, str], ColumnName]:
    """The field of a class behind each column of its table, by the table's name in SQL."""
    fields = {}
    for contract in contracts().values():
        table = ods_sql_name(contract)
        for field in contract.stored_fields:
            fields[table, field.stored_name or field.name] = ColumnName(contract.extract_class, field.name)
        for column in VERSION_COLUMNS:
            fields[table, column.name] = ColumnName(contract.extract_class, column.name)
        fields[table, DELIVERED_KEY] = ColumnName(contract.extract_class, contract.identity_field.name)
    return fields


@cache
def _schema() -> MappingSchema:
    """All tables that any SQL may read, once: sqlglot takes as long to read them as to follow a table's columns."""
    tables: dict[str, object] = {}
    for contract in contracts().values():
        table = ods_table(contract)
        columns = {column.name: column.physical_type for column in table.columns} | {DELIVERED_KEY: "varchar"}
        tables[table.sql_name] = tables[f"{table.sql_name}_version"] = columns
    for layer in ("dwd", "dws", "ads"):
        for definition in layer_definitions(layer).values():
            tables[definition.sql_name] = {column.name: column.physical_type for column in definition.columns}
    return MappingSchema(tables, dialect=DIALECT)
