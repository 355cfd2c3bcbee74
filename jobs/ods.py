"""The ods tables: append-only row versions of every extract class, and their state on a date."""

from datetime import date

import pyarrow as pa

from jobs.installation import Installation
from jobs.people.links import KnownPeople
from jobs.people.resolution import follow_links
from schemas.loader import Contract
from warehouse.definitions import Column, TableDefinition
from warehouse.engines.engine import Engine

VERSION_COLUMNS = (
    Column("known_on", "date", "获知日期 (业务日期)"),
    Column("operation", "varchar", "insert 新增, update 变更, delete 全量对比后删除, outdated 晚到的旧数据"),
    Column("delivery_id", "varchar", "批次"),
    Column("source_line", "integer", "数据文件中的行号"),
    Column("row_hash", "varchar", "行内容摘要"),
    Column("period_end", "date", "业务期间止"),
)


def ods_table(contract: Contract) -> TableDefinition:
    """The table of an extract class: the version columns, then the contract's stored fields."""
    fields = tuple(
        Column(field.stored_name or field.name, "varchar" if field.identity else field.physical_type, field.title)
        for field in contract.stored_fields
    )
    return TableDefinition(f"ods.{contract.extract_class}", contract.title, VERSION_COLUMNS + fields)


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


def register_ods(
    engine: Engine, installation: Installation, contract: Contract, as_of: date, people: KnownPeople | None = None
) -> None:
    """Give the engine `ods_<class>_version` (all versions known on the date) and `ods_<class>` (the state).

    Rows of a snapshot that a newer one had overtaken before it came are in neither. With `people`,
    `person_key` is the key that stands for the person on the date, and rows that a person linked are there;
    `delivered_person_key` is the key under which a row came.
    """
    table = ods_table(contract)
    follows = people is not None and people.follows_links
    name = f"{table.sql_name}_delivered" if follows else table.sql_name
    files = installation.warehouse.files(table.name)
    engine.register_files(f"{table.sql_name}_stored", files, table.schema)
    engine.create_view(
        f"{name}_version",
        f"select *, person_key as delivered_person_key from {_with_linked_rows(engine, contract, people)} "
        "where known_on <= :as_of and operation <> 'outdated'",
        {"as_of": as_of},
    )
    latest = latest_version_sql(f"{name}_version", key_columns(contract))
    engine.create_view(name, f"select * from ({latest}) as latest where operation <> 'delete'")
    if follows:
        follow_links(engine, table, key_columns(contract))


def _with_linked_rows(engine: Engine, contract: Contract, people: KnownPeople | None) -> str:
    table = ods_table(contract)
    rows = people.linked_rows.get(contract.extract_class) if people else None
    if not rows:
        return f"{table.sql_name}_stored"
    engine.register_table(f"{table.sql_name}_linked", pa.Table.from_pylist(rows, schema=table.schema))
    columns = ", ".join(table.schema.names)
    return f"(select {columns} from {table.sql_name}_stored union all select {columns} from {table.sql_name}_linked)"
