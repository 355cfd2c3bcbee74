"""Links between person keys: which key stands for the same person now.

A link comes from the police's register (公民身份号码变更) or from a person's decision. Nothing is merged: rows stay
as delivered, and on a date the links known by then let every layer see them under the person's current key.
A link that cannot be true as it stands is not followed; it goes to the review list (dwd.person_review).
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

import pyarrow as pa

from warehouse.engines.engine import Engine
from warehouse.tables import Warehouse, rows_where

Standing = Literal["followed", "claimed_twice", "in_a_circle", "both_registered", "overruled"]

FOLLOWED = "ods_person_link_followed"
TOUCHED = "ods_person_link_touched"
ALL_LINKS = "ods_person_link"
LINK_SOURCES = ("register_event", "household_register")

_CHANGES_SQL = """
select former_person_key as former_key, person_key as next_key, happened_on as valid_from, known_on,
  'register_event' as source_class, delivery_id, source_line
from ods_register_event
where event_kind = '5' and former_person_key is not null and former_person_key <> person_key
"""
# Where the register holds the new number in a snapshot taken after the change and still holds the old one beside it,
# they may be two people.
_BOTH_REGISTERED_SQL = """
with registered as (
  select person_key, operation, period_end,
    row_number() over (
      partition by person_key order by period_end desc nulls last, known_on desc, delivery_id desc
    ) as version_rank
  from ods_household_register_version
  where person_key in (
    select former_key from ods_person_link_claimed union select next_key from ods_person_link_claimed
  )
)
select claimed.former_key, claimed.next_key
from ods_person_link_claimed as claimed
join registered as former on former.person_key = claimed.former_key and former.version_rank = 1
join registered as present on present.person_key = claimed.next_key and present.version_rank = 1
where former.operation <> 'delete' and present.operation <> 'delete' and present.period_end >= claimed.valid_from
"""


@dataclass(frozen=True, slots=True)
class PersonLink:
    """One statement that a key was followed by another, with where it stands.

    `person_key` is the key that stands for the person in the end; without a standing of `followed` it is the
    former key itself.
    """

    former_key: str
    next_key: str
    kind: Literal["changed", "reviewed"]
    valid_from: date | None
    known_on: date
    source_class: str
    delivery_id: str
    source_line: int | None
    person_key: str = ""
    valid_to: date | None = None
    standing: Standing = "followed"


LINK_SCHEMA = pa.schema(
    [
        ("former_key", pa.string()),
        ("next_key", pa.string()),
        ("kind", pa.string()),
        ("valid_from", pa.date32()),
        ("known_on", pa.date32()),
        ("source_class", pa.string()),
        ("delivery_id", pa.string()),
        ("source_line", pa.int32()),
        ("person_key", pa.string()),
        ("valid_to", pa.date32()),
        ("standing", pa.string()),
    ]
)


@dataclass(frozen=True)
class Decided:
    """What holds on a date of all that people decided about keys and rows."""

    links: Sequence[PersonLink]
    rejected: Container[tuple[str, str]]
    linked_rows: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class KnownPeople:
    """What is known of people's keys on a date; `linked_rows` are rows of ods by class that a person linked."""

    links: Sequence[PersonLink]
    linked_rows: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def follows_links(self) -> bool:
        return any(link.standing == "followed" for link in self.links)


def known_people(engine: Engine, decided: Decided) -> KnownPeople:
    """The links that the engine's views of LINK_SOURCES and people's decisions speak of; shown to the engine too."""
    changed = [PersonLink(kind="changed", **row) for row in engine.query(_CHANGES_SQL).to_pylist()]
    engine.register_table("ods_person_link_claimed", _as_table(changed))
    both = engine.query(_BOTH_REGISTERED_SQL).to_pylist() if changed else []
    links = resolved(
        [*changed, *decided.links], {(row["former_key"], row["next_key"]) for row in both}, decided.rejected
    )
    _register_links(engine, links)
    return KnownPeople(links, decided.linked_rows)


def resolved(
    links: Iterable[PersonLink],
    both_registered: Container[tuple[str, str]] = (),
    rejected: Container[tuple[str, str]] = (),
) -> list[PersonLink]:
    """The links with their standings and the keys they lead to; what a person decided overrules the register.

    Chains are followed to their end. A former key that two people claim, and keys that lead back to themselves,
    are not followed at all.
    """
    every = sorted(set(links), key=_order)
    decided = {link.former_key: link.next_key for link in every if link.kind == "reviewed"}
    standing: dict[PersonLink, Standing] = {}
    for link in every:
        pair = (link.former_key, link.next_key)
        if link.kind == "changed" and (
            decided.get(link.former_key, link.next_key) != link.next_key or pair in rejected
        ):
            standing[link] = "overruled"
        elif link.kind == "changed" and pair in both_registered and link.former_key not in decided:
            standing[link] = "both_registered"
    nexts = _nexts(link for link in every if link not in standing)
    circle = {key for key in nexts if _leads_back(key, nexts)}
    ends = _Ends({key: targets for key, targets in nexts.items() if key not in circle})
    for link in every:
        if link.former_key in circle and link not in standing:
            standing[link] = "in_a_circle"
        elif ends.is_claimed_twice(link.former_key) and link not in standing:
            standing[link] = "claimed_twice"
    return [_placed(link, standing.get(link, "followed"), ends, every) for link in every]


def _order(link: PersonLink) -> tuple[object, ...]:
    return link.former_key, link.known_on, link.next_key, link.kind, link.delivery_id, link.source_line or 0


def _placed(link: PersonLink, standing: Standing, ends: "_Ends", every: Sequence[PersonLink]) -> PersonLink:
    if standing != "followed":
        return replace(link, standing=standing, person_key=link.former_key)
    later = [other.valid_from for other in every if other.former_key == link.next_key and other.valid_from]
    valid_to = min(later) - timedelta(days=1) if later and ends.of(link.next_key) != link.next_key else None
    return replace(link, person_key=ends.of(link.former_key), valid_to=valid_to)


def _nexts(links: Iterable[PersonLink]) -> dict[str, set[str]]:
    nexts: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        nexts[link.former_key].add(link.next_key)
    return dict(nexts)


def _leads_back(key: str, nexts: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = list(nexts[key])
    while ahead:
        at = ahead.pop()
        if at == key:
            return True
        if at not in seen:
            seen.add(at)
            ahead += nexts.get(at, ())
    return False


class _Ends:
    """Where each key leads in the end; a key whose ways part leads nowhere but to itself."""

    def __init__(self, nexts: Mapping[str, set[str]]) -> None:
        self._nexts = nexts
        self._ends: dict[str, set[str]] = {}

    def of(self, key: str) -> str:
        ends = self._ends_of(key)
        return next(iter(ends)) if len(ends) == 1 else key

    def is_claimed_twice(self, key: str) -> bool:
        return len(self._ends_of(key)) > 1

    def _ends_of(self, key: str) -> set[str]:
        if key not in self._ends:
            targets = self._nexts.get(key, set())
            self._ends[key] = {self.of(target) for target in targets} or {key}
        return self._ends[key]


def _as_table(links: Iterable[PersonLink]) -> pa.Table:
    return pa.Table.from_pylist([asdict(link) for link in links], schema=LINK_SCHEMA)


def former_keys(warehouse: Warehouse) -> dict[str, list[str]]:
    """The keys that a person had before, the last one first, by the key of now; from the layers as they stand."""
    if not warehouse.exists("dwd.person_link"):
        return {}
    return _by_key_of_now(warehouse.rows("dwd.person_link", rows_where(standing="followed")).to_pylist())


def former_keys_shown(engine: Engine) -> dict[str, list[str]]:
    """The same, from the layers that the engine is shown."""
    return _by_key_of_now(engine.query("select * from dwd_person_link where standing = 'followed'").to_pylist())


def _by_key_of_now(links: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for link in sorted(links, key=lambda link: link["valid_from"] or link["known_on"], reverse=True):
        if link["former_key"] not in found[link["person_key"]]:
            found[link["person_key"]].append(link["former_key"])
    return dict(found)


def _register_links(engine: Engine, links: Sequence[PersonLink]) -> None:
    followed = {link.former_key: link.person_key for link in links if link.standing == "followed"}
    pairs = [{"former_key": former, "person_key": key} for former, key in sorted(followed.items())]
    touched = [{"person_key": key} for key in sorted(followed.keys() | set(followed.values()))]
    keys = pa.schema([("former_key", pa.string()), ("person_key", pa.string())])
    engine.register_table(ALL_LINKS, _as_table(links))
    engine.register_table(FOLLOWED, pa.Table.from_pylist(pairs, schema=keys))
    engine.register_table(TOUCHED, pa.Table.from_pylist(touched, schema=keys.remove(0)))
