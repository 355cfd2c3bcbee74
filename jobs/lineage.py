"""What each layer table is made from, as its SQL says."""

import re
from collections.abc import Sequence
from functools import cache

from jobs.ods import ods_sql_name
from jobs.people.links import ALL_LINKS
from schemas.loader import Contract, contracts
from warehouse.definitions import TableDefinition, layer_definitions, layer_sql

LAYERS = ("dwd", "dws")
NAMED_PERSON = "ods_named_person"

_COMMENT = re.compile(r"--.*")


def layer_tables() -> list[TableDefinition]:
    """The tables of dwd and dws, in the order in which they are built."""
    return [table for layer in LAYERS for table in layer_definitions(layer).values()]


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(re.findall(r":?\w+", _COMMENT.sub("", layer_sql(name))))


def reads_date(table: TableDefinition) -> bool:
    """Whether the table's own SQL reads the business date."""
    return ":as_of" in _words(table.name)


def reads_named_people(table: TableDefinition) -> bool:
    """Whether the table's own SQL asks for everybody whom any class names."""
    return NAMED_PERSON in _words(table.name)


def reads_links(table: TableDefinition) -> bool:
    """Whether the table's own SQL asks for the links between people's keys."""
    return ALL_LINKS in _words(table.name)


def classes_read(table: TableDefinition) -> list[Contract]:
    """The extract classes that the table's own SQL reads; not those that only name people."""
    return _classes_among(_words(table.name))


def _classes_among(words: frozenset[str]) -> list[Contract]:
    names = ((contract, ods_sql_name(contract)) for contract in contracts().values())
    return [contract for contract, name in names if name in words or f"{name}_version" in words]


def reads_versions(table: TableDefinition, contract: Contract) -> bool:
    """Whether the table's own SQL reads all versions of a class's rows, not only those that stand."""
    return f"{ods_sql_name(contract)}_version" in _words(table.name)


def tables_read(table: TableDefinition) -> list[TableDefinition]:
    """The layer tables that the table's own SQL reads."""
    words = _words(table.name)
    return [other for other in layer_tables() if other.sql_name in words]


def upstream(table: TableDefinition) -> Sequence[TableDefinition]:
    """The table after all layer tables that it is made from, in the order in which they are built."""
    return _upstream(table.name)


@cache
def _upstream(name: str) -> tuple[TableDefinition, ...]:
    needed = {name}
    for item in reversed(layer_tables()):
        if item.name in needed:
            needed |= {other.name for other in tables_read(item)}
    return tuple(item for item in layer_tables() if item.name in needed)


@cache
def _words_behind(name: str) -> frozenset[str]:
    return frozenset().union(*(_words(item.name) for item in _upstream(name)))


def downstream(table: TableDefinition) -> Sequence[TableDefinition]:
    """The layer tables that are made from the table, be it through others."""
    return [other for other in layer_tables() if other != table and table in upstream(other)]


def sources(table: TableDefinition) -> list[Contract]:
    """All extract classes that the table is made from, be it through others."""
    words = _words_behind(table.name)
    return list(contracts().values()) if NAMED_PERSON in words else _classes_among(words)


def depends_on_date(table: TableDefinition) -> bool:
    """Whether the business date itself enters into the table, be it through others."""
    return ":as_of" in _words_behind(table.name)
