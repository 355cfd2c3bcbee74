"""Drafts a contract from a sample file: what a person then reads, corrects and completes.

Guesses are marked by what they rest on: types by what nearly all cells can be read as, identity
numbers by their checksum, codes by how few different values there are.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from jobs.errors import DeliveryHeldError, SampleError
from jobs.ingest.readers import read_sample
from jobs.sample_format import file_format_of
from schemas.loader import FileFormat, contracts, department_titles
from schemas.row_rules import PARSING_SQL

NEARLY_ALL = 0.95
# Departments' files hold wrong numbers too.
IDENTITY_SHARE = 0.8
MOST_CODES = 20
LEAST_ROWS_PER_CODE = 5
LONGEST_CODE = 12

IDENTITY_BY_HEADER = (
    ("name", re.compile("姓名|名称人|户主名|^name$|_name$", re.I)),
    ("phone", re.compile("电话|手机|phone|mobile", re.I)),
    ("address", re.compile("地址|住址|address", re.I)),
    ("household_number", re.compile("户编号|户号|household_no", re.I)),
)


@dataclass(frozen=True)
class _Column:
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


def draft_contract(sample: Path, extract_class: str, department: str) -> str:
    """The text of a contract for files like the sample. Raises SampleError where it cannot be read."""
    try:
        file_format = file_format_of(sample)
        columns = list(_columns(sample, file_format))
    except (DeliveryHeldError, OSError, UnicodeDecodeError, ValueError) as error:
        raise SampleError(f"{sample} cannot be read as a sample: {error}") from error
    text = yaml.safe_dump(
        _contract(columns, extract_class, department, file_format), allow_unicode=True, sort_keys=False, width=120
    )
    return f"# Drafted from {sample.name}: read every line; TODO marks what only people know.\n{text}"


def _columns(sample: Path, file_format: FileFormat) -> Iterator[_Column]:
    text = read_sample(sample, file_format)
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(PARSING_SQL)
        connection.register("sample", text.rows)
        for header in text.headers:
            yield _column(connection, header)


_KINDS = {
    "number": "read_identity_number(cell) is not null",
    "phone": "regexp_full_match(cell, '1[3-9][0-9]{9}')",
    "date": "read_date(cell) is not null and length(cell) >= 8",
    "month": "regexp_full_match(cell, '(19|20)[0-9]{2}[-/.年]?(0[1-9]|1[0-2])月?')",
    "integer": "regexp_full_match(cell, '0|-?[1-9][0-9]{0,8}')",
    "amount": "read_amount(cell) is not null and not regexp_full_match(cell, '0[0-9]+')",
}


def _column(connection: duckdb.DuckDBPyConnection, header: str) -> _Column:
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
    return _Column(header, given, rows, distinct, longest, kinds, tuple(value for (value,) in values))


def _contract(columns: list[_Column], extract_class: str, department: str, file_format: FileFormat) -> dict[str, Any]:
    number = next((column.header for column in columns if column.mostly("number", IDENTITY_SHARE)), None)
    key = next((column.header for column in columns if column.is_key and not column.mostly("date")), number)
    names = _field_names(columns)
    properties = [
        _field(column, names[column.header], is_number=column.header == number, is_key=column.header == key)
        for column in columns
    ]
    file: dict[str, Any] = {"format": file_format.format}
    if file_format.format == "csv":
        file |= {"encoding": file_format.encoding, "delimiter": file_format.delimiter}
    if file_format.title_rows:
        file["title_rows"] = file_format.title_rows
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": extract_class,
        "name": "TODO 中文名称",
        "version": "0.1.0",
        "status": "draft",
        "domain": department,
        "description": {"purpose": "TODO what one row is", "limitations": "TODO what it cannot say"},
        "authoritativeDefinitions": [
            {"type": "legalBasis", "url": "urn:cn:gov:政务数据共享条例", "description": "TODO legal basis"}
        ],
        "schema": [{"name": extract_class, "logicalType": "object", "properties": properties}],
        "slaProperties": [
            {"property": "frequency", "value": 30, "unit": "d"},
            {"property": "latency", "value": 35, "unit": "d"},
            {"property": "retention", "value": 10, "unit": "y"},
        ],
        "team": {
            "name": department_titles().get(department, "TODO 部门名称"),
            "members": [{"username": "TODO-who-answers", "role": "owner"}],
        },
        "customProperties": [
            {"property": "extractNumber", "value": f"TODO-{extract_class}"},
            {"property": "titleEn", "value": "TODO English title"},
            {"property": "deliveryMode", "value": "full"},
            {"property": "schemaVersion", "value": "1"},
            {"property": "file", "value": file},
        ],
    }


def _field_names(columns: list[_Column]) -> dict[str, str]:
    """A name for every header: the one other contracts give it, the header itself, or a number to replace."""
    fields = [field for contract in contracts().values() for field in contract.fields]
    known = {header: field.name for field in fields for header in field.headers.values()}
    names: dict[str, str] = {}
    for at, column in enumerate(columns, start=1):
        plain = re.sub(r"[^a-z0-9]+", "_", column.header.lower()).strip("_")
        name = known.get(column.header) or (plain if plain[:1].isalpha() else f"field_{at:02d}")
        names[column.header] = name if name not in names.values() else f"{name}_{at:02d}"
    return names


def _field(column: _Column, name: str, is_number: bool, is_key: bool) -> dict[str, Any]:
    identity = "number" if is_number else _identity_of(column)
    logical, physical, custom = ("string", "varchar", []) if identity else _type_of(column)
    field: dict[str, Any] = {
        "name": name,
        "businessName": column.header,
        "description": "TODO meaning",
        "logicalType": logical,
        "physicalType": physical,
        "classification": "identity" if identity else "sensitive",
    }
    if is_number or is_key or column.given == column.rows:
        field["required"] = True
    if is_key:
        field |= {"primaryKey": True, "primaryKeyPosition": 1}
    headers = {"property": "headers", "value": {"1": column.header}}
    field["customProperties"] = [headers, *custom]
    if identity:
        field["customProperties"].append({"property": "identity", "value": identity})
    return field


def _identity_of(column: _Column) -> str | None:
    if column.mostly("number", IDENTITY_SHARE):
        # A second number of a person; the first is the one by which rows are joined.
        return "certificate_number"
    if column.mostly("phone"):
        return "phone"
    return next((kind for kind, pattern in IDENTITY_BY_HEADER if pattern.search(column.header)), None)


def _type_of(column: _Column) -> tuple[str, str, list[dict[str, Any]]]:
    if column.mostly("month"):
        return "date", "date", [{"property": "grain", "value": "month"}]
    if column.mostly("date"):
        return "date", "date", []
    if 0 < column.distinct <= min(MOST_CODES, column.given // LEAST_ROWS_PER_CODE) and column.longest <= LONGEST_CODE:
        return (
            "string",
            "varchar",
            [{"property": "codes", "value": {value: f"TODO {value}" for value in column.values}}],
        )
    if column.mostly("integer"):
        return "integer", "integer", []
    if column.mostly("amount"):
        return "number", "decimal(16,2)", []
    return "string", "varchar", []
