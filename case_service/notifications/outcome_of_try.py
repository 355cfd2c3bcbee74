"""What a provider's answer makes of a message and of its channel."""

from datetime import datetime, timedelta
from zlib import crc32

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from case_service.notifications.channels.base import Answer, Closed, Delivered, Refused, TryLater
from case_service.tables import ChannelHold, Dispatch, DispatchAttempt
from case_service.tables.notifications import DispatchState

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=15)
NOT_TRIED = "not tried"


def wait_after(failures: int, key: str) -> timedelta:
    """Twice as long after each failure, at most a quarter of an hour, and up to a quarter more.

    The addition is drawn from `key`, so that what failed together is not all tried together, and stays the same for
    who looks twice.
    """
    doubled: timedelta = min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_WAIT)
    return doubled * (1 + crc32(f"{key}/{failures}".encode()) / 2**32 / 4)


def settle(session: Session, attempt_id: int, answer: Answer | None, at: datetime) -> bool:
    """Write the answer down and draw its consequences; says whether the message was delivered.

    No answer means that the try was not made, because the channel closed before its turn came.
    """
    attempt = session.get_one(DispatchAttempt, attempt_id)
    dispatch = session.scalars(
        select(Dispatch).where(Dispatch.message_id == attempt.message_id).with_for_update()
    ).one()
    attempt.answer = _told(answer)
    if isinstance(answer, Closed):
        _close(session, attempt, answer, at)
    if isinstance(answer, Delivered):
        _open_again(session, attempt)
        dispatch.state, dispatch.settled_at, dispatch.receipt = DispatchState.SENT, at, answer.receipt
        dispatch.channel = attempt.channel
    elif dispatch.state is DispatchState.WAITING:
        _again(dispatch, attempt, answer, at)
    return isinstance(answer, Delivered)


def _again(dispatch: Dispatch, attempt: DispatchAttempt, answer: Answer | None, at: datetime) -> None:
    dispatch.next_attempt_at = at
    if isinstance(answer, Refused):
        dispatch.refused_by = f"{dispatch.refused_by} {attempt.channel.value}".strip()
    elif isinstance(answer, TryLater):
        dispatch.failures += 1
        dispatch.next_attempt_at = at + wait_after(dispatch.failures, f"message/{dispatch.message_id}")


def _close(session: Session, attempt: DispatchAttempt, answer: Closed, at: datetime) -> None:
    key = attempt.channel.value if answer.whole_channel else attempt.rate_key
    before = session.scalar(select(ChannelHold.failures).where(ChannelHold.key == key)) or 0
    until = at + (answer.rest or wait_after(before + 1, key))
    values = {"until": until, "failures": before + 1, "reason": answer.code}
    new = insert(ChannelHold).values(key=key, **values)
    session.execute(new.on_conflict_do_update(index_elements=[ChannelHold.key], set_=values))


def _open_again(session: Session, attempt: DispatchAttempt) -> None:
    keys = [attempt.channel.value, attempt.rate_key]
    session.execute(update(ChannelHold).where(ChannelHold.key.in_(keys), ChannelHold.failures > 0).values(failures=0))


def _told(answer: Answer | None) -> str:
    if answer is None:
        return NOT_TRIED
    return answer.receipt if isinstance(answer, Delivered) else answer.code
