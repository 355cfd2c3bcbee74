"""Keys for analysts: what joins rows in the published copy joins them there only.

Person, household and family keys, the ids of warnings and orders, the numbers that departments give to bills,
certificates and contracts, and the names of employers are keyed once more, under a secret of its own. Whoever holds the
published copy cannot look anybody up in the case service, in the warehouse or in a department's own system.
"""

from jobs.identity import Pseudonymiser
from warehouse.definitions import Column

# These name models and deliveries, not people.
NAMES_NOBODY = frozenset({"model_id", "delivery_id", "last_delivery_id"})
# The order's number is what staff search by; an episode may be a department's own number. Who works for whom may name a
# person where an employer is small; rows of one employer still meet.
NAMES_SOMEBODY = frozenset({"order_number", "episode", "employer_name"})
DIGITS = 24
# Keys and ids where they stand inside a text, such as the members of a warned household.
KEY_IN_TEXT = r"[a-z]\d+_[0-9a-f]{24}|[A-Z]\d\d-[0-9a-f]{20}"
KIND_OF_KEY = r"^([a-z]\d+_|[A-Z]\d\d-)"


def secrets(pseudonymiser: Pseudonymiser) -> dict[str, str]:
    """The parameters that SQL of `rekeyed` asks for."""
    return {name: pseudonymiser.fingerprint(f"published {name}") for name in ("outer_secret", "inner_secret")}


def is_rekeyed(column: Column) -> bool:
    """Whether the column's values are keyed anew as a whole."""
    if column.name in NAMES_NOBODY:
        return False
    return column.name in NAMES_SOMEBODY or column.name.endswith(("_key", "_id"))


def rekeyed(value: str) -> str:
    """SQL for a value keyed anew; parameters by `secrets`."""
    digest = f"sha256(:outer_secret || sha256(:inner_secret || {value}))"
    return f"regexp_extract({value}, '{KIND_OF_KEY}') || substr({digest}, 1, {DIGITS})"


def text_rekeyed(value: str) -> str:
    """SQL for a text in which every key is keyed anew."""
    found = f"list_distinct(regexp_extract_all({value}, '{KEY_IN_TEXT}'))"
    step = f"lambda text, found: replace(text, found, {rekeyed('found')})"
    replaced = f"list_reduce(list_prepend({value}, {found}), {step})"
    return f"case when regexp_matches({value}, '{KEY_IN_TEXT}') then {replaced} else {value} end"
