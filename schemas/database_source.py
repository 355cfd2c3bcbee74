"""What a contract says of the database that a class may be read from: its `servers` entry.

Facts of the class stand here: which table or query, and which column tells what is new. The
database's address with its credentials never does; an installation keeps that apart, under the
server's name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from open_data_contract_standard.model import Server

SERVER_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """Where and how a class is read from a department's database.

    `overlap` is how far below the last watermark is read again, for rows that were committed late:
    minutes for a time, the column's own unit for a number.
    """

    server: str
    schema: str | None
    table: str | None
    query: str | None
    watermark: str | None
    overlap: int | None

    @property
    def name(self) -> str:
        """What is read, for people."""
        table = f"{self.schema}.{self.table}" if self.schema else str(self.table)
        return table if self.table else "the contract's query"


def read_database_source(servers: Sequence[Server] | None) -> DatabaseSource | None:
    """The first server that names a table or a query; None where files are delivered."""
    for server in servers or []:
        custom: Mapping[str, Any] = {str(item.property): item.value for item in server.customProperties or []}
        if "table" in custom or "query" in custom:
            return DatabaseSource(
                server=str(server.server),
                schema=server.schema_,
                table=custom.get("table"),
                query=custom.get("query"),
                watermark=custom.get("watermark"),
                overlap=custom.get("overlap"),
            )
    return None


def source_failures(source: DatabaseSource, delivery_mode: str) -> Iterator[str]:
    """Why a class cannot be read as its `servers` entry says."""
    if not SERVER_NAME.fullmatch(source.server):
        yield f"server {source.server!r} must be lower case words joined by '_'; its address is kept under this name"
    if source.table and source.query:
        yield f"server {source.server} names a table and a query; keep one"
    if source.overlap is not None and (type(source.overlap) is not int or source.overlap < 0):
        yield f"server {source.server}: overlap {source.overlap!r} must be a whole number, 0 or more"
    if source.watermark is None and delivery_mode == "incremental":
        yield (
            f"server {source.server} names no watermark: then every night takes the whole table for a complete "
            "snapshot, and what is gone from an incremental class would be deleted"
        )
