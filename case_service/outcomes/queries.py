"""Writing outcomes in the order of closing, and reading them on from a cursor."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, joinedload

from case_service.tables import Outcome, ReceivedWarning, Visit, WorkOrder
from schemas.messages import OutcomeMessage

SEQUENCE_LOCK = 7_340_003


def write_outcomes(session: Session, order: WorkOrder, visit: Visit) -> None:
    """One outcome for each warning `order` carries.

    The sequence is given out under a lock held until commit: whoever has read up to a number
    has seen everything below it.
    """
    session.execute(select(func.pg_advisory_xact_lock(SEQUENCE_LOCK)))
    sequence = session.scalar(select(func.last_outcome_sequence())) or 0
    warning_ids = session.scalars(
        select(ReceivedWarning.warning_id)
        .where(ReceivedWarning.order_id == order.id)
        .order_by(ReceivedWarning.sequence)
    )
    for place, warning_id in enumerate(warning_ids, start=1):
        session.add(
            Outcome(
                sequence=sequence + place,
                outcome_id=f"{order.number}:{warning_id}",
                order_id=order.id,
                warning_id=warning_id,
                kind=visit.outcome,
                data_error_field=visit.data_error_field,
            )
        )
    session.flush()


def outcomes_after(session: Session, cursor: int, limit: int) -> tuple[list[OutcomeMessage], int | None]:
    """The outcomes that follow `cursor`, and the cursor to read on from; none when nothing follows."""
    rows = session.execute(
        select(Outcome, Visit.visited_at)
        .outerjoin(Visit, and_(Visit.order_id == Outcome.order_id, Visit.sent_back_at.is_(None)))
        .where(Outcome.sequence > cursor)
        .order_by(Outcome.sequence)
        .limit(limit)
        .options(joinedload(Outcome.order), joinedload(Outcome.warning))
    ).all()
    messages = [_message(outcome, visited_at) for outcome, visited_at in rows]
    return messages, (rows[-1][0].sequence if rows else None)


def _message(outcome: Outcome, visited_at: datetime | None) -> OutcomeMessage:
    return OutcomeMessage.model_validate(
        {
            "outcome_id": outcome.outcome_id,
            "warning_id": outcome.warning_id,
            "model_id": outcome.warning.model_id,
            "order_number": outcome.order.number,
            "outcome": outcome.kind,
            "data_error_field": outcome.data_error_field,
            "delivered_at": outcome.order.delivered_at,
            "visited_at": visited_at,
            "closed_at": outcome.order.closed_at,
        }
    )
