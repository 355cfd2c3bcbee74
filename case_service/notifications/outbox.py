"""Telling staff something: the message and its way out are written in the transaction of the fact they tell of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.row_security import looking_as_system
from case_service.tables import Dispatch, Message
from case_service.tables.notifications import DispatchState, Happening


@dataclass(frozen=True, slots=True)
class Telling:
    """One member of staff is to be told what happened to one order.

    `cause` names the fact: telling the same person of the same fact again does nothing.
    """

    staff_id: int
    order_id: int
    happening: Happening
    cause: str
    due_at: datetime | None


def tell(session: Session, tellings: Iterable[Telling], at: datetime) -> int:
    """Write the messages that are not there yet, each with its way out; says how many.

    Which channel it takes is found when it is sent: a city may open or close channels in the meantime.
    """
    rows = [
        {
            "staff_id": one.staff_id,
            "order_id": one.order_id,
            "happening": one.happening,
            "cause": one.cause,
            "due_at": one.due_at,
            "written_at": at,
        }
        for one in tellings
    ]
    if not rows:
        return 0
    # Whoever hands an order on may no longer see it, and the next holder must be told all the same.
    with looking_as_system(session):
        new = insert(Message).values(rows).on_conflict_do_nothing(index_elements=["staff_id", "cause"])
        message_ids = session.scalars(new.returning(Message.id)).all()
        ways = [
            {"message_id": one, "state": DispatchState.WAITING, "channel_since": at, "next_attempt_at": at}
            for one in message_ids
        ]
        if ways:
            session.execute(insert(Dispatch), ways)
    return len(message_ids)
