"""One ugly delivery and what must happen to it, and the plain files that the cases spoil."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.loader import contracts
from tests.jobs.people import on_dibao, registered, settlement

ROWS = 12
PEOPLE: Mapping[str, Callable[..., dict[str, Any]]] = {
    "dibao": on_dibao,
    "household_register": registered,
    "inpatient_settlement": settlement,
}


@dataclass(frozen=True)
class Case:
    """`held` are words that the held sentence must say; without them the counts must come out."""

    name: str
    content: bytes
    extract_class: str = "inpatient_settlement"
    suffix: str = "csv"
    accepted: int = ROWS
    rejected: int = 0
    reasons: frozenset[str] = frozenset()
    repairs: frozenset[str] = frozenset()
    held: str = ""
    # Through the whole of ingest, not only through reading and judging rows.
    whole: bool = False
    row_count: int | None = None


def spoiled(name: str, content: bytes, *reasons: str, **changes: Any) -> Case:
    """A case with one wrong row among the right ones."""
    return Case(name, content, accepted=ROWS - 1, rejected=1, reasons=frozenset(reasons), **changes)


def mended(name: str, content: bytes, *repairs: str, **changes: Any) -> Case:
    """A case in which everything is accepted and something was mended."""
    return Case(name, content, repairs=frozenset(repairs), **changes)


def held(name: str, content: bytes, words: str, **changes: Any) -> Case:
    return Case(name, content, held=words, **changes)


def headers(extract_class: str = "inpatient_settlement") -> list[str]:
    contract = contracts()[extract_class]
    return [field.headers[contract.schema_version] for field in contract.fields]


def table(extract_class: str = "inpatient_settlement", count: int = ROWS, **first: Any) -> list[list[str]]:
    """Header and right rows of the class; `first` changes the first row."""
    fields = [field.name for field in contracts()[extract_class].fields]
    rows = [PEOPLE[extract_class](n, **(first if n == 0 else {})) for n in range(count)]
    return [headers(extract_class), *([str(row.get(field, "")) for field in fields] for row in rows)]


def lines(cells: Sequence[Sequence[str]], delimiter: str = ",") -> list[str]:
    return [delimiter.join(row) for row in cells]


def text(source: Sequence[str], encoding: str = "gb18030", end: str = "\r\n") -> bytes:
    return "".join(line + end for line in source).encode(encoding)


def csv_bytes(extract_class: str = "inpatient_settlement", encoding: str = "gb18030", **first: Any) -> bytes:
    return text(lines(table(extract_class, **first)), encoding)


def inserted(source: Sequence[str], at: int, *extra: str) -> list[str]:
    return [*source[:at], *extra, *source[at:]]


def changed(source: Sequence[str], at: int, old: str, new: str) -> list[str]:
    assert old in source[at], (old, source[at])
    return [*source[:at], source[at].replace(old, new), *source[at + 1 :]]
