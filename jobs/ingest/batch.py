"""Brings a delivery into DuckDB as text, reads it by the contract and tells right rows from wrong ones."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from jobs.errors import DeliveryHeldError
from jobs.ingest.arrival import Arrival
from jobs.ingest.readers import DeliveredText, MalformedLine, read_delivered_file
from jobs.ingest.rows import NOTHING_READ, Reading, ReadRows
from jobs.ingest.surplus import SurplusFile, placed_surplus
from jobs.person_keys import PersonKeys
from jobs.scratch import scratch_database
from schemas.delivery import Manifest, file_sm3
from schemas.expectations import TOLERATED_SHARE
from schemas.loader import Contract
from schemas.row_rules import PARSING_SQL

LINES_NAMED = 5
MEMORY_LIMIT = "2GB"


@dataclass(frozen=True)
class Delivery:
    """A finished delivery in the landing folder, with the contract it is held to.

    Its rows are known from the night on in which it is taken in, whatever its manifest says.
    """

    arrival: Arrival
    contract: Contract

    @property
    def manifest(self) -> Manifest:
        return self.arrival.manifest

    @property
    def folder(self) -> Path:
        return self.arrival.folder

    @property
    def delivery_id(self) -> str:
        return self.arrival.delivery_id

    @property
    def known_on(self) -> date:
        return self.arrival.known_on

    def check_hashes(self) -> None:
        """Raises DeliveryHeldError where a file is missing or is not the one the manifest names."""
        for file in self.manifest.files:
            path = self.folder / file.name
            if not path.is_file():
                raise DeliveryHeldError(
                    f"{file.name} is named in the manifest but is not there", f"清单所列文件 {file.name} 未送达"
                )
            if file_sm3(path) != file.sm3:
                raise DeliveryHeldError(
                    f"{file.name} is not the file that the manifest names: its SM3 differs",
                    f"文件 {file.name} 与清单登记的 SM3 摘要不一致",
                )


@dataclass(frozen=True)
class Batch:
    """One delivery as read, beside the lines that are no rows.

    `connection` shows it as tables `rows`, `problem` and `repair` (see ReadRows), and the text of the
    rows as `delivered_text`; only the latter where the columns do not fit.
    """

    connection: duckdb.DuckDBPyConnection
    text: pa.Table
    read: ReadRows
    malformed: Mapping[str, list[MalformedLine]]
    unknown_headers: list[str]
    missing_headers: list[str]

    @property
    def row_count(self) -> int:
        return int(self.text.num_rows)

    @property
    def columns_fit(self) -> bool:
        return not self.unknown_headers and not self.missing_headers

    @property
    def malformed_count(self) -> int:
        return sum(len(lines) for lines in self.malformed.values())

    @property
    def received(self) -> int:
        return self.row_count + self.malformed_count

    def promise(self, manifest: Manifest) -> Manifest:
        """What the rows can be held to: malformed lines are counted but are no rows, and hide their amounts."""
        if not self.malformed_count:
            return manifest
        return manifest.model_copy(update={"row_count": manifest.row_count - self.malformed_count, "control_sum": None})

    def show_text_of(self, rows: pa.Array) -> None:
        """Show `connection` the text of these rows as `text_of_row`, which has a `row_number` more."""
        shown = self.text.take(rows).append_column("row_number", rows)
        self.connection.register("text_of_row", shown)


def open_batch(delivery: Delivery, keys: PersonKeys) -> Batch:
    """Read all files of the delivery.

    Raises DeliveryHeldError where one cannot be read at all, or too many of its lines are no rows.
    """
    contract = delivery.contract
    texts = [
        text for file in delivery.manifest.files for text in read_delivered_file(delivery.folder / file.name, contract)
    ]
    connection = scratch_database(memory_limit=MEMORY_LIMIT)
    connection.execute(PARSING_SQL)
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    batch = Batch(
        connection=connection,
        text=pa.concat_tables([_as_fields(text, names) for text in texts], promote_options="default"),
        read=NOTHING_READ,
        malformed={text.name: _unplaced(text, set()) for text in texts},
        unknown_headers=list(dict.fromkeys(header for text in texts for header in text.headers if header not in names)),
        missing_headers=[header for header in names if any(header not in text.headers for text in texts)],
    )
    if batch.columns_fit:
        batch = _read(batch, delivery, texts, names, keys)
        _hold_malformed(batch, delivery)
        connection.register("rows", batch.read.rows)
        connection.register("problem", batch.read.problems)
        connection.register("repair", batch.read.repairs)
    else:
        connection.register("delivered_text", batch.text)
    return batch


def _read(
    batch: Batch, delivery: Delivery, texts: Sequence[DeliveredText], names: Mapping[str, str], keys: PersonKeys
) -> Batch:
    """Read the rows; the lines with a delimiter inside an address are among them, recorded as mended."""
    day = min(delivery.manifest.business_date, delivery.known_on)
    reading = Reading(batch.connection, delivery.contract, day, keys)
    files = [SurplusFile(text.name, [names[header] for header in text.headers], text.surplus) for text in texts]
    placed = placed_surplus(reading, files)
    text = pa.concat_tables([batch.text, placed.text.select(batch.text.column_names).cast(batch.text.schema)])
    read = reading.read_rows(text)
    mended = pa.array(range(batch.row_count, text.num_rows), pa.int32())
    return replace(
        batch,
        text=text,
        read=replace(read, repairs=pa.concat_tables([read.repairs, placed.repairs(mended)])),
        malformed={text.name: _unplaced(text, placed.lines) for text in texts},
    )


def _unplaced(text: DeliveredText, placed: Set[tuple[str, int]]) -> list[MalformedLine]:
    surplus = [MalformedLine(line.line) for line in text.surplus if (text.name, line.line) not in placed]
    return sorted([*text.malformed, *surplus], key=lambda malformed: malformed.line)


def _hold_malformed(batch: Batch, delivery: Delivery) -> None:
    if batch.malformed_count > batch.received * TOLERATED_SHARE:
        lines = [line.line for malformed in batch.malformed.values() for line in malformed][:LINES_NAMED]
        files = ", ".join(file.name for file in delivery.manifest.files)
        raise DeliveryHeldError(
            f"{files}: {batch.malformed_count} of {batch.received} lines have other columns than the header, "
            f"the first being {', '.join(map(str, lines))}",
            f"文件 {files}: {batch.received} 行中有 {batch.malformed_count} 行的列数与表头不一致, "
            f"例如第 {', '.join(map(str, lines))} 行",
            batch.received,
        )


def _as_fields(text: DeliveredText, names: Mapping[str, str]) -> pa.Table:
    taken = set(names.values())
    columns = [names.get(name, f"{name} (?)" if name in taken else name) for name in text.rows.column_names]
    rows = text.rows.rename_columns(columns)
    file = pa.DictionaryArray.from_arrays(np.zeros(rows.num_rows, dtype=np.int32), [text.name])
    return rows.append_column("source_file", file)
