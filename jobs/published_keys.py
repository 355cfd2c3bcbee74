"""Keys for analysts: what joins rows in the published copy joins them there only.

Person, household and family keys, the ids of warnings and orders, and the numbers that departments give to bills,
certificates and contracts are keyed once more, under a secret of its own. Whoever holds the published copy cannot look
anybody up in the case service, in the warehouse or in a department's own system.
"""

from jobs.identity import Pseudonymiser
from warehouse.definitions import Column, TableDefinition

# These name models and deliveries, not people.
NAMES_NOBODY = frozenset({"model_id", "delivery_id", "last_delivery_id"})
# The order's number is what staff search by; an episode may be a department's own number.
NAMES_SOMEBODY = frozenset({"order_number", "episode"})
DIGITS = 24
# Keys and ids where they stand inside a text, such as the members of a warned household.
KEY_IN_TEXT = r"[a-z]\d+_[0-9a-f]{24}|[A-Z]\d\d-[0-9a-f]{20}"
KIND_OF_KEY = r"^([a-z]\d+_|[A-Z]\d\d-)"


def secrets(pseudonymiser: Pseudonymiser) -> dict[str, str]:
    """The parameters that `select_rekeyed` asks for."""
    return {name: pseudonymiser.fingerprint(f"published {name}") for name in ("outer_secret", "inner_secret")}


def select_rekeyed(table: TableDefinition) -> str:
    """The select that gives a table's rows as analysts see them. For DuckDB; parameters by `secrets`."""
    return f"select {', '.join(_as_published(table, column) for column in table.columns)} from {table.sql_name}"


def is_rekeyed(column: Column) -> bool:
    """Whether the column's values are keyed anew as a whole."""
    if column.name in NAMES_NOBODY:
        return False
    return column.name in NAMES_SOMEBODY or column.name.endswith(("_key", "_id"))


def _as_published(table: TableDefinition, column: Column) -> str:
    name = f'"{column.name}"'
    if is_rekeyed(column):
        return f"{_rekeyed(name)} as {name}"
    if table.layer == "ads" and column.physical_type == "varchar":
        return f"{_text_rekeyed(name)} as {name}"
    return name


def _rekeyed(value: str) -> str:
    digest = f"sha256(:outer_secret || sha256(:inner_secret || {value}))"
    return f"regexp_extract({value}, '{KIND_OF_KEY}') || substr({digest}, 1, {DIGITS})"


def _text_rekeyed(value: str) -> str:
    found = f"list_distinct(regexp_extract_all({value}, '{KEY_IN_TEXT}'))"
    step = f"lambda text, found: replace(text, found, {_rekeyed('found')})"
    replaced = f"list_reduce(list_prepend({value}, {found}), {step})"
    return f"case when regexp_matches({value}, '{KEY_IN_TEXT}') then {replaced} else {value} end"
