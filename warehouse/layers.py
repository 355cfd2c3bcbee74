"""How a layer table is kept: a base that was built whole, and the rows that later nights rebuilt.

A table that follows a key is stored with two more columns. `generation` is 0 for the base and counts up
with every night that rebuilt some keys. Such a night adds one file: for each rebuilt key a row that is
`is_key_only`, and the rows that the key has now, be it none. What the table says is, for every key, the
rows of its newest generation. Nothing is overwritten, and one commit brings the rows, the keys and the
mark of the state they make, so a table is never half of one state and half of another.

Whoever reads a layer table reads it through this file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.definitions import Column, TableDefinition, layer_sql
from warehouse.engines.engine import Engine, sql_type
from warehouse.history import data_files
from warehouse.tables import EVERY_ROW, Warehouse

STATE_MARK = "shouwang.state"
# Beyond this share of the base, or this many rows where that is more, all is built anew.
LARGEST_CHANGED_SHARE = 0.2
ALWAYS_KEPT_ROWS = 20_000

_GENERATION = Column("generation", "integer", "第几次重算 (0 为整表重建)")
_KEY_ONLY = Column("is_key_only", "boolean", "仅表示该键已重算")


class Source(NamedTuple):
    """The content of an extract class's table, and the latest date on which any of its versions was known."""

    content: str | None
    known_until: date | None


@dataclass(frozen=True)
class LayerState:
    """What a layer table holds, as its last commit was marked.

    `fingerprint` digests everything it depends on and `texts` the part that is not deliveries; `sources`
    are the extract classes that it was built from; `base` names its last whole build, and `through` that of
    the table which says whose members its keys' people are; `rows` is how many rows it has, and `people` names what was
    known of people's keys.
    """

    fingerprint: str
    texts: str
    as_of: date
    sources: Mapping[str, Source]
    base: str = ""
    generation: int = 0
    through: str | None = None
    rows: int = 0
    people: str = ""

    def as_mark(self) -> Mapping[str, str]:
        return {STATE_MARK: json.dumps(asdict(self), default=str, sort_keys=True)}


def layer_state(warehouse: Warehouse, name: str) -> LayerState | None:
    """The state that the table holds; None where it is not known."""
    return _state_in(warehouse.snapshot_properties(name))


def _state_in(marks: Mapping[str, str]) -> LayerState | None:
    mark = marks.get(STATE_MARK, "")
    if not mark.startswith("{"):
        return None
    fields = json.loads(mark)
    sources = {
        name: Source(content, date.fromisoformat(known_until) if known_until else None)
        for name, (content, known_until) in fields["sources"].items()
    }
    return LayerState(**fields | {"as_of": date.fromisoformat(fields["as_of"]), "sources": sources})


def forget_state(warehouse: Warehouse, name: str) -> None:
    """Let nobody take the table for any state, so that it is built whole the next time."""
    if layer_state(warehouse, name):
        warehouse.mark(name, {})


@dataclass(frozen=True)
class LayerFiles:
    """The files of a layer table; `changes` are those that hold generations after the base."""

    all: Sequence[str]
    changes: Sequence[str]


def layer_files(warehouse: Warehouse, table: TableDefinition) -> LayerFiles:
    """The table's files as they stand."""
    if not warehouse.exists(table.name):
        return LayerFiles([], [])
    iceberg = warehouse.table(table.name)
    if table.follows is None or _GENERATION.name not in iceberg.schema().column_names:
        return LayerFiles([file.path for file in data_files(iceberg)], [])
    files = data_files(iceberg, _GENERATION.name)
    return LayerFiles(
        [file.path for file in files], [file.path for file in files if file.may_exceed(_GENERATION.name, 0)]
    )


def stored_schema(table: TableDefinition) -> pa.Schema:
    """The columns of the table as stored."""
    return _stored(table).schema


def newest_rows_sql(table: TableDefinition, stored: str, changes: str) -> str:
    """SQL for the rows of each key's newest generation: of all that is `stored`, given the `changes` among it."""
    columns = ", ".join(f"stored.{column.name}" for column in table.columns)
    return (
        f"select {columns} from {stored} as stored where not stored.is_key_only and not exists ("
        f"select 1 from (select {table.follows}, max(generation) as generation from {changes} "
        f"where is_key_only group by {table.follows}) as newest "
        f"where newest.{table.follows} = stored.{table.follows} and newest.generation > stored.generation)"
    )


def register_layer_table(engine: Engine, warehouse: Warehouse, table: TableDefinition) -> None:
    """Show the engine what the table says now, under its name in SQL."""
    files = layer_files(warehouse, table)
    if files.changes:
        stored, changes = _register_stored(engine, table, files)
        engine.create_view(table.sql_name, newest_rows_sql(table, stored, changes))
    else:
        engine.register_files(table.sql_name, files.all, table.schema)


def rows_where_sql(
    engine: Engine, warehouse: Warehouse, table: TableDefinition, where: str, until: int | None = None
) -> str:
    """SQL for what the table says now where a condition holds, whatever is shown under its name meanwhile.

    With `until` for what it said at that generation since its last whole build.
    """
    files = layer_files(warehouse, table)
    stored, changes = _register_stored(engine, table, files)
    if not files.changes:
        return f"select * from {stored} where {where}"
    if until is None:
        return newest_rows_sql(table, f"(select * from {stored} where {where})", changes)
    by_then = f"generation <= {until}"
    return newest_rows_sql(
        table,
        f"(select * from {stored} where {by_then} and {where})",
        f"(select * from {changes} where {by_then}) as changes",
    )


def rows_ever_sql(engine: Engine, warehouse: Warehouse, table: TableDefinition) -> str:
    """SQL for all rows that the table has had since its last whole build."""
    stored, _ = _register_stored(engine, table, layer_files(warehouse, table))
    return f"select * from {stored} where not is_key_only"


def rebuilt_keys_sql(engine: Engine, warehouse: Warehouse, table: TableDefinition, since: int) -> str:
    """SQL for the keys that were rebuilt after that generation since the table's last whole build."""
    iceberg, view = warehouse.table(table.name), f"{table.sql_name}_rebuilt"
    files = [file.path for file in data_files(iceberg, _GENERATION.name) if file.may_exceed(_GENERATION.name, since)]
    engine.register_files(view, files, stored_schema(table))
    return f"select {table.follows} from {view} where is_key_only and generation > {since}"


def keep_stored_rows(engine: Engine, warehouse: Warehouse, table: TableDefinition, name: str, keys: str) -> None:
    """Keep under a name all that the table has stored of the keys in a view, every generation of it."""
    stored, _ = _register_stored(engine, table, layer_files(warehouse, table))
    engine.keep(name, f"select * from {stored} where {table.follows} in (select {table.follows} from {keys})")


def _register_stored(engine: Engine, table: TableDefinition, files: LayerFiles) -> tuple[str, str]:
    stored, changes = f"{table.sql_name}_stored", f"{table.sql_name}_changes"
    engine.register_files(stored, files.all, stored_schema(table))
    engine.register_files(changes, files.changes, stored_schema(table))
    return stored, changes


def build_whole(
    engine: Engine, warehouse: Warehouse, table: TableDefinition, params: Mapping[str, Any], state: LayerState | None
) -> None:
    """Build the table from its SQL and commit it in place of what it held, marked with the state if one is given."""
    stored = _stored(table)
    warehouse.ensure(stored)
    hidden = ", 0 as generation, false as is_key_only" if table.follows else ""
    sql = f"select built.*{hidden} from ({layer_sql(table.name)}\n) as built"
    files = engine.write(sql, params, stored.schema, warehouse.new_folder(table.name))
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    marks = replace(state, base=uuid4().hex, generation=0, rows=rows).as_mark() if state else {}
    warehouse.replace(table.name, files, EVERY_ROW, marks)


def replace_keys(
    engine: Engine, warehouse: Warehouse, table: TableDefinition, rows: str, keys: str, state: LayerState
) -> None:
    """Commit what view `rows` says of the keys in view `keys` in place of what the table said of them."""
    key, generation = table.follows, state.generation
    nothing = ", ".join(
        field.name if field.name == key else f"cast(null as {sql_type(field.type)}) as {field.name}"
        for field in table.schema
    )
    sql = (
        f"select *, {generation} as generation, false as is_key_only from {rows} "
        f"where {key} in (select {key} from {keys}) "
        f"union all select {nothing}, {generation} as generation, true as is_key_only from {keys}"
    )
    files = engine.write(sql, {}, stored_schema(table), warehouse.new_folder(table.name))
    warehouse.replace(table.name, files, None, state.as_mark())


def keep_rows(warehouse: Warehouse, name: str, state: LayerState) -> None:
    """Mark that the rows which the table holds are those of the state too."""
    warehouse.mark(name, state.as_mark())


def has_grown(warehouse: Warehouse, table: TableDefinition, more_rows: int) -> bool:
    """Whether the table's changes would be so many, with `more_rows`, that a whole build is the better way."""
    base, changed = 0, more_rows
    for file in data_files(warehouse.table(table.name), _GENERATION.name):
        if file.may_exceed(_GENERATION.name, 0):
            changed += file.row_count
        else:
            base += file.row_count
    return changed > max(LARGEST_CHANGED_SHARE * base, ALWAYS_KEPT_ROWS)


def _stored(table: TableDefinition) -> TableDefinition:
    return replace(table, columns=(*table.columns, _GENERATION, _KEY_ONLY)) if table.follows else table
