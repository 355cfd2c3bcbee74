"""What stands in somebody's inbox."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session, joinedload

from case_service.access import Viewer
from case_service.tables import Message, Unit, WorkOrder

SHOWN = 30
UNREAD_COUNT = select(func.count(Message.id)).where(Message.staff_id == bindparam("reader"), Message.read_at.is_(None))


def messages_of(session: Session, viewer: Viewer, before: int | None) -> tuple[Sequence[Message], int | None]:
    """The newest messages (older than the message `before`), and from where to go on, if there are more."""
    mine = select(Message).where(Message.staff_id == viewer.staff_id)
    if before is not None:
        mine = mine.where(Message.id < before)
    order = joinedload(Message.order).joinedload(WorkOrder.unit).joinedload(Unit.parent)
    found = session.scalars(mine.order_by(Message.id.desc()).limit(SHOWN + 1).options(order)).unique().all()
    return found[:SHOWN], found[SHOWN - 1].id if len(found) > SHOWN else None


def mark_read(session: Session, viewer: Viewer, at: datetime) -> None:
    """Everything in this person's inbox is read."""
    mine = update(Message).where(Message.staff_id == viewer.staff_id, Message.read_at.is_(None))
    session.execute(mine.values(read_at=at))
