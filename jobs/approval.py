"""A held delivery as a question to a person, and the answer as a decision: for whoever asks, such as a scheduler.

The decision is the one that `shouwang deliveries release` and `reject` make.
"""

from datetime import UTC, datetime

import structlog

from jobs.errors import DecisionError
from jobs.ingest import ledger
from jobs.ingest.decisions import Decision, decision_among, decisions, reject, release
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation

log = structlog.get_logger(__name__)

HASH_DIGITS = 12


def undecided(installation: Installation) -> list[DeliveryRecord]:
    """The held deliveries that a person may let in or keep out, and nobody has yet."""
    known = decisions(installation)
    held = ledger.records(installation, status="held", releasable=True)
    return [record for record in held if not decision_among(known, record.delivery_id, record.content_hash)]


def question_id(record: DeliveryRecord) -> str:
    """Names the question: the delivery and its bytes, so that it is asked once, and anew where the bytes changed."""
    return f"{record.delivery_id}~{record.content_hash[:HASH_DIGITS]}"


def question(installation: Installation, delivery_id: str) -> str:
    """What a person must know to decide, in both languages. Raises DecisionError where there is no such delivery."""
    record = _record(installation, delivery_id)
    return (
        f"**{delivery_id}**\n\n{record.held_reason_zh}\n\n{record.held_reason}\n\n"
        f"收到 received: {record.received}; 业务日期 business date: {record.business_date}\n\n"
        "- Approve 放行: 下次入库时收入 comes in with the next ingest\n"
        "- Reject 退回: 永不入库 stays out for ever"
    )


def answer(
    installation: Installation, delivery_id: str, approved: bool, reason: str, by: str, at: datetime
) -> Decision | None:
    """Record a person's answer, unless the delivery was decided meanwhile. Raises DecisionError without a reason."""
    record = _record(installation, delivery_id)
    earlier = decision_among(decisions(installation), delivery_id, record.content_hash)
    if earlier or record.status != "held":
        log.warning("decided meanwhile", delivery_id=delivery_id, status=record.status)
        return earlier
    decide = release if approved else reject
    moment = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return decide(installation, delivery_id, reason, by, moment)


def _record(installation: Installation, delivery_id: str) -> DeliveryRecord:
    record = ledger.record_of_delivery(installation, delivery_id)
    if record is None:
        raise DecisionError(f"There is no delivery {delivery_id}: 'shouwang deliveries list' shows all.")
    return record
