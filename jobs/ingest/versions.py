"""Compares a batch with what is already known and keeps only what is new, as row versions.

Every row of a batch ends as accepted (a new version), rejected (quarantined with its reasons)
or unchanged; nothing is counted twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from jobs.ingest.batch import Batch, Delivery
from jobs.ods import VERSION_COLUMNS, key_columns, latest_version_sql, ods_table

MALFORMED_SCHEMA = pa.schema([("file", pa.string()), ("line", pa.int32())])


@dataclass(frozen=True)
class Counts:
    """How the rows of a batch ended; `deleted` are rows that a complete snapshot no longer has."""

    received: int
    accepted: int
    rejected: int
    unchanged: int
    deleted: int = 0


class Comparison:
    """A batch beside what is known of its class.

    Shows the batch's connection `judged` (`row_number`, keys and `row_hash` of the right rows), `copy`
    (rows whose key stands more than once), `known` (the state, of the batch's keys or of all where the
    batch is complete) and `version` (`row_number`, `operation` and `row_hash` of what is new).
    """

    def __init__(self, batch: Batch, delivery: Delivery, known_files: Sequence[str], overtaken: bool) -> None:
        self.batch, self.delivery = batch, delivery
        self._contract, self._connection = delivery.contract, batch.connection
        self._keys = key_columns(delivery.contract)
        self._source = _known_source(known_files, delivery.delivery_id) if known_files else None
        self._connection.execute(
            f"create table judged as select row_number, {', '.join(self._keys)}, row_hash from rows where is_right"
        )
        self._find_copies()
        self._find_known()
        self._find_versions(overtaken)

    def _find_copies(self) -> None:
        """Of rows with one key, all are wrong where they differ, and only the first counts where not."""
        keys = ", ".join(self._keys)
        self._connection.execute(f"""
            create table copy as
            select row_number, min(row_hash) over same_key <> max(row_hash) over same_key as is_conflicting,
              row_number() over (partition by {keys} order by row_number) as copy_number
            from judged semi join (select {keys} from judged group by {keys} having count(*) > 1) as repeated
              using ({keys})
            window same_key as (partition by {keys})""")

    def _find_known(self) -> None:
        self._connection.register("no_versions", ods_table(self._contract).schema.empty_table())
        source, keys = self._source or "no_versions", ", ".join(self._keys)
        if self.delivery.manifest.mode != "full":
            source = f"(select * from {source} semi join judged using ({keys}))"
        latest = latest_version_sql(source, self._keys)
        self._connection.execute(
            f"create table known as select {keys}, row_hash from ({latest}) where operation <> 'delete'"
        )

    def _find_versions(self, overtaken: bool) -> None:
        """Where a newer complete snapshot is known, what is new is kept, but outdated from the start."""
        operation = "'outdated'" if overtaken else "case when known.row_hash is null then 'insert' else 'update' end"
        join = " and ".join(f"known.{key} = judged.{key}" for key in self._keys)
        self._connection.execute(f"""
            create table version as
            select judged.row_number, {operation} as operation, judged.row_hash
            from judged left join known on {join}
            where judged.row_number not in (select row_number from copy where is_conflicting or copy_number > 1)
              and judged.row_hash is distinct from known.row_hash
            order by judged.row_number""")

    @cached_property
    def known_count(self) -> int:
        """How many rows of the class are known."""
        if self._source is None:
            return 0
        return self._scalar(
            "select count(*) filter (operation = 'insert') - count(*) filter (operation = 'delete') "
            f"from {self._source}"
        )

    def named_known_count(self) -> int:
        """How many of the known rows the batch names."""
        join = " and ".join(f"known.{key} = judged.{key}" for key in self._keys)
        return self._scalar(f"select count(*) from known where exists (select 1 from judged where {join})")

    def deletable(self, unreadable_last_time: Counter[str]) -> bool:
        """Whether rows missing from this snapshot may be taken as gone.

        Not while a row's key could not be read that the last delivery did not have likewise: the
        missing row may be that one. Deferring keeps a family's rights a little longer.
        """
        if any(self.batch.malformed.values()):
            return False
        key_is_missing = " or ".join(f"{field.name} is null" for field in self._contract.key_fields)
        rows = self._connection.execute(f"select row_number from rows where {key_is_missing}").to_arrow_table()
        self.batch.show_text_of(rows.column("row_number").combine_chunks())
        number = self._contract.identity_field.name
        masked = self._connection.execute(f"select masked({number}) from text_of_row").fetchall()
        return not Counter(text for (text,) in masked) - unreadable_last_time

    def deletions(self) -> pa.Table:
        """The known rows that the snapshot no longer names, as of the ods table, without version columns."""
        keys = ", ".join(self._keys)
        columns = ", ".join(column.name for column in ods_table(self._contract).columns[len(VERSION_COLUMNS) :])
        source = self._source or "no_versions"
        self._connection.execute(f"create table gone as select {keys} from known anti join rows using ({keys})")
        gone = latest_version_sql(f"(select * from {source} semi join gone using ({keys}))", self._keys)
        return self._connection.execute(
            f"select 'delete' as operation, source_line, row_hash, {columns} from ({gone})"
        ).to_arrow_table()

    @cached_property
    def _version(self) -> pa.Table:
        return self._connection.execute("select * from version").to_arrow_table()

    def new_rows(self) -> pa.Table:
        """The rows of the batch that become versions."""
        numbers, rows = self._version.column("row_number"), self.batch.read.rows
        return rows if len(numbers) == rows.num_rows else rows.take(numbers)

    def new_versions(self) -> pa.Table:
        """The new rows: `operation`, `source_line`, `row_hash` and the columns of the ods table."""
        rows = self.new_rows()
        names = ["source_line", *ods_table(self._contract).schema.names[len(VERSION_COLUMNS) :]]
        return (
            rows.select(names)
            .append_column("operation", self._version.column("operation").dictionary_encode())
            .append_column("row_hash", self._version.column("row_hash"))
        )

    def problems(self) -> pa.Table:
        """What is wrong with the rejected rows, as of quarantine.row: one record for each problem."""
        contract, manifest = self._contract, self.delivery.manifest
        connection = self._connection
        wrong = connection.execute("""
            select row_number, field, reason from problem
            union all select row_number, '', 'duplicate_key' from copy where is_conflicting""").to_arrow_table()
        connection.register("wrong", wrong)
        self.batch.show_text_of(wrong.column("row_number").unique())
        values = " ".join(
            f"when '{field.name}' then {f'masked({field.name})' if field.identity else field.name}"
            for field in contract.fields
        )
        malformed = [{"file": file, "line": bad.line} for file, lines in self.batch.malformed.items() for bad in lines]
        connection.register("malformed", pa.Table.from_pylist(malformed, MALFORMED_SCHEMA))
        return connection.execute(f"""
            with problem_value as (
              select source_file as file, source_line as line, field, reason, case field {values} end as value,
                masked({contract.identity_field.name}) as masked_identity
              from wrong join text_of_row using (row_number)
              union all
              select file, line, '', 'malformed_line', null, null from malformed)
            select '{self.delivery.delivery_id}' as delivery_id, date '{self.delivery.known_on}' as business_date,
              '{manifest.department}' as department, '{manifest.extract_class}' as extract_class,
              file, cast(line as integer) as line, field, reason,
              left(case when regexp_matches(value, '[0-9]{{11,}}') then masked(value) else value end, 40)
                as masked_value,
              masked_identity
            from problem_value order by line, field, reason""").to_arrow_table()

    def rejected_text(self) -> pa.Table:
        """The rejected rows as delivered: `file`, `line` and the fields' text."""
        numbers = self._connection.execute("""
            select row_number from rows where not is_right
            union select row_number from copy where is_conflicting order by 1""").to_arrow_table()
        text = self.batch.text.take(numbers.column("row_number"))
        names = [field.name for field in self._contract.fields]
        return pa.table(
            [text.column("source_file"), text.column("source_line"), *(text.column(name) for name in names)],
            ["file", "line", *names],
        )

    def counts(self) -> Counts:
        """How the rows ended, each of the three counted by itself: the ledger holds them to what was received."""
        accepted = self._scalar("select count(*) from version")
        conflicting = self._scalar("select count(*) from copy where is_conflicting")
        wrong = int(np.count_nonzero(~self.batch.read.right))
        rejected = wrong + conflicting + self.batch.malformed_count
        unchanged = self._scalar("select count(*) from judged") - conflicting - accepted
        return Counts(self.batch.received, accepted, rejected, unchanged)

    def _scalar(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])


def _known_source(known_files: Sequence[str], delivery_id: str) -> str:
    listed = ", ".join(f"'{file}'" for file in known_files)
    # The empty part gives a column to files written before it existed.
    return f"""(
        select * from no_versions union all by name
        select * from read_parquet([{listed}], union_by_name = true) where delivery_id <> '{delivery_id}')"""


def as_versions(delivery: Delivery, rows: pa.Table) -> pa.Table:
    """Rows of new_versions or deletions as the ods table holds them."""
    count = rows.num_rows
    return pa.table(
        {
            **{name: rows.column(name) for name in rows.column_names},
            "known_on": pa.repeat(pa.scalar(delivery.known_on, pa.date32()), count),
            "delivery_id": pa.repeat(delivery.delivery_id, count).dictionary_encode(),
            "period_end": pa.repeat(pa.scalar(delivery.manifest.period_end, pa.date32()), count),
        }
    ).select(ods_table(delivery.contract).schema.names)
