"""Compares a batch with what is already known and keeps only what is new, as row versions.

Every row of a batch ends as accepted (a new version), rejected (quarantined with its reasons)
or unchanged; nothing is counted twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.identity import Pseudonymiser
from jobs.ingest.batch import Batch, Delivery, other_number
from jobs.ods import VERSION_COLUMNS, key_columns, latest_version_sql, ods_table
from schemas.loader import Contract

CONTACT_KINDS = {"phone", "address"}
MALFORMED_SCHEMA = pa.schema([("file", pa.string()), ("line", pa.int32())])


@dataclass(frozen=True)
class Counts:
    """How the rows of a batch ended; `deleted` are rows that a complete snapshot no longer has."""

    received: int
    accepted: int
    rejected: int
    unchanged: int
    deleted: int = 0


def keeps_contact(contract: Contract) -> bool:
    """Whether the class says how to reach people; then its names, phones and addresses go to the vault."""
    return any(field.identity in CONTACT_KINDS for field in contract.fields)


def compare_with_known(
    batch: Batch, delivery: Delivery, known_files: Sequence[str], pseudonymiser: Pseudonymiser, overtaken: bool
) -> None:
    """Create in DuckDB: `judged` (right rows with keys), `known` (the state), `version` (what is new).

    Where a newer complete snapshot is known (`overtaken`), what is new is kept, but outdated from the start.
    """
    contract, connection = delivery.contract, batch.connection
    keys = key_columns(contract)
    connection.execute(_judged_sql(contract), {"pepper": pseudonymiser.fingerprint("row")})
    table = ods_table(contract)
    connection.register("no_versions", table.schema.empty_table())
    source = _known_source(known_files, delivery.delivery_id)
    connection.execute(
        f"create table known as select * from ({latest_version_sql(source, keys)}) where operation <> 'delete'"
    )
    operation = "'outdated'" if overtaken else "case when known.row_hash is null then 'insert' else 'update' end"
    join = " and ".join(f"known.{key} = judged.{key}" for key in keys)
    connection.execute(f"""
        create table version as
        select {operation} as operation, judged.*
        from judged left join known on {join}
        where judged.is_conflicting is false and judged.copy_number = 1
          and judged.row_hash is distinct from known.row_hash""")


def _known_source(known_files: Sequence[str], delivery_id: str) -> str:
    if not known_files:
        return "no_versions"
    listed = ", ".join(f"'{file}'" for file in known_files)
    # The empty part gives a column to files written before it existed.
    return f"""(
        select * from no_versions union all by name
        select * from read_parquet([{listed}], union_by_name = true) where delivery_id <> '{delivery_id}')"""


def _judged_sql(contract: Contract) -> str:
    stored = {
        field.stored_name or field.name: _stored_expression(field.name, field.identity)
        for field in contract.stored_fields
    }
    hashed = [f"coalesce(cast({expression} as varchar), '␀')" for expression in stored.values()]
    if keeps_contact(contract):
        hashed += [f"coalesce(rows.{field.name}, '␀')" for field in contract.contact_fields]
    columns = ", ".join(f"{expression} as {name}" for name, expression in stored.items())
    keys = ", ".join(key_columns(contract))
    household = next((field.name for field in contract.fields if field.identity == "household_number"), None)
    joins = [f"left join household_keys on household_keys.number = rows.{household}"] if household else []
    joins += [
        f"left join person_keys as {field.name}_keys on {field.name}_keys.number = {other_number(field)}"
        for field in contract.other_number_fields
    ]
    return f"""
        create table judged as
        select *, min(row_hash) over same_key <> max(row_hash) over same_key as is_conflicting,
          row_number() over (partition by {keys} order by source_file, source_line) as copy_number
        from (
          select source_file, source_line, md5($pepper || {" || '␟' || ".join(hashed)}) as row_hash, {columns}
          from rows
          left join person_keys on person_keys.number = rows.{contract.identity_field.name} {" ".join(joins)}
          where len(problems) = 0)
        window same_key as (partition by {keys})"""


def _stored_expression(name: str, identity: str | None) -> str:
    if identity == "number":
        return "person_keys.key"
    if identity == "household_number":
        return "household_keys.key"
    if identity in ("former_number", "disability_certificate"):
        return f"{name}_keys.key"
    return f"rows.{name}"


def deletable(batch: Batch, contract: Contract, unreadable_last_time: Counter[str]) -> bool:
    """Whether rows missing from this snapshot may be taken as gone.

    Not while a row's key could not be read that the last delivery did not have likewise: the
    missing row may be that one. Deferring keeps a family's rights a little longer.
    """
    if any(batch.malformed.values()):
        return False
    number = contract.identity_field.name
    key_is_missing = " or ".join(f"{field.name} is null" for field in contract.key_fields)
    rows = batch.connection.execute(f"select masked(text_{number}) from rows where {key_is_missing}").fetchall()
    return not Counter(masked for (masked,) in rows) - unreadable_last_time


def add_deletions(batch: Batch, contract: Contract) -> int:
    """Add a delete version for every known row that the snapshot no longer names; returns how many."""
    named = " and ".join(
        f"known.{stored} = {_stored_expression(field.name, field.identity)}"
        for field, stored in zip(contract.key_fields, key_columns(contract), strict=True)
    )
    columns = ", ".join(f"known.{column.name}" for column in ods_table(contract).columns[len(VERSION_COLUMNS) :])
    batch.connection.execute(f"""
        create table deletion as
        select known.source_line, known.row_hash, {columns}
        from known where not exists (
          select 1 from rows
          left join person_keys on person_keys.number = rows.{contract.identity_field.name}
          where {named})""")
    return _scalar(batch, "select count(*) from deletion")


def write_versions(batch: Batch, delivery: Delivery, path: Path) -> list[str]:
    """Write the new versions, deletions among them, to a Parquet file; [] where there are none."""
    columns = ods_table(delivery.contract).columns[len(VERSION_COLUMNS) :]
    fields = ", ".join(f"cast({column.name} as {column.physical_type}) as {column.name}" for column in columns)
    names = ", ".join(column.name for column in columns)
    new_versions = f"select operation, source_line, row_hash, {names} from version"
    if _table_exists(batch, "deletion"):
        new_versions += f"""
            union all
            select 'delete' as operation, source_line, row_hash, {names} from deletion"""
    select = f"""
        select date '{delivery.known_on}' as known_on, operation, '{delivery.delivery_id}' as delivery_id,
          cast(source_line as integer) as source_line, row_hash, date '{delivery.manifest.period_end}' as period_end,
          {fields}
        from ({new_versions}) order by source_line"""
    return _copy(batch, select, path)


def write_quarantine(batch: Batch, delivery: Delivery, path: Path) -> list[str]:
    """Write the rejected rows with field, reason and masked value, one record for each problem."""
    contract, manifest = delivery.contract, delivery.manifest
    connection = batch.connection
    number = f"text_{contract.identity_field.name}"
    values = " ".join(
        f"when '{field.name}' then {'masked(text_' + field.name + ')' if field.identity else 'text_' + field.name}"
        for field in contract.fields
    )
    connection.execute(f"""
        create table problem as
        select source_file as file, source_line as line, broken.field as field, broken.reason as reason,
          case broken.field {values} end as value, masked({number}) as masked_identity
        from (select *, unnest(problems) as broken from rows where len(problems) > 0)
        union all
        select rows.source_file, rows.source_line, '', 'duplicate_key', null, masked({number})
        from judged join rows using (source_file, source_line) where is_conflicting""")
    malformed = [{"file": file, "line": bad.line} for file, lines in batch.malformed.items() for bad in lines]
    connection.register("malformed", pa.Table.from_pylist(malformed, MALFORMED_SCHEMA))
    connection.execute("insert into problem select file, line, '', 'malformed_line', null, null from malformed")
    select = f"""
        select '{delivery.delivery_id}' as delivery_id, date '{delivery.known_on}' as business_date,
          '{manifest.department}' as department, '{manifest.extract_class}' as extract_class,
          file, cast(line as integer) as line, field, reason,
          left(case when regexp_matches(value, '[0-9]{{11,}}') then masked(value) else value end, 40) as masked_value,
          masked_identity
        from problem order by line, field, reason"""
    return _copy(batch, select, path)


def count_rows(batch: Batch) -> Counts:
    """How the rows ended. Call after write_quarantine; the three add up by construction of the tables."""
    accepted = _scalar(batch, "select count(*) from version")
    rejected = _scalar(batch, "select count(distinct (file, line)) from problem")
    repeated = _scalar(batch, "select count(*) from judged where not is_conflicting and copy_number > 1")
    first_copies = _scalar(batch, "select count(*) from judged where not is_conflicting and copy_number = 1")
    return Counts(batch.received, accepted, rejected, unchanged=repeated + first_copies - accepted)


def known_count(batch: Batch) -> int:
    return _scalar(batch, "select count(*) from known")


def named_known_count(batch: Batch, contract: Contract) -> int:
    """How many of the known rows the batch names."""
    join = " and ".join(f"known.{key} = judged.{key}" for key in key_columns(contract))
    return _scalar(batch, f"select count(*) from known where exists (select 1 from judged where {join})")


def _copy(batch: Batch, select: str, path: Path) -> list[str]:
    copy = f"copy ({select}) to '{path}' (format parquet, compression zstd)"
    try:
        written = batch.connection.execute(copy).fetchall()[0][0]
    except duckdb.Error:
        # On a full disk what is half written must not stand in the way of the next run.
        path.unlink(missing_ok=True)
        raise
    if not written:
        path.unlink(missing_ok=True)
        return []
    return [str(path)]


def _scalar(batch: Batch, sql: str) -> int:
    return int(batch.connection.execute(sql).fetchall()[0][0])


def _table_exists(batch: Batch, name: str) -> bool:
    return _scalar(batch, f"select count(*) from duckdb_tables() where table_name = '{name}'") > 0
