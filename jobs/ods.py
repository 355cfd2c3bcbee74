"""The ods tables: append-only row versions of every extract class, and their state on a date."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from pyiceberg.table import Table

from jobs.installation import Installation
from jobs.people.links import KnownPeople
from jobs.people.resolution import follow_links
from schemas.loader import Contract
from warehouse.definitions import Column, TableDefinition
from warehouse.engines.engine import Engine
from warehouse.history import FileMetrics, content_id, data_files

VERSION_COLUMNS = (
    Column("known_on", "date", "获知日期 (业务日期)"),
    Column("operation", "varchar", "insert 新增, update 变更, delete 全量对比后删除, outdated 晚到的旧数据"),
    Column("delivery_id", "varchar", "批次"),
    Column("source_line", "integer", "数据文件中的行号"),
    Column("row_hash", "varchar", "行内容摘要"),
    Column("period_end", "date", "业务期间止"),
)


def ods_name(contract: Contract) -> str:
    """The full name of the table of an extract class."""
    return f"ods.{contract.extract_class}"


def ods_sql_name(contract: Contract) -> str:
    """Its name in SQL."""
    return f"ods_{contract.extract_class}"


def ods_table(contract: Contract) -> TableDefinition:
    """The table of an extract class: the version columns, then the contract's stored fields."""
    fields = tuple(
        Column(field.stored_name or field.name, "varchar" if field.identity else field.physical_type, field.title)
        for field in contract.stored_fields
    )
    return TableDefinition(ods_name(contract), contract.title, VERSION_COLUMNS + fields)


def key_columns(contract: Contract) -> list[str]:
    """The columns of the ods table that name a row."""
    return [field.stored_name or field.name for field in contract.key_fields]


def latest_version_sql(source: str, keys: list[str]) -> str:
    """SQL for the newest version of every row in `source`, deletions included.

    The newer period wins, then what was learnt later: a department's old extract may arrive late.
    """
    return (
        f"select * from (select *, row_number() over (partition by {', '.join(keys)} "
        f"order by period_end desc nulls last, known_on desc, delivery_id desc) as version_rank "
        f"from {source} where operation <> 'outdated') as versions where version_rank = 1"
    )


class OdsTables:
    """The ods tables as they stand at one moment: each is looked up once, however often it is asked for."""

    def __init__(self, installation: Installation) -> None:
        self._warehouse = installation.warehouse
        self._linked_rows: Mapping[str, Sequence[Mapping[str, Any]]] = {}
        self._tables: dict[str, Table | None] = {}
        self._files: dict[str, Sequence[FileMetrics]] = {}

    def add_linked_rows(self, linked_rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Take rows that a person linked to somebody as versions of their classes from here on."""
        self._linked_rows = linked_rows

    def table(self, contract: Contract) -> Table | None:
        """The Iceberg table; None where nothing of the class ever came."""
        name = ods_name(contract)
        if name not in self._tables:
            self._tables[name] = self._warehouse.table(name) if self._warehouse.exists(name) else None
        return self._tables[name]

    def files(self, contract: Contract) -> Sequence[FileMetrics]:
        """The data files, with what is known of operations and dates in them."""
        name, table = ods_name(contract), self.table(contract)
        if name not in self._files:
            self._files[name] = data_files(table, "operation", "known_on") if table else ()
        return self._files[name]

    def is_contested(self, contract: Contract) -> bool:
        """Whether any row may have more than one version; not while every version is an insertion."""
        if self._linked_rows.get(contract.extract_class):
            return True
        return any(not file.holds_only("operation", "insert") for file in self.files(contract))

    def content(self, contract: Contract) -> str | None:
        """What names the rows of the class's table; None where nothing ever came."""
        table = self.table(contract)
        return content_id(table) if table else None

    def known_until(self, contract: Contract) -> date | None:
        """The latest date on which any version was known; None where that is not told by the files' metrics."""
        latest = [file.bounds["known_on"][1] for file in self.files(contract)]
        return max(latest) if latest and None not in latest else None

    def register_stored(self, engine: Engine, contract: Contract) -> None:
        """Give the engine `ods_<class>_stored`: all versions that were ever kept.

        Where rows are contested, `ods_<class>_contested` holds what contests them.
        """
        files = self.files(contract)
        self._register(engine, contract, "stored", [file.path for file in files])
        if self.is_contested(contract):
            others = [file.path for file in files if not file.holds_only("operation", "insert")]
            self._register(engine, contract, "contested", others)

    def _register(self, engine: Engine, contract: Contract, what: str, files: Sequence[str]) -> None:
        table = ods_table(contract)
        view, linked = f"{table.sql_name}_{what}", self._linked_rows.get(contract.extract_class)
        if not linked:
            engine.register_files(view, files, table.schema)
            return
        # A linked row may meet another of the same key, so it contests like an update.
        rows = [{**row, "operation": "update" if row["operation"] == "insert" else row["operation"]} for row in linked]
        engine.register_files(f"{view}_in_files", files, table.schema)
        engine.register_table(f"{table.sql_name}_linked", pa.Table.from_pylist(rows, schema=table.schema))
        columns = ", ".join(table.schema.names)
        engine.create_view(
            view,
            f"select {columns} from {view}_in_files union all select {columns} from {table.sql_name}_linked",
        )


def register_ods(
    engine: Engine, ods: OdsTables, contract: Contract, as_of: date, people: KnownPeople | None = None
) -> None:
    """Give the engine `ods_<class>_version` (all versions known on the date) and `ods_<class>` (the state).

    Rows of a snapshot that a newer one had overtaken before it came are in neither. With `people`,
    `person_key` is the key that stands for the person on the date; `delivered_person_key` is the key
    under which a row came.
    """
    name = ods_sql_name(contract)
    ods.register_stored(engine, contract)
    contested = f"{name}_contested" if ods.is_contested(contract) else None
    create_class_views(engine, contract, as_of, (f"{name}_stored", contested), people)


def create_class_views(
    engine: Engine, contract: Contract, as_of: date, stored: tuple[str, str | None], people: KnownPeople | None
) -> None:
    """Give the engine `ods_<class>_version` and `ods_<class>` from versions in a view, and what contests them."""
    versions, contested = stored
    table = ods_table(contract)
    follows = people is not None and people.follows_links
    name = f"{table.sql_name}_delivered" if follows else table.sql_name
    engine.create_view(f"{name}_version", version_sql(versions), {"as_of": as_of})
    engine.create_view(name, state_sql(contract, f"{name}_version", contested))
    if follows:
        follow_links(engine, table, key_columns(contract))


def version_sql(stored: str) -> str:
    """SQL for those of the stored versions that were known on the date."""
    columns = "*, person_key as delivered_person_key"
    return f"select {columns} from {stored} where known_on <= :as_of and operation <> 'outdated'"


def state_sql(contract: Contract, versions: str, contested: str | None) -> str:
    """SQL for the rows that stand, given the versions known by then and what contests rows (None: nothing).

    Ranking versions is dear where there are a city's, so only contested rows are ranked.
    """
    names = [*ods_table(contract).schema.names, "delivered_person_key"]
    columns = ", ".join(f"version.{name}" for name in names)
    if contested is None:
        return f"select {columns} from {versions} as version"
    is_contested = is_contested_sql(contract, contested)
    latest = latest_version_sql(
        f"(select {columns} from {versions} as version where {is_contested})", key_columns(contract)
    )
    return (
        f"select {columns} from {versions} as version where not {is_contested} "
        f"union all select {columns} from ({latest}) as version where operation <> 'delete'"
    )


def is_contested_sql(contract: Contract, contested: str) -> str:
    """SQL for whether a row named `version` may have more than one version."""
    same_row = " and ".join(f"other.{key} = version.{key}" for key in key_columns(contract))
    return f"exists (select 1 from {contested} as other where other.operation <> 'insert' and {same_row})"
