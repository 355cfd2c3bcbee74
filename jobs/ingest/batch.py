"""Brings a delivery into DuckDB as text, reads it by the contract and tells right rows from wrong ones."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.errors import DeliveryHeldError
from jobs.identity import Pseudonymiser
from jobs.ingest.arrival import Arrival
from jobs.ingest.readers import DeliveredText, MalformedLine, read_delivered_file
from jobs.ingest.surplus import SurplusFile, place_surplus
from schemas.delivery import Manifest, file_sm3
from schemas.expectations import TOLERATED_SHARE
from schemas.loader import Contract, Field
from schemas.row_rules import PARSING_SQL, read_batch_sql

LINES_NAMED = 5


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
    """One delivery inside DuckDB: table `rows` (see read_batch_sql), and the lines that are no rows."""

    connection: duckdb.DuckDBPyConnection
    malformed: Mapping[str, list[MalformedLine]]
    unknown_headers: list[str]
    missing_headers: list[str]
    row_count: int

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


def open_batch(delivery: Delivery, pseudonymiser: Pseudonymiser, memory_limit: str = "4GB") -> Batch:
    """Read all files of the delivery.

    Raises DeliveryHeldError where one cannot be read at all, or too many of its lines are no rows.
    """
    contract = delivery.contract
    texts = [
        text for file in delivery.manifest.files for text in read_delivered_file(delivery.folder / file.name, contract)
    ]
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "memory_limit": memory_limit})
    connection.execute(PARSING_SQL)
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    text = pa.concat_tables([_as_fields(text, names) for text in texts], promote_options="default")
    connection.register("delivered_text", text)
    batch = Batch(
        connection=connection,
        malformed={text.name: _unplaced(text, set()) for text in texts},
        unknown_headers=list(dict.fromkeys(header for text in texts for header in text.headers if header not in names)),
        missing_headers=[header for header in names if any(header not in text.headers for text in texts)],
        row_count=text.num_rows,
    )
    if batch.columns_fit:
        batch = _read_rows(batch, delivery, texts, names)
        _hold_malformed(batch, delivery)
        _add_keys(batch, contract, pseudonymiser)
    return batch


def _read_rows(batch: Batch, delivery: Delivery, texts: Sequence[DeliveredText], names: Mapping[str, str]) -> Batch:
    """Create `rows`; the lines with a delimiter inside an address are among them."""
    sql = read_batch_sql(delivery.contract, "delivered_text")
    day = min(delivery.manifest.business_date, delivery.known_on)
    parameters = {"business_date": day} if "$business_date" in sql else None
    batch.connection.execute(f"create table rows as {sql}", parameters)
    files = [SurplusFile(text.name, [names[header] for header in text.headers], text.surplus) for text in texts]
    placed = place_surplus(batch.connection, delivery.contract, files, parameters)
    malformed = {text.name: _unplaced(text, placed) for text in texts}
    return replace(batch, malformed=malformed, row_count=batch.row_count + len(placed))


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


def write_batch(batch: Batch, contract: Contract, path: Path) -> None:
    """Write the batch for judging: the typed fields, or the text as delivered where columns do not fit."""
    select = f"select {', '.join(field.name for field in contract.fields)} from rows"
    if not batch.columns_fit:
        select = "select * exclude (source_file, source_line) from delivered_text"
    batch.connection.execute(f"copy ({select}) to '{path}' (format parquet)")


def _as_fields(text: DeliveredText, names: Mapping[str, str]) -> pa.Table:
    taken = set(names.values())
    columns = [names.get(name, f"{name} (?)" if name in taken else name) for name in text.rows.column_names]
    rows = text.rows.rename_columns(columns)
    return rows.append_column("source_file", pa.repeat(pa.scalar(text.name, pa.string()), rows.num_rows))


def _add_keys(batch: Batch, contract: Contract, pseudonymiser: Pseudonymiser) -> None:
    """`person_keys` maps identity numbers to keys, `household_keys` household numbers."""
    connection = batch.connection
    numbers = [contract.identity_field.name, *map(other_number, contract.other_number_fields)]
    named = " union ".join(f"select {number} as number from rows" for number in numbers)
    distinct = f"select distinct number from ({named}) where number is not null"
    _register_keys(connection, "person", distinct, pseudonymiser.person_key)
    for field in contract.fields:
        if field.identity == "household_number":
            distinct = f"select distinct {field.name} from rows where {field.name} is not null"
            _register_keys(connection, "household", distinct, pseudonymiser.household_key)


def other_number(field: Field) -> str:
    """SQL over `rows` for the identity number in a field that holds a second one."""
    name = f"rows.{field.name}"
    return f"certificate_identity({name})" if field.identity == "disability_certificate" else name


def _register_keys(connection: duckdb.DuckDBPyConnection, name: str, distinct: str, key_of: object) -> None:
    numbers = [row[0] for row in connection.execute(distinct).fetchall()]
    keys = [key_of(number) for number in numbers]  # type: ignore[operator]
    table = pa.table({"number": pa.array(numbers, pa.string()), "key": pa.array(keys, pa.string())})
    connection.register(f"{name}_keys", table)
