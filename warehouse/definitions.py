"""What each table holds: its columns, types and the Chinese comments that analysts see.

The layer tables are defined beside their SQL (`<layer>/tables.yaml`, `<layer>/<table>.sql`);
the ods tables follow from the contracts and are defined by ingest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow as pa
import yaml

WAREHOUSE_FOLDER = Path(__file__).parent
LAYERS = ("dwd", "dws", "ads", "ops", "vault", "quarantine")

_SIMPLE_TYPES = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "binary": pa.binary(),
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


def arrow_type(physical_type: str) -> pa.DataType:
    """The Arrow type of a physical type as contracts and table definitions write it."""
    if decimal := _DECIMAL.fullmatch(physical_type):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    try:
        return _SIMPLE_TYPES[physical_type]
    except KeyError:
        known = ", ".join([*_SIMPLE_TYPES, "decimal(p,s)"])
        raise ValueError(f"unknown physical type {physical_type!r}; use one of {known}") from None


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    physical_type: str
    comment: str


@dataclass(frozen=True)
class TableDefinition:
    """One table of the warehouse; `name` is `<layer>.<table>`.

    The layers' tables say in tables.yaml what their rows depend on, so that a night rebuilds no more
    than it must; see dwd/tables.yaml for what `follows`, `through` and `turns_on` promise. Tables that count people by
    group say which columns do (`counts`) and which are made of these (`ratios`); see ads/tables.yaml.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    follows: str | None = None
    through: str | None = None
    turns_on: tuple[str, ...] | None = None
    counts: tuple[tuple[str, ...], ...] = ()
    ratios: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def sql_name(self) -> str:
        """The table's name in SQL, `<layer>_<table>`: Spark's temporary views have no schemas."""
        return self.name.replace(".", "_", 1)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(column.name, arrow_type(column.physical_type)) for column in self.columns])


@cache
def layer_definitions(layer: str) -> Mapping[str, TableDefinition]:
    """The tables of a layer by full name, in the order in which they are built."""
    source = yaml.safe_load((WAREHOUSE_FOLDER / layer / "tables.yaml").read_text(encoding="utf-8"))
    return {
        f"{layer}.{table}": TableDefinition(
            name=f"{layer}.{table}",
            title=entry["title"],
            columns=tuple(Column(name, kind, comment) for name, (kind, comment) in entry["columns"].items()),
            follows=entry.get("follows"),
            through=entry.get("through"),
            turns_on=tuple(entry["turns_on"]) if "turns_on" in entry else None,
            counts=tuple(map(tuple, entry.get("counts", ()))),
            ratios={name: tuple(columns) for name, columns in entry.get("ratios", {}).items()},
        )
        for table, entry in source.items()
    }


def definition(name: str) -> TableDefinition:
    """The definition of a layer table by full name."""
    return layer_definitions(name.split(".")[0])[name]


def is_computed(name: str) -> bool:
    """Whether SQL of ours builds the layer table; the others are written by jobs."""
    return _sql_file(name).exists()


def layer_sql(name: str) -> str:
    """The SQL text that builds a layer table."""
    return _sql_file(name).read_text(encoding="utf-8")


def _sql_file(name: str) -> Path:
    layer, table = name.split(".")
    return WAREHOUSE_FOLDER / layer / f"{table}.sql"
