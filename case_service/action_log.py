"""The record of actions: append-only, and chained so that a change behind our back shows.

Reads of personal data are actions too, with their purpose. Subjects are order numbers,
unit codes and usernames, never a person's name or identity number.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from case_service.tables import ActionLogEntry

FIRST_PREVIOUS_HASH = "0" * 64
CHAIN_LOCK = 7_340_002
ENTRIES_READ_AT_ONCE = 1_000
_FIELDS = ("sequence", "at", "actor", "action", "subject", "purpose", "details", "previous_hash")


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody did: `actor` is a username, or the name of a service."""

    actor: str
    action: str
    subject: str
    purpose: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """What checking the chain found; `head` is worth keeping outside this database."""

    entry_count: int
    head: str
    broken_at: int | None


def record(session: Session, at: datetime, actions: Sequence[Action]) -> None:
    """Append `actions` in this transaction.

    Call it last: it holds the chain's lock until the transaction ends, so that entries stand
    in the order in which they became true.
    """
    if not actions:
        return
    session.execute(select(func.pg_advisory_xact_lock(CHAIN_LOCK)))
    last = session.execute(
        select(ActionLogEntry.sequence, ActionLogEntry.entry_hash).order_by(ActionLogEntry.sequence.desc()).limit(1)
    ).one_or_none()
    sequence, previous = last or (0, FIRST_PREVIOUS_HASH)
    for action in actions:
        sequence += 1
        entry = _entry(sequence, at, action, previous)
        session.add(entry)
        previous = entry.entry_hash
    session.flush()


def verify(session: Session) -> Verification:
    """Walk the whole chain and say where it first fails to hold, if anywhere."""
    previous, count = FIRST_PREVIOUS_HASH, 0
    for entry in session.scalars(all_entries()):
        holds = entry.previous_hash == previous and entry.entry_hash == _hash(entry) and entry.sequence == count + 1
        if not holds:
            return Verification(count, previous, broken_at=entry.sequence)
        previous, count = entry.entry_hash, count + 1
    return Verification(count, previous, broken_at=None)


def all_entries() -> Select[ActionLogEntry]:
    """The whole record in its order, read a thousand entries at a time."""
    entries = select(ActionLogEntry).order_by(ActionLogEntry.sequence)
    return entries.execution_options(yield_per=ENTRIES_READ_AT_ONCE)


def as_line(entry: ActionLogEntry) -> str:
    """An entry as a line of JSON, with all that its hash is made of."""
    return (
        json.dumps(dict(zip(_FIELDS, _content(entry), strict=True)) | {"hash": entry.entry_hash}, ensure_ascii=False)
        + "\n"
    )


def _entry(sequence: int, at: datetime, action: Action, previous_hash: str) -> ActionLogEntry:
    entry = ActionLogEntry(
        sequence=sequence,
        at=at,
        actor=action.actor,
        action=action.action,
        subject=action.subject,
        purpose=action.purpose,
        details=action.details,
        previous_hash=previous_hash,
    )
    entry.entry_hash = _hash(entry)
    return entry


def _hash(entry: ActionLogEntry) -> str:
    return hashlib.sha256(json.dumps(_content(entry), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _content(entry: ActionLogEntry) -> list[Any]:
    return [
        entry.sequence,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.action,
        entry.subject,
        entry.purpose,
        entry.details,
        entry.previous_hash,
    ]
