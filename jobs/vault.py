"""The vault: identity numbers, names, phones and addresses, sealed in blocks of about a thousand people.

The index tables say whose rows stand in which block (`vault.identity`, `vault.contact`, and
`quarantine.sealed_row` for rejected rows); the blocks themselves are `vault.block`. Sealing a block
costs little more than sealing one person, and a job that opens the vault opens only the blocks it
needs. Only dispatch does; and people review, which compares names in memory and writes none.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pyarrow as pa

from jobs.identity import Sealer
from jobs.scratch import scratch_database
from warehouse.definitions import TableDefinition, definition
from warehouse.gathering import Gathering
from warehouse.tables import Warehouse, rows_among, rows_where

PEOPLE_IN_BLOCK = 1024

Kind = Literal["identity", "contact", "rejected"]

# Where it stands whose rows are in which block, and the columns that say whose.
INDEX: Mapping[Kind, tuple[str, tuple[str, ...]]] = {
    "identity": ("vault.identity", ("person_key",)),
    "contact": ("vault.contact", ("person_key",)),
    "rejected": ("quarantine.sealed_row", ("file", "line")),
}


@dataclass(frozen=True)
class Source:
    """The delivery that brought what is sealed, and the night it was known from."""

    delivery_id: str
    extract_class: str
    known_on: date


class Vault:
    """What the vault holds of an installation's people."""

    def __init__(self, warehouse: Warehouse, sealer: Sealer) -> None:
        self._warehouse = warehouse
        self._sealer = sealer
        self._held_files: set[str] | None = None
        self._held = scratch_database(threads=1)
        self._held.execute("create table held (person_key varchar, delivery_id varchar)")

    def add_numbers(self, numbers: pa.Table, source: Source, gathering: Gathering) -> None:
        """Seal the identity numbers (`key`, `number`) of people whom the vault does not know yet.

        A repeat for the same delivery replaces what the first attempt added.
        """
        self._know_held()
        self._held.register("numbers", numbers)
        new = self._held.execute(
            "select key as person_key, number as identity_number from numbers where not exists ("
            "select 1 from held where held.person_key = numbers.key and held.delivery_id <> $delivery) order by 1",
            {"delivery": source.delivery_id},
        ).to_arrow_table()
        self._seal("identity", new, source, gathering)
        self._held.register("new", new)
        self._held.execute(
            "insert into held select person_key, $delivery as delivery_id from new", {"delivery": source.delivery_id}
        )

    def add_contacts(self, contacts: pa.Table, source: Source, gathering: Gathering) -> None:
        """Seal how people are called and reached (`person_key` and the contract's fields), as a delivery says.

        A repeat for the same delivery replaces what the first attempt added.
        """
        self._seal("contact", contacts, source, gathering)

    def add_rejected(self, rows: pa.Table, source: Source, gathering: Gathering) -> None:
        """Seal rejected rows as delivered (`file`, `line` and the fields' text), so that none is ever lost.

        A repeat for the same delivery replaces what the first attempt added.
        """
        self._seal("rejected", rows, source, gathering)

    def numbers_of(self, person_keys: Iterable[str]) -> dict[str, str]:
        """The identity numbers of these people, as far as the vault knows them."""
        rows = self._opened("identity", person_keys)
        return {row["person_key"]: row["identity_number"] for row in rows}

    def contacts_of(self, person_keys: Iterable[str], extract_class: str) -> dict[str, Mapping[str, str | None]]:
        """What the class last said of these people's names, phones and addresses."""
        rows = self._opened("contact", person_keys, extract_class=extract_class)
        return {row["person_key"]: row for row in rows}

    def everybody(self, kind: Kind, extract_class: str | None = None) -> Iterator[pa.Table]:
        """All that is sealed of a kind, of one class or of all, block by block, older ones first."""
        if not self._warehouse.exists("vault.block"):
            return
        blocks = self._warehouse.rows("vault.block", rows_where(kind=kind)).to_pylist()
        for block in sorted(blocks, key=lambda row: (row["known_on"], row["delivery_id"])):
            if extract_class in (None, block["delivery_id"].split(".")[1]):
                yield self._sealer.open(block["block"], block["sealed"])

    def _seal(self, kind: Kind, people: pa.Table, source: Source, gathering: Gathering) -> None:
        # A dictionary would go into every block whole.
        rows = people.cast(pa.schema([(name, pa.string()) for name in people.column_names]))
        index, blocks = [], []
        for start in range(0, rows.num_rows, PEOPLE_IN_BLOCK):
            block = uuid.uuid4().hex
            part = rows.slice(start, PEOPLE_IN_BLOCK)
            blocks.append({"block": block, "sealed": self._sealer.seal(block, part)})
            index.append(pa.repeat(block, part.num_rows))
        block_rows = pa.Table.from_pylist(blocks, pa.schema([("block", pa.string()), ("sealed", pa.binary())]))
        constants = {
            "key_version": self._sealer.key_number,
            "known_on": source.known_on,
            "delivery_id": source.delivery_id,
            "extract_class": source.extract_class,
            "kind": kind,
        }
        name, columns = INDEX[kind]
        index_rows = people.select(list(columns)).append_column("block", pa.chunked_array(index, pa.string()))
        for table, added in ((definition("vault.block"), block_rows), (definition(name), index_rows)):
            gathering.put(table, _with_constants(added, table, constants), source.delivery_id)

    def _opened(self, kind: Kind, person_keys: Iterable[str], **equals: object) -> list[dict[str, str]]:
        """The sealed rows of these people, older ones first."""
        wanted = set(person_keys)
        name = INDEX[kind][0]
        if not wanted or not self._warehouse.exists(name):
            return []
        index = self._warehouse.rows(name, rows_among("person_key", wanted, **equals)).to_pylist()
        blocks = self._warehouse.rows("vault.block", rows_among("block", {row["block"] for row in index})).to_pylist()
        found = []
        for block in sorted(blocks, key=lambda row: (row["known_on"], row["delivery_id"])):
            rows = self._sealer.open(block["block"], block["sealed"])
            found += [row for row in rows.to_pylist() if row["person_key"] in wanted]
        return found

    def committed(self) -> None:
        """Take note that what was gathered is committed: it need not be read back."""
        if self._held_files is not None:
            self._held_files = set(self._warehouse.files("vault.identity"))

    def forget(self) -> None:
        """Take nothing for sealed but what the tables hold: what was gathered may be lost."""
        self._held_files = None
        self._held.execute("delete from held")

    def _know_held(self) -> None:
        """Bring the list of people whose numbers are sealed up to date with the table."""
        files = set(self._warehouse.files("vault.identity"))
        if self._held_files is None or self._held_files - files:
            self.forget()
        if new := sorted(files - (self._held_files or set())):
            listed = ", ".join(f"'{file}'" for file in new)
            self._held.execute(f"insert into held select person_key, delivery_id from read_parquet([{listed}])")
        self._held_files = files


def _with_constants(rows: pa.Table, table: TableDefinition, constants: Mapping[str, object]) -> pa.Table:
    for field in table.schema:
        if field.name not in rows.column_names:
            value = pa.scalar(constants[field.name], field.type)
            rows = rows.append_column(field.name, pa.repeat(value, rows.num_rows))
    return rows
