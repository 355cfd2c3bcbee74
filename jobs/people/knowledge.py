"""What a state of the layers knew of people's keys, so that a later one can tell whose rows that bears on.

Kept beside the tables under its digest, before any table is marked with it; person keys and no identities.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jobs.people.links import FOLLOWED, KnownPeople
from jobs.steps import fingerprint_of
from warehouse.tables import Warehouse

NOTHING_KNOWN = ""
FOLDER = "people_knowledge"


def keep_knowledge(warehouse: Warehouse, people: KnownPeople) -> str:
    """Keep what is known and return its digest; NOTHING_KNOWN where nobody's key ever changed."""
    knowledge = _as_json(people)
    if not any(knowledge.values()):
        return NOTHING_KNOWN
    digest = fingerprint_of(knowledge)
    path = _path(warehouse, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(knowledge, ensure_ascii=False, sort_keys=True, default=str), encoding="utf-8")
        part.replace(path)
    return digest


def people_touched(warehouse: Warehouse, earlier: str, people: KnownPeople) -> set[str] | None:
    """The keys of those of whom other things are known than in the earlier state; None where that is not kept."""
    before = _read(warehouse, earlier)
    if before is None:
        return None
    now = json.loads(json.dumps(_as_json(people), default=str))
    touched: set[str] = set()
    for pair in _differing(before["followed"], now["followed"]):
        touched |= set(pair)
    for row in _differing(before["linked"], now["linked"]):
        touched.add(row["person_key"])
    for link in _differing(before["links"], now["links"]):
        touched |= {link["former_key"], link["next_key"], link["person_key"]}
    return touched


def closed_over_links(people_sql: str, people: KnownPeople) -> str:
    """SQL for the people of a query under all the keys that they have and had."""
    if not people.follows_links:
        return people_sql
    present = (
        f"select link.person_key from ({people_sql}) as named "
        f"join {FOLLOWED} as link on link.former_key = named.person_key"
    )
    return (
        f"select person_key from ({people_sql}) as named union all {present} "
        f"union all select former_key as person_key from {FOLLOWED} where person_key in "
        f"(select person_key from ({people_sql}) as named union all {present})"
    )


def _as_json(people: KnownPeople) -> dict[str, list[Any]]:
    followed = sorted([link.former_key, link.person_key] for link in people.links if link.standing == "followed")
    linked = [
        {"class": name, **{key: row[key] for key in sorted(row)}}
        for name, rows in sorted(people.linked_rows.items())
        for row in rows
    ]
    links = [
        {
            "former_key": link.former_key,
            "next_key": link.next_key,
            "person_key": link.person_key,
            "standing": link.standing,
            "delivery_id": link.delivery_id,
        }
        for link in people.links
    ]
    return {"followed": followed, "linked": linked, "links": links}


def _read(warehouse: Warehouse, digest: str) -> dict[str, list[Any]] | None:
    if digest == NOTHING_KNOWN:
        return {"followed": [], "linked": [], "links": []}
    path = _path(warehouse, digest)
    if not path.exists():
        return None
    found: dict[str, list[Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _path(warehouse: Warehouse, digest: str) -> Path:
    return warehouse.root / FOLDER / f"{digest}.json"


def _differing(before: Iterable[Any], now: Iterable[Any]) -> Iterable[Any]:
    earlier, later = ({json.dumps(item, sort_keys=True): item for item in items} for items in (before, now))
    return [item for text, item in {**earlier, **later}.items() if (text in earlier) != (text in later)]
