"""Brings a delivery into DuckDB as text, reads it by the contract and tells right rows from wrong ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.errors import DeliveryHeldError
from jobs.identity import Pseudonymiser
from jobs.ingest.arrival import Arrival
from jobs.ingest.readers import DeliveredText, MalformedLine, read_delivered_file
from schemas.delivery import Manifest, file_sm3
from schemas.loader import Contract
from schemas.row_rules import PARSING_SQL, read_batch_sql


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
    def received(self) -> int:
        return self.row_count + sum(len(lines) for lines in self.malformed.values())


def open_batch(delivery: Delivery, pseudonymiser: Pseudonymiser, memory_limit: str = "4GB") -> Batch:
    """Read all files of the delivery. Raises DeliveryHeldError where one cannot be read at all."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "memory_limit": memory_limit})
    connection.execute(PARSING_SQL)
    contract = delivery.contract
    names = {field.headers[contract.schema_version]: field.name for field in contract.fields}
    texts = {
        file.name: read_delivered_file(delivery.folder / file.name, contract.file) for file in delivery.manifest.files
    }
    headers = next(iter(texts.values())).headers
    text = pa.concat_tables([_as_fields(text, name, names) for name, text in texts.items()], promote_options="default")
    connection.register("delivered_text", text)
    batch = Batch(
        connection=connection,
        malformed={name: list(text.malformed) for name, text in texts.items()},
        unknown_headers=[header for header in headers if header not in names],
        missing_headers=[header for header in names if header not in headers],
        row_count=text.num_rows,
    )
    if batch.columns_fit:
        parameters = {"business_date": min(delivery.manifest.business_date, delivery.known_on)}
        sql = read_batch_sql(contract, "delivered_text")
        connection.execute(f"create table rows as {sql}", parameters if "$business_date" in sql else None)
        _add_keys(batch, contract, pseudonymiser)
    return batch


def write_batch(batch: Batch, contract: Contract, path: Path) -> None:
    """Write the batch for judging: the typed fields, or the text as delivered where columns do not fit."""
    select = f"select {', '.join(field.name for field in contract.fields)} from rows"
    if not batch.columns_fit:
        select = "select * exclude (source_file, source_line) from delivered_text"
    batch.connection.execute(f"copy ({select}) to '{path}' (format parquet)")


def _as_fields(text: DeliveredText, file_name: str, names: Mapping[str, str]) -> pa.Table:
    rows = text.rows.rename_columns([names.get(name, name) for name in text.rows.column_names])
    return rows.append_column("source_file", pa.array([file_name] * rows.num_rows, pa.string()))


def _add_keys(batch: Batch, contract: Contract, pseudonymiser: Pseudonymiser) -> None:
    """Table `person` maps identity numbers to keys, table `household` household numbers."""
    connection = batch.connection
    number = contract.identity_field.name
    _register_keys(
        connection, "person", f"select distinct {number} from rows where {number} is not null", pseudonymiser.person_key
    )
    for field in contract.fields:
        if field.identity == "household_number":
            distinct = f"select distinct {field.name} from rows where {field.name} is not null"
            _register_keys(connection, "household", distinct, pseudonymiser.household_key)


def _register_keys(connection: duckdb.DuckDBPyConnection, name: str, distinct: str, key_of: object) -> None:
    numbers = [row[0] for row in connection.execute(distinct).fetchall()]
    keys = [key_of(number) for number in numbers]  # type: ignore[operator]
    table = pa.table({"number": pa.array(numbers, pa.string()), "key": pa.array(keys, pa.string())})
    connection.register(f"{name}_keys", table)
