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

from sqlalchemy import ARRAY, DateTime, Select, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from case_service.tables import ActionLogEntry

FIRST_PREVIOUS_HASH = "0" * 64
ENTRIES_READ_AT_ONCE = 1_000
_APPEND = text(
    "select append_to_action_log(:at, :actors, :actions, :subjects, :purposes, :details, :contents)"
).bindparams(
    bindparam("at", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("actors", "actions", "subjects", "purposes", "contents")),
    bindparam("details", type_=ARRAY(JSONB)),
)
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
    in the order in which they became true. PostgreSQL numbers and chains them, see the migration
    `0009_append_in_one_step`.
    """
    if not actions:
        return
    session.flush()
    given = {
        "at": at,
        "actors": [action.actor for action in actions],
        "actions": [action.action for action in actions],
        "subjects": [action.subject for action in actions],
        "purposes": [action.purpose for action in actions],
        "details": [action.details for action in actions],
        "contents": [_hashed_between(at, action) for action in actions],
    }
    session.execute(_APPEND, given)


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


def _hashed_between(at: datetime, action: Action) -> str:
    """What is hashed of an entry, but for its number before and the last entry's hash behind."""
    content = [_moment(at), action.actor, action.action, action.subject, action.purpose, action.details]
    return _written_out(content)[1:-1]


def _hash(entry: ActionLogEntry) -> str:
    return hashlib.sha256(_written_out(_content(entry)).encode()).hexdigest()


def _written_out(content: list[Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _content(entry: ActionLogEntry) -> list[Any]:
    return [
        entry.sequence,
        _moment(entry.at),
        entry.actor,
        entry.action,
        entry.subject,
        entry.purpose,
        entry.details,
        entry.previous_hash,
    ]
