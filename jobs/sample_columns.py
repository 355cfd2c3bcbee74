"""What the columns of a sample look like: what share of their cells can be read as which kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from schemas.row_rules import PARSING_SQL

NEARLY_ALL = 0.95
MOST_CODES = 20


@dataclass(frozen=True)
class SampleColumn:
    """What the cells of one column look like, as shares of the cells that say anything."""

    header: str
    given: int
    rows: int
    distinct: int
    longest: int
    shares: Mapping[str, float]
    values: tuple[str, ...]

    @property
    def is_key(self) -> bool:
        return self.given == self.rows == self.distinct

    def mostly(self, kind: str, share: float = NEARLY_ALL) -> bool:
        return self.given > 0 and self.shares[kind] >= share


_KINDS = {
    "number": "read_identity_number(cell) is not null",
    "phone": "regexp_full_match(cell, '1[3-9][0-9]{9}')",
    "date": "read_date(cell) is not null and length(cell) >= 8",
    "month": "regexp_full_match(cell, '(19|20)[0-9]{2}[-/.年]?(0[1-9]|1[0-2])月?')",
    "integer": "regexp_full_match(cell, '0|-?[1-9][0-9]{0,8}')",
    "amount": "read_amount(cell) is not null and not regexp_full_match(cell, '0[0-9]+')",
}


def columns_of(rows: pa.Table) -> Iterator[SampleColumn]:
    """Every column of a sample whose cells are text."""
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(PARSING_SQL)
        connection.register("sample", rows)
        for header in rows.column_names:
            yield _column(connection, header)


def _column(connection: duckdb.DuckDBPyConnection, header: str) -> SampleColumn:
    quoted = header.replace('"', '""')
    cells = f'(select tidy_text("{quoted}") as cell from sample)'
    shares = ", ".join(f"coalesce(avg(({condition})::integer), 0)" for condition in _KINDS.values())
    rows = connection.execute(f"select count(*) from {cells}").fetchall()[0][0]
    given, distinct, longest, *found = connection.execute(
        f"select count(*), count(distinct cell), coalesce(max(length(cell)), 0), {shares} from {cells} "
        "where cell is not null"
    ).fetchall()[0]
    values = connection.execute(
        f"select distinct cell from {cells} where cell is not null order by 1 limit {MOST_CODES}"
    ).fetchall()
    kinds = dict(zip(_KINDS, map(float, found), strict=True))
    return SampleColumn(header, given, rows, distinct, longest, kinds, tuple(value for (value,) in values))
