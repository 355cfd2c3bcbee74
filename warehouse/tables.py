"""The Iceberg tables: who holds which files, and how a change becomes visible all at once.

PyIceberg commits; engines only read and write Parquet files. A commit is atomic and
readers are never blocked. Concurrent commits to one table are tried again.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import (
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    In,
    LessThan,
    LessThanOrEqual,
    Reference,
)
from pyiceberg.schema import assign_fresh_schema_ids
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Identifier
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from warehouse.definitions import TableDefinition
from warehouse.history import data_files

# Full column metrics let a delete by date or delivery drop whole files without reading them.
_TABLE_PROPERTIES = {
    "write.metadata.metrics.default": "full",
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "8",
    "write.metadata.previous-versions-max": "5",
    "commit.retry.num-retries": "20",
    "commit.retry.min-wait-ms": "20",
    "commit.retry.max-wait-ms": "1000",
}

# As many as an engine's worker reads at once.
_ROWS_A_GROUP = 128 * 1024

# The catalog beside the data, where no other is named.
CATALOG_FILE = "catalog.db"

# What came since a state of the layers was built is read off these tables' snapshots.
_HISTORY_IS_READ = "ods."
_MOST_SNAPSHOTS, _SNAPSHOTS_LEFT = 20, 5

# How many processes may create or widen the same table at once.
_MOST_AT_ONCE = 20

# Without the row around it: asked before every look at a table.
_WHERE_METADATA_LIES = select(IcebergTables.metadata_location).where(
    IcebergTables.catalog_name == bindparam("catalog"),
    IcebergTables.table_namespace == bindparam("namespace"),
    IcebergTables.table_name == bindparam("name"),
)

Made = TypeVar("Made")

EVERY_ROW: BooleanExpression = AlwaysTrue()


def rows_where(**equals: object) -> BooleanExpression:
    """The condition that all the named columns equal the given values."""
    condition: BooleanExpression = AlwaysTrue()
    for column, value in equals.items():
        condition = And(condition, EqualTo(Reference(column), value))
    return condition


def rows_before(column: str, value: object) -> BooleanExpression:
    return LessThan(Reference(column), value)


def rows_until(column: str, value: object) -> BooleanExpression:
    return LessThanOrEqual(Reference(column), value)


def rows_among(column: str, values: Iterable[object], **equals: object) -> BooleanExpression:
    """The condition that the column has one of the values, and the named columns equal theirs."""
    return And(In(Reference(column), sorted(values, key=str)), rows_where(**equals))


class Warehouse:
    """The tables under one folder, or under the catalog that `catalog_uri` names.

    The catalog is SQLite beside the data unless a URL of another database is given.
    """

    def __init__(self, root: Path, catalog_uri: str | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self._ensured: set[TableDefinition] = set()
        self._seen: set[str] = set()
        uri = catalog_uri or f"sqlite:///{self.root / CATALOG_FILE}"
        self._catalog = _unless_overtaken(lambda: _Catalog("shouwang", uri=uri, warehouse=f"file://{self.root}"))

    def ensure(self, table: TableDefinition) -> None:
        """Create the table unless it is there; add columns that the definition has gained."""
        if table in self._ensured:
            return
        _unless_overtaken(lambda: self._create_or_widen(table))
        self._ensured.add(table)

    def _create_or_widen(self, table: TableDefinition) -> None:
        if not self.exists(table.name):
            self._create(table)
        created = self._load(table.name)
        if missing := [field for field in table.schema if field.name not in created.schema().column_names]:
            with created.update_schema() as update:
                update.union_by_name(pa.schema(missing))

    def _create(self, table: TableDefinition) -> None:
        self._catalog.create_namespace_if_not_exists(table.layer)
        # Files written by engines know columns by name; the ids are those that the table is about to get.
        columns = assign_fresh_schema_ids(self._catalog._convert_schema_if_needed(table.schema))
        by_name = {"schema.name-mapping.default": columns.name_mapping.model_dump_json()}
        self._catalog.create_table_if_not_exists(
            table.name, schema=table.schema, properties=_TABLE_PROPERTIES | by_name
        )

    def exists(self, name: str) -> bool:
        # No table is ever dropped, so one that was seen need not be looked for again.
        if name not in self._seen and self._catalog.table_exists(name):
            self._seen.add(name)
        return name in self._seen

    def files(self, name: str, where: BooleanExpression | None = None) -> list[str]:
        """The data files that may hold rows matching `where`, oldest name first; [] without the table.

        Files are chosen by their metrics, so a file may hold other rows too.
        """
        if not self.exists(name):
            return []
        table = self._load(name)
        if where is None:
            return [file.path for file in data_files(table)]
        scan = table.scan(row_filter=where)
        return sorted(task.file.file_path.removeprefix("file://") for task in scan.plan_files())

    def rows(self, name: str, where: BooleanExpression | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """All matching rows, of these columns or of all; for small tables."""
        selected = tuple(columns) if columns else ("*",)
        return self._load(name).scan(row_filter=where or AlwaysTrue(), selected_fields=selected).to_arrow()

    def snapshot_id(self, name: str) -> int | None:
        """Changes with every commit; None where nothing was ever written."""
        if not self.exists(name):
            return None
        snapshot = self._load(name).current_snapshot()
        return snapshot.snapshot_id if snapshot else None

    def new_path(self, name: str) -> Path:
        """Where a new data file of the table may be written before it is committed."""
        folder = self.root / name.replace(".", "/") / "data"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{uuid.uuid4().hex}.parquet"

    def new_folder(self, name: str) -> Path:
        """Where an engine may write new data files of the table before they are committed."""
        return self.new_path(name).with_suffix("")

    def snapshot_properties(self, name: str) -> dict[str, str]:
        """What the table's last commit was marked with."""
        if not self.exists(name):
            return {}
        snapshot = self._load(name).current_snapshot()
        return dict(snapshot.summary.additional_properties) if snapshot and snapshot.summary else {}

    def replace(
        self,
        name: str,
        files: Sequence[str],
        where: BooleanExpression | None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """In one commit, remove the rows matching `where` (None: none) and add the files' rows.

        `marks` are kept with the commit; see snapshot_properties.
        """
        table = self._load(name)
        with _Transaction(table) as transaction:
            if where is not None and table.current_snapshot() and _any_row(table, where):
                transaction.delete(where)
            if files:
                transaction.add_files(list(files), snapshot_properties=dict(marks or {}), check_duplicate_files=False)
        if not name.startswith(_HISTORY_IS_READ):
            _shorten_history(table)

    def mark(self, name: str, marks: Mapping[str, str]) -> None:
        """Mark the table with these in place of what its last commit was marked with; its rows stay."""
        table = self._load(name)
        with (
            _Transaction(table) as transaction,
            transaction.update_snapshot(snapshot_properties=dict(marks)).fast_append(),
        ):
            pass
        if not name.startswith(_HISTORY_IS_READ):
            _shorten_history(table)

    def replace_rows(
        self,
        table: TableDefinition,
        rows: pa.Table,
        where: BooleanExpression | None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """Like `replace`, with rows in memory; creates the table where needed."""
        self.ensure(table)
        self.replace(table.name, self.write_file(table, rows), where, marks)

    def write_file(self, table: TableDefinition, rows: pa.Table) -> list[str]:
        """Write rows to a new data file of the table, not yet committed; [] where there are none."""
        if not rows.num_rows:
            return []
        path, ordered = self.new_path(table.name), _in_order(table, rows)
        try:
            # Without the schema as held in memory, dictionary-coded text reads back as what it is: text.
            pq.write_table(
                ordered,
                path,
                compression="zstd",
                compression_level=1,
                use_dictionary=_worth_a_dictionary(ordered),
                row_group_size=_ROWS_A_GROUP,
                store_schema=False,
            )
        except OSError:
            # On a full disk what is half written must not stand in the way of the next run.
            path.unlink(missing_ok=True)
            raise
        return [str(path)]

    def table_names(self) -> list[str]:
        return sorted(
            ".".join(identifier)
            for namespace in self._catalog.list_namespaces()
            for identifier in self._catalog.list_tables(namespace)
        )

    def table(self, name: str) -> Table:
        """The Iceberg table itself, for upkeep."""
        return self._load(name)

    def enter(self, name: str, metadata_location: str) -> None:
        """Enter into the catalog a table whose files are there already."""
        self._catalog.create_namespace_if_not_exists(name.split(".")[0])
        self._catalog.register_table(name, metadata_location)

    def _load(self, name: str) -> Table:
        return self._catalog.load_table(name)


class _Catalog(SqlCatalog):  # type: ignore[misc]
    """Reads a table's metadata once for each state of the table: files of metadata never change."""

    def __init__(self, name: str, **properties: str) -> None:
        super().__init__(name, **properties)
        self._tables: dict[tuple[str, str], Table] = {}

    def load_table(self, identifier: str | Identifier) -> Table:
        namespace, name = self.namespace_to_string(self.namespace_from(identifier)), self.table_name_from(identifier)
        known = self._tables.get((namespace, name))
        if known is not None:
            asked = {"catalog": self.name, "namespace": namespace, "name": name}
            with self.engine.connect() as connection:
                if connection.scalar(_WHERE_METADATA_LIES, asked) == known.metadata_location:
                    return self._handle(known)
        return super().load_table(identifier)

    def _convert_orm_to_iceberg(self, orm_table: Any) -> Table:
        name, location = (orm_table.table_namespace, orm_table.table_name), orm_table.metadata_location
        known = self._tables.get(name)
        if known is None or known.metadata_location != location:
            known = self._tables[name] = super()._convert_orm_to_iceberg(orm_table)
        return self._handle(known)

    def _handle(self, known: Table) -> Table:
        # Whoever gets a table may commit to it, which changes it in place.
        return Table(known.name(), known.metadata, known.metadata_location, known.io, self)


class _Transaction(Transaction):  # type: ignore[misc]
    """Works the metadata out once after each update; PyIceberg copies all of it at every look, hundreds of times."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._seen: tuple[object, object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        if not self._updates:
            return self._table.metadata
        now = (self._table.metadata, self._updates)
        if self._seen is None or self._seen[0] is not now[0] or self._seen[1] is not now[1]:
            self._seen = (*now, super().table_metadata)
        return self._seen[2]


def _unless_overtaken(make: Callable[[], Made]) -> Made:
    """Make what another process may be making at the same moment, then finding it made.

    PyIceberg tries a commit of rows again where another was first, but nothing else.
    """
    for _ in range(_MOST_AT_ONCE):
        try:
            return make()
        except (CommitFailedException, IntegrityError):
            continue
        except (OperationalError, ProgrammingError) as problem:
            if "already exists" not in str(problem):
                raise
    return make()


def _in_order(table: TableDefinition, rows: pa.Table) -> pa.Table:
    """The rows with the table's columns in order and type; text may stay dictionary-coded."""
    columns = [_plain(rows.column(field.name), field.type) for field in table.schema]
    return pa.table(columns, names=table.schema.names)


def _plain(column: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    coded = pa.types.is_dictionary(column.type) and column.type.value_type == to
    return column if coded else column.cast(to)


def _worth_a_dictionary(rows: pa.Table) -> list[str]:
    """All columns but text that hardly repeats: what repeats comes dictionary-coded."""
    return [field.name for field in rows.schema if not pa.types.is_string(field.type)]


def _shorten_history(table: Table) -> None:
    """Let old snapshots go where nobody asks for them: every one makes every later commit dearer."""
    snapshots = sorted(table.metadata.snapshots, key=lambda snapshot: snapshot.timestamp_ms)
    if len(snapshots) <= _MOST_SNAPSHOTS:
        return
    current = table.current_snapshot()
    old = [item.snapshot_id for item in snapshots[:-_SNAPSHOTS_LEFT] if not current or item != current]
    # Whoever commits at the same moment goes first; the next commit shortens. Where they shortened too, PyIceberg finds
    # a snapshot gone and calls that a ValueError.
    with suppress(CommitFailedException, ValueError):
        table.maintenance.expire_snapshots().by_ids(old).commit()


def _any_row(table: Table, where: BooleanExpression) -> bool:
    """Whether a delete would delete anything: one that does not still costs a commit's work."""
    one_column = (table.schema().fields[0].name,)
    return bool(table.scan(row_filter=where, selected_fields=one_column).count())
