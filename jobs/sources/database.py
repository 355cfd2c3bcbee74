"""Reads a class from a department's database: row by row from the server's cursor, as text.

The statement is made by SQLAlchemy's expression language, so every database that it knows is read
alike. Nothing is ever written there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Row,
    Select,
    column,
    create_engine,
    inspect,
    null,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from jobs.errors import SettingsError, SourceError, SourceUnreachableError
from jobs.ingest.readers.spreadsheets import cell_text
from jobs.sources.watermark import SHANGHAI, Value
from schemas.database_source import DatabaseSource
from schemas.loader import Contract

ROWS_A_BATCH = 20_000
CONNECT_SECONDS = 15
WATERMARK = "shouwang_watermark"


@dataclass(frozen=True)
class Reading:
    """One class to be read from one database."""

    contract: Contract
    source: DatabaseSource
    url: URL

    @property
    def where(self) -> str:
        """Table and database, without the password."""
        return f"{self.source.name} of {self.url.render_as_string(hide_password=True)}"

    def check(self) -> None:
        """Connect and read nothing. Raises SourceUnreachableError, or SettingsError where a driver is missing."""
        with self._told(), self._connected():
            pass

    def batches(self, start: Value | None) -> Iterator[Sequence[Row[Any]]]:
        """The rows from `start` on, in batches: the promised headers in order, then the watermark.

        A row without a watermark always comes. Raises SourceUnreachableError or SourceError.
        """
        with self._told(), self._connected() as connection:
            found = self._relation(connection)
            rows = connection.execution_options(stream_results=True, yield_per=ROWS_A_BATCH)
            yield from rows.execute(self._statement(found, start)).partitions()

    def _statement(self, relation: FromClause, start: Value | None) -> Select[Any]:
        mark: ColumnElement[Any] = column(self.source.watermark) if self.source.watermark else null()
        headers: list[ColumnElement[Any]] = [column(header) for header in self.contract.headers]
        chosen: Select[Any] = select(*headers, mark.label(WATERMARK)).select_from(relation)
        return chosen if start is None else chosen.where(or_(mark >= start, mark.is_(None)))

    def _relation(self, connection: Connection) -> FromClause:
        wanted = [*self.contract.headers, *([self.source.watermark] if self.source.watermark else [])]
        if self.source.query:
            inner = text(self.source.query.strip().rstrip(";").replace(":", "\\:"))
            return inner.columns(*(column(name) for name in dict.fromkeys(wanted))).subquery("source")
        name = str(self.source.table)
        try:
            there = {item["name"] for item in inspect(connection).get_columns(name, self.source.schema)}
        except NoSuchTableError:
            there = set()
        if not there:
            raise SourceError(
                f"{self.where}: there is no such table, or the account may not see it; {self._who} must grant "
                "reading it, or the data team name the right one in the contract"
            )
        if missing := [header for header in wanted if header not in there]:
            raise SourceError(
                f"{self.where} lacks the columns {', '.join(missing)} (it has {', '.join(sorted(there))}); {self._who} "
                "must bring them back, or the data team mend the contract"
            )
        return table(name, schema=self.source.schema)

    @property
    def _who(self) -> str:
        return f"{self.contract.department_title} ({self.contract.owner})"

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = self._engine()
        try:
            connection = engine.connect()
        except SQLAlchemyError as error:
            raise SourceUnreachableError(
                f"{self.where} cannot be reached: {_first_line(error)}; {self._who} must see that the database answers "
                "this machine, and the system administrator that URL and account are right"
            ) from None
        finally:
            engine.dispose()
        with connection:
            yield connection

    def _engine(self) -> Engine:
        arguments = {"connect_timeout": CONNECT_SECONDS} if self.url.get_backend_name() == "postgresql" else {}
        arguments = {name: value for name, value in arguments.items() if name not in self.url.query}
        try:
            return create_engine(self.url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        except (NoSuchModuleError, ImportError) as error:
            raise SettingsError(
                f"{self.where} needs a driver that is not installed ({error}): the system administrator must install "
                "it beside Shouwang"
            ) from None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says in one sentence what the database said; never a row's values."""
        try:
            yield
        except SQLAlchemyError as error:
            kind = SourceUnreachableError if _was_cut_off(error) else SourceError
            raise kind(
                f"{self.where} could not be read: {_first_line(error)}; {self._who} must mend it, or the data team the "
                "contract"
            ) from None


def source_text(value: object) -> str | None:
    """The text of a database value that the readers understand; a time with a zone becomes local."""
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, datetime) and value.tzinfo:
        return cell_text(value.astimezone(SHANGHAI).replace(tzinfo=None))
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return cell_text(value)


def _was_cut_off(error: SQLAlchemyError) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _first_line(error: SQLAlchemyError) -> str:
    told = str(getattr(error, "orig", None) or error).strip().splitlines()
    return told[0] if told else type(error).__name__
