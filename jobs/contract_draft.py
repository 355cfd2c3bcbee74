"""Drafts a contract from a sample file: what a person then reads, corrects and completes.

Guesses are marked by what they rest on: types by what nearly all cells can be read as, identity
numbers by their checksum, codes by how few different values there are.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from jobs.errors import SampleError
from jobs.ingest.readers import UnreadableFileError, read_sample
from jobs.sample_columns import MOST_CODES, SampleColumn, columns_of
from schemas.loader import contracts, department_titles

# Departments' files hold wrong numbers too.
IDENTITY_SHARE = 0.8
LEAST_ROWS_PER_CODE = 5
LONGEST_CODE = 12

IDENTITY_BY_HEADER = (
    ("name", re.compile("姓名|名称人|户主名|^name$|psn_name|person_name", re.I)),
    ("phone", re.compile("电话|手机|phone|mobile", re.I)),
    ("address", re.compile("地址|住址|address", re.I)),
    ("household_number", re.compile("户编号|户号|household_no", re.I)),
)


def draft_contract(sample: Path, extract_class: str, department: str) -> str:
    """The text of a contract for files like the sample. Raises SampleError where it cannot be read."""
    try:
        delivered = read_sample(sample)
    except (OSError, UnreadableFileError) as error:
        raise SampleError(f"{sample} cannot be read as a sample: {error}") from error
    rows = delivered.rows.drop_columns(["source_line"])
    if not rows.num_rows:
        raise SampleError(f"{sample} cannot be read as a sample: it holds no rows under a header; give a filled one")
    text = yaml.safe_dump(
        _contract(list(columns_of(rows)), extract_class, department, _file_of(delivered.findings)),
        allow_unicode=True,
        sort_keys=False,
        width=120,
    )
    return f"# Drafted from {sample.name}: read every line; TODO marks what only people know.\n{text}"


def _file_of(findings: Mapping[str, Any]) -> dict[str, Any]:
    """What to promise of the file, from what was found; what is HTML inside comes as .xls."""
    found = "xls" if findings["format"] == "html" else findings["format"]
    file = {"format": found, **{name: findings[name] for name in ("encoding", "delimiter") if found == "csv"}}
    title_rows = findings.get("header_line", 1) - 1
    return file | ({"title_rows": title_rows} if title_rows and found != "csv" else {})


def _contract(
    columns: list[SampleColumn], extract_class: str, department: str, file: Mapping[str, Any]
) -> dict[str, Any]:
    number = next((column.header for column in columns if column.mostly("number", IDENTITY_SHARE)), None)
    key = next((column.header for column in columns if column.is_key and not column.mostly("date")), number)
    names = _field_names(columns)
    properties = [
        _field(column, names[column.header], is_number=column.header == number, is_key=column.header == key)
        for column in columns
    ]
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
            {"property": "file", "value": dict(file)},
        ],
    }


def _field_names(columns: list[SampleColumn]) -> dict[str, str]:
    """A name for every header: the one other contracts give it, the header itself, or a number to replace."""
    fields = [field for contract in contracts().values() for field in contract.fields]
    known = {header: field.name for field in fields for header in field.headers.values()}
    names: dict[str, str] = {}
    for at, column in enumerate(columns, start=1):
        plain = re.sub(r"[^a-z0-9]+", "_", column.header.lower()).strip("_")
        name = known.get(column.header) or (plain if plain[:1].isalpha() else f"field_{at:02d}")
        names[column.header] = name if name not in names.values() else f"{name}_{at:02d}"
    return names


def _field(column: SampleColumn, name: str, is_number: bool, is_key: bool) -> dict[str, Any]:
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


def _identity_of(column: SampleColumn) -> str | None:
    if column.mostly("number", IDENTITY_SHARE):
        # A second number of a person; the first is the one by which rows are joined.
        return "certificate_number"
    if column.mostly("phone"):
        return "phone"
    return next((kind for kind, pattern in IDENTITY_BY_HEADER if pattern.search(column.header)), None)


def _type_of(column: SampleColumn) -> tuple[str, str, list[dict[str, Any]]]:
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
