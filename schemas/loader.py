"""Reads the contracts: one Open Data Contract Standard file per extract class.

What the standard has no word for stands in `customProperties`:

contract: `extractNumber`, `titleEn`, `deliveryMode` (full | incremental), `controlField`,
`schemaVersion`, `file` (format, encoding, delimiter, title_rows); when a person must look:
`completenessGate` (smallest share of the known rows that a full delivery may have), `rowCountJump`
(largest factor between a delivery's rows and its class's last ones), `nullRateJump` (largest rise of
a field's share of empty values).
server: `table` or `query`, `watermark`, `overlap` (see schemas.database_source).
field: `headers` (schema version -> header as delivered), `identity` (number | former_number |
disability_certificate | name | phone | address | household_number | certificate_number), `codes`
(code -> meaning), `notAfter: business_date`, `grain: month` (a date that stands for its month).
`numberInside: disability_certificate` (the number is the one inside a certificate's number).

A class names people by exactly one `number`. Of a `former_number` and of the number inside a
`disability_certificate` the warehouse keeps the key beside the person's.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    SchemaProperty,
    ServiceLevelAgreementProperty,
    Team,
)

from schemas.database_source import DatabaseSource, read_database_source

CONTRACTS_FOLDER = Path(__file__).parent / "contracts"
ROW_RULE_PREFIX = "select count(*) from {object} where "

DAYS_OF_UNIT = {"d": 1, "m": 30, "y": 366}

IdentityKind = Literal[
    "number",
    "former_number",
    "disability_certificate",
    "name",
    "phone",
    "address",
    "household_number",
    "certificate_number",
]
STORED_NAMES = {
    "number": "person_key",
    "former_number": "former_person_key",
    "disability_certificate": "certificate_person_key",
    "household_number": "household_key",
}


class ContractError(Exception):
    """A contract file cannot be used; the message names the file and what to change."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How the department writes its files."""

    format: Literal["csv", "xlsx", "xls", "dbf", "parquet"]
    encoding: str | None = None
    delimiter: str = ","
    title_rows: int = 0


CONTACT_KINDS = {"phone", "address"}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an extract class."""

    name: str
    title: str
    description: str
    physical_type: str
    required: bool
    key_position: int | None
    classification: str
    headers: Mapping[str, str]
    identity: IdentityKind | None
    codes: Mapping[str, str] | None
    minimum: str | None
    pattern: str | None
    not_after_business_date: bool
    is_month: bool
    inside_certificate: bool = False

    @property
    def stored_name(self) -> str | None:
        """The column of the warehouse that holds this field; None where only the vault may."""
        return STORED_NAMES.get(self.identity) if self.identity else self.name


@dataclass(frozen=True, slots=True)
class RowRule:
    """A condition over several fields of one row; `broken_when` is true where it is broken."""

    name: str
    title: str
    broken_when: str


@dataclass(frozen=True, slots=True)
class Contract:
    """One extract class: what the department promised to deliver."""

    extract_class: str
    number: str
    title: str
    title_en: str
    version: str
    schema_version: str
    department: str
    department_title: str
    owner: str
    purpose: str
    limitations: str
    legal_basis: str
    delivery_mode: Literal["full", "incremental"]
    control_field: str | None
    latency_days: int
    file: FileFormat
    fields: tuple[Field, ...]
    row_rules: tuple[RowRule, ...]
    path: Path
    completeness_gate: float = 0.7
    row_count_jump: float = 5.0
    null_rate_jump: float = 0.2
    retention_days: int | None = None
    source: DatabaseSource | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of the schema version in force, in the order of the fields."""
        return tuple(field.headers[self.schema_version] for field in self.fields)

    @property
    def key_fields(self) -> tuple[Field, ...]:
        """The fields that name a row, in order."""
        keyed = [field for field in self.fields if field.key_position is not None]
        return tuple(sorted(keyed, key=lambda field: field.key_position or 0))

    @property
    def identity_field(self) -> Field:
        return next(field for field in self.fields if field.identity == "number")

    @property
    def other_number_fields(self) -> tuple[Field, ...]:
        """The fields that hold a second identity number: a former one, or the one inside a certificate."""
        return tuple(field for field in self.fields if field.identity in ("former_number", "disability_certificate"))

    @property
    def stored_fields(self) -> tuple[Field, ...]:
        """The fields the warehouse keeps as columns."""
        return tuple(field for field in self.fields if field.stored_name is not None)

    @property
    def contact_fields(self) -> tuple[Field, ...]:
        """The fields whose text only the vault keeps, of a class that says how to reach people."""
        identities = tuple(
            field for field in self.fields if field.stored_name is None or field.identity == "disability_certificate"
        )
        return identities if any(field.identity in CONTACT_KINDS for field in identities) else ()


def _custom(properties: list[CustomProperty] | None) -> dict[str, Any]:
    return {str(item.property): item.value for item in properties or []}


def _read_field(source: SchemaProperty, schema_version: str, path: Path) -> Field:
    custom = _custom(source.customProperties)
    options = source.logicalTypeOptions or {}
    headers = custom.get("headers") or {}
    if schema_version not in headers:
        raise ContractError(
            f"{path.name}: field {source.name} has no header for schema version {schema_version}; "
            "add it under customProperties headers."
        )
    return Field(
        name=str(source.name),
        title=source.businessName or str(source.name),
        description=source.description or "",
        physical_type=source.physicalType or "varchar",
        required=bool(source.required),
        key_position=source.primaryKeyPosition if source.primaryKey else None,
        classification=source.classification or "sensitive",
        headers=headers,
        identity=custom.get("identity"),
        codes=custom.get("codes"),
        minimum=None if options.get("minimum") is None else str(options["minimum"]),
        pattern=options.get("pattern"),
        not_after_business_date=custom.get("notAfter") == "business_date",
        is_month=custom.get("grain") == "month",
        inside_certificate=custom.get("numberInside") == "disability_certificate",
    )


def _read_row_rules(source: Any, path: Path) -> tuple[RowRule, ...]:
    rules = []
    for quality in source.quality or []:
        if quality.type != "sql":
            continue
        query = " ".join((quality.query or "").split())
        if not query.startswith(ROW_RULE_PREFIX):
            raise ContractError(
                f"{path.name}: rule {quality.name} must read '{ROW_RULE_PREFIX}…' and so name the rows it breaks on."
            )
        rules.append(RowRule(str(quality.name), quality.description or "", query.removeprefix(ROW_RULE_PREFIX)))
    return tuple(rules)


def _retention_days(service_levels: list[ServiceLevelAgreementProperty]) -> int | None:
    found = [item for item in service_levels if item.property == "retention"]
    return int(float(str(found[0].value)) * DAYS_OF_UNIT[str(found[0].unit or "d")]) if found else None


def read_contract(path: Path) -> Contract:
    """Read one contract file. Raises ContractError where it lacks what ingest needs."""
    source = OpenDataContractStandard(**yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    custom = _custom(source.customProperties)
    missing = [
        name for name in ("extractNumber", "titleEn", "deliveryMode", "schemaVersion", "file") if name not in custom
    ]
    team = source.team
    if missing or not source.schema_ or not isinstance(team, Team) or not team.members:
        raise ContractError(f"{path.name}: add customProperties {missing or ''}, a schema and a team with an owner.")
    schema_object = source.schema_[0]
    service_levels = {item.property: item.value for item in source.slaProperties or []}
    contract = Contract(
        extract_class=str(source.id),
        number=str(custom["extractNumber"]),
        title=source.name or str(source.id),
        title_en=custom["titleEn"],
        version=str(source.version),
        schema_version=str(custom["schemaVersion"]),
        department=str(source.domain),
        department_title=str(team.name),
        owner=str(team.members[0].username),
        purpose=(source.description and source.description.purpose) or "",
        limitations=(source.description and source.description.limitations) or "",
        legal_basis="; ".join(item.description or "" for item in source.authoritativeDefinitions or []),
        delivery_mode=custom["deliveryMode"],
        control_field=custom.get("controlField"),
        latency_days=int(str(service_levels.get("latency", 1))),
        file=FileFormat(**custom["file"]),
        fields=tuple(_read_field(item, str(custom["schemaVersion"]), path) for item in schema_object.properties or []),
        row_rules=_read_row_rules(schema_object, path),
        path=path,
        completeness_gate=float(custom.get("completenessGate", 0.7)),
        row_count_jump=float(custom.get("rowCountJump", 5.0)),
        null_rate_jump=float(custom.get("nullRateJump", 0.2)),
        retention_days=_retention_days(source.slaProperties or []),
        source=read_database_source(source.servers),
    )
    if sum(field.identity == "number" for field in contract.fields) != 1:
        raise ContractError(f"{path.name}: mark exactly one field identity: number; rows are joined to people by it.")
    if not contract.key_fields:
        raise ContractError(f"{path.name}: mark at least one field primaryKey; rows are told apart by it.")
    return contract


def contract_paths() -> list[Path]:
    """All contract files: those that come with the product, and those under SHOUWANG_CONTRACTS_DIR."""
    folders = [CONTRACTS_FOLDER]
    if own := os.environ.get("SHOUWANG_CONTRACTS_DIR"):
        folders.append(Path(own))
    return [path for folder in folders for path in sorted(folder.rglob("*.odcs.yaml"))]


@cache
def contracts() -> Mapping[str, Contract]:
    """All contracts by extract class. Raises ContractError where two describe one class."""
    found: dict[str, Contract] = {}
    for path in contract_paths():
        contract = read_contract(path)
        if contract.extract_class in found:
            other = found[contract.extract_class].path
            raise ContractError(f"{path} and {other} both describe the class {contract.extract_class}; keep one.")
        found[contract.extract_class] = contract
    return found


def department_titles() -> Mapping[str, str]:
    """The Chinese title of every department that delivers anything."""
    return {contract.department: contract.department_title for contract in contracts().values()}
