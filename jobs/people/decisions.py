"""What people decided on the review list: `ops.link_decision`, to which lines are only added.

The last decision on a subject holds. Withdrawing one leaves everything as before it was made, and what was known
on an earlier date stays known as of that date.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from jobs.errors import DecisionError
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.people.links import Decided, PersonLink
from schemas.loader import contracts
from warehouse.definitions import arrow_type, definition
from warehouse.tables import rows_until

TABLE = "ops.link_decision"
LINKED_ROWS = "quarantine.linked_row"
ROW_PREFIX = "r"

Verdict = Literal["accepted", "rejected", "withdrawn"]


@dataclass(frozen=True)
class LinkDecision:
    """Who decided whether a subject (a person key, or the key of a row) is a person, and why."""

    subject_key: str
    person_key: str
    verdict: Verdict
    reason: str
    decided_by: str
    decided_at: datetime
    business_date: date


def decided_on(installation: Installation, as_of: date) -> Decided:
    """What holds on the date, as the layers need it."""
    standing = standing_decisions(installation, as_of)
    accepted = {item.subject_key: item for item in standing if item.verdict == "accepted"}
    rows = _linked_rows(installation, accepted)
    places = {row["subject_key"]: row for row in rows}
    return Decided(
        [_as_link(item, places.get(key, {})) for key, item in accepted.items()],
        {(item.subject_key, item.person_key) for item in standing if item.verdict == "rejected"},
        _by_class(installation, rows, accepted, as_of),
    )


def decisions(installation: Installation, as_of: date | None = None) -> list[LinkDecision]:
    """All decisions taken for dates up to `as_of`, oldest first."""
    if not installation.warehouse.exists(TABLE):
        return []
    where = rows_until("business_date", as_of) if as_of else None
    rows = installation.warehouse.rows(TABLE, where).to_pylist()
    return sorted((LinkDecision(**row) for row in rows), key=lambda item: item.decided_at)


def standing_decisions(installation: Installation, as_of: date) -> list[LinkDecision]:
    """The last decision on each pair, and of accepted ones the last for each subject."""
    last: dict[tuple[str, str], LinkDecision] = {}
    for item in decisions(installation, as_of):
        if item.verdict == "accepted":
            last = {
                pair: other
                for pair, other in last.items()
                if pair[0] != item.subject_key or other.verdict != "accepted"
            }
        last[item.subject_key, item.person_key] = item
    return [item for item in last.values() if item.verdict != "withdrawn"]


def record(installation: Installation, decision: LinkDecision) -> LinkDecision:
    """Add the decision. Raises DecisionError without a reason, or where there is nothing to withdraw."""
    if not decision.reason.strip():
        raise DecisionError("Give a reason: whoever reads this in a year must understand it.")
    standing = standing_decisions(installation, decision.business_date)
    pairs = {(item.subject_key, item.person_key) for item in standing}
    if decision.verdict == "withdrawn" and (decision.subject_key, decision.person_key) not in pairs:
        raise DecisionError(
            f"Nothing is decided on {decision.subject_key} and {decision.person_key}, so nothing can be withdrawn."
        )
    table = definition(TABLE)
    installation.warehouse.replace_rows(table, pa.Table.from_pylist([asdict(decision)], schema=table.schema), None)
    return decision


def _as_link(item: LinkDecision, row: Mapping[str, Any]) -> PersonLink:
    return PersonLink(
        former_key=item.subject_key,
        next_key=item.person_key,
        kind="reviewed",
        valid_from=None,
        known_on=item.business_date,
        source_class=row.get("extract_class", ""),
        delivery_id=row.get("delivery_id", ""),
        source_line=row.get("source_line"),
    )


def _linked_rows(installation: Installation, accepted: Iterable[str]) -> list[dict[str, Any]]:
    wanted = {key for key in accepted if key.startswith(ROW_PREFIX)}
    if not wanted or not installation.warehouse.exists(LINKED_ROWS):
        return []
    rows = installation.warehouse.rows(LINKED_ROWS).to_pylist()
    return [row for row in rows if row["subject_key"] in wanted]


def _by_class(
    installation: Installation,
    rows: Iterable[Mapping[str, Any]],
    decided: Mapping[str, LinkDecision],
    as_of: date,
) -> dict[str, list[dict[str, Any]]]:
    """The linked rows as ods has them: known from the decision on, under the key of the row.

    A row of a complete snapshot is gone once a later snapshot is known: whether that has it too is another decision.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        version = {
            "known_on": decided[row["subject_key"]].business_date,
            "operation": "insert",
            "delivery_id": row["delivery_id"],
            "source_line": row["source_line"],
            "row_hash": row["row_hash"],
            "period_end": row["period_end"],
            **from_json(json.loads(row["content"])),
            "person_key": row["subject_key"],
        }
        versions = found.setdefault(row["extract_class"], [])
        versions.append(version)
        if later := _later_snapshot(installation, row, as_of):
            gone_on = max(later.business_date, version["known_on"])
            versions.append({**version, "operation": "delete", "known_on": gone_on, "period_end": later.period_end})
    return found


def _later_snapshot(installation: Installation, row: Mapping[str, Any], as_of: date) -> ledger.DeliveryRecord | None:
    if contracts()[row["extract_class"]].delivery_mode != "full":
        return None
    later = [
        record
        for record in ledger.records(installation, extract_class=row["extract_class"], status="ingested", mode="full")
        if record.business_date <= as_of and record.period_end > row["period_end"]
    ]
    return min(later, key=lambda record: (record.period_end, record.business_date), default=None)


def as_json(content: Mapping[str, Any], types: Mapping[str, str]) -> str:
    """Typed values as text that `from_json` reads back."""
    return json.dumps(
        {name: None if value is None else [types[name], str(value)] for name, value in content.items()},
        ensure_ascii=False,
        sort_keys=True,
    )


def from_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """The typed values that `as_json` wrote."""
    return {name: None if pair is None else _typed(*pair) for name, pair in content.items()}


def _typed(kind: str, text: str) -> Any:
    arrow = arrow_type(kind)
    if pa.types.is_date(arrow):
        return date.fromisoformat(text)
    if pa.types.is_decimal(arrow):
        return Decimal(text)
    if pa.types.is_integer(arrow):
        return int(text)
    return text
