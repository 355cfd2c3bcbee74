"""Checks all contracts together: whether each can be read, and whether what it says can be done."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import duckdb
import yaml

from schemas.database_source import source_failures
from schemas.loader import Contract, ContractError, Field, IdentityKind, contract_paths, read_contract
from schemas.row_rules import PARSING_SQL, broken_rules_sql, read_values_sql, typed_expression

CLASS_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PHYSICAL_TYPE = re.compile(r"varchar|integer|bigint|double|boolean|date|decimal\(\d+, ?\d+\)")
ANY_DAY = "date '2000-01-01'"
CLASSIFICATIONS = {"identity", "sensitive", "public"}


def contract_failures(paths: Sequence[Path] | None = None) -> list[str]:
    """Everything that is wrong with the contract files, all together; [] where nothing is."""
    found: list[str] = []
    readable: list[Contract] = []
    for path in contract_paths() if paths is None else paths:
        try:
            readable.append(read_contract(path))
        except (ContractError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            text = str(error)
            found.append(text if text.startswith(path.name) else f"{path.name}: {text}")
    for contract in readable:
        found += [f"{contract.path.name}: {failure}" for failure in _failures_of(contract)]
    return found + list(_shared(readable))


def _failures_of(contract: Contract) -> Iterator[str]:
    if not CLASS_NAME.fullmatch(contract.extract_class):
        yield f"id {contract.extract_class!r} must be lower case words joined by '_'"
    if contract.delivery_mode not in ("full", "incremental"):
        yield f"deliveryMode {contract.delivery_mode!r} must be full or incremental"
    if contract.control_field and contract.control_field not in {field.name for field in contract.fields}:
        yield f"controlField {contract.control_field} is no field"
    if not contract.legal_basis:
        yield "add authoritativeDefinitions with the legal basis"
    if contract.retention_days is None:
        yield "add slaProperties retention"
    if contract.source:
        yield from source_failures(contract.source, contract.delivery_mode)
    yield from _shared_names(contract)
    for field in contract.fields:
        yield from (f"field {field.name}: {failure}" for failure in _field_failures(field))
    yield from _sql_failures(contract)


def _shared_names(contract: Contract) -> Iterator[str]:
    headers = list(contract.headers)
    names = [field.name for field in contract.fields]
    for kind, given in (("name", names), ("header", headers)):
        for value in sorted({value for value in given if given.count(value) > 1}):
            yield f"two fields have the {kind} {value}"


def _field_failures(field: Field) -> Iterator[str]:
    if not PHYSICAL_TYPE.fullmatch(field.physical_type):
        yield f"unknown physicalType {field.physical_type!r}"
    if field.classification not in CLASSIFICATIONS:
        yield f"classification {field.classification!r} must be one of {', '.join(sorted(CLASSIFICATIONS))}"
    if field.identity is not None and field.identity not in get_args(IdentityKind):
        yield f"identity {field.identity!r} must be one of {', '.join(get_args(IdentityKind))}"
    if field.identity is not None and field.classification != "identity":
        yield "what identifies a person must be classified identity"
    if not field.description:
        yield "add a description"


def _sql_failures(contract: Contract) -> Iterator[str]:
    """What DuckDB says to the SQL that the contract becomes, rules included."""
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute(PARSING_SQL)
        connection.execute("create table delivered (delivered_text varchar)")
        typed = ", ".join(f"{typed_expression(field, 'delivered_text')} as {field.name}" for field in contract.fields)
        texts = [read_values_sql(field, "delivered") for field in contract.fields]
        rules = broken_rules_sql(contract, f"(select 0 as row_number, {typed} from delivered)")
        for sql in [*texts, rules] if rules else texts:
            try:
                connection.execute(f"select * from ({sql.replace('$business_date', ANY_DAY)}) limit 0")
            except duckdb.Error as error:
                yield f"its rules and types make no SQL: {str(error).splitlines()[0]}"
                return


def _shared(contracts: Sequence[Contract]) -> Iterator[str]:
    for name in ("extract_class", "number"):
        given = [getattr(contract, name) for contract in contracts]
        for value in sorted({value for value in given if given.count(value) > 1}):
            files = ", ".join(str(item.path.name) for item in contracts if getattr(item, name) == value)
            yield f"{files}: the same {name.replace('_', ' ')} {value}"
