"""Sending what waits: each message over the first channel that takes it, within its limits, until it is settled.

A try is written down before it is made, and its answer after it. Whoever dies in between leaves a try without an
answer; a few minutes later the message is sent once more, under the same key. So outside a message may arrive twice,
and never not at all; in the inbox it stands once from the start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session, joinedload

from case_service.notifications.channels.base import Answer, Closed, Outgoing
from case_service.notifications.channels.configured import Channels
from case_service.notifications.messages import notice_of
from case_service.notifications.outcome_of_try import settle
from case_service.notifications.routing import Directory, Plan, planned
from case_service.row_security import SYSTEM, ServiceSession
from case_service.tables import Dispatch, DispatchAttempt, Message, Staff, Unit, WorkOrder
from case_service.tables.notifications import ChannelName, DispatchState

CLAIM_LOCK = 7_340_003
AT_ONCE = 20
# How long a try may take before it counts as lost.
TRY_FOR = timedelta(minutes=5)


@dataclass(slots=True)
class Sent:
    """What became of the tries of one tick."""

    delivered: int = 0
    not_delivered: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A try that is written down and about to be made."""

    attempt_id: int
    channel: ChannelName
    outgoing: Outgoing


@dataclass(slots=True)
class Claims:
    """What one look at the queue led to."""

    looked_at: int = 0
    to_send: list[Claim] = field(default_factory=list)


def send_waiting(engine: Engine, channels: Channels, address: str, clock: Callable[[], datetime]) -> Sent:
    """Send until nothing more can go at this moment. Several may do so at once."""
    sent = Sent()
    if not channels.in_order:
        _keep_in_the_inbox(engine, clock())
        return sent
    while (claims := _claim(engine, channels, address, clock())).looked_at:
        closed: set[str] = set()
        for claim in claims.to_send:
            answer = _try(channels, claim, closed)
            with ServiceSession(engine) as session:
                session.looking = SYSTEM
                is_delivered = settle(session, claim.attempt_id, answer, clock())
                session.commit()
            sent.delivered += is_delivered
            sent.not_delivered += not is_delivered
    return sent


def _keep_in_the_inbox(engine: Engine, at: datetime) -> None:
    """Where no channel is open nothing waits for one: what is news today is not sent when one opens some day."""
    with ServiceSession(engine) as session:
        session.looking = SYSTEM
        waiting = update(Dispatch).where(Dispatch.state == DispatchState.WAITING)
        session.execute(waiting.values(state=DispatchState.INBOX_ONLY, settled_at=at))
        session.commit()


def _try(channels: Channels, claim: Claim, closed: set[str]) -> Answer | None:
    """The provider's answer; none where it has just closed, so that a whole batch does not wait for it."""
    if closed & {claim.channel.value, claim.outgoing.route.rate_key}:
        return None
    answer = channels.in_order[claim.channel].send(claim.outgoing)
    if isinstance(answer, Closed):
        closed.add(claim.channel.value if answer.whole_channel else claim.outgoing.route.rate_key)
    return answer


def _claim(engine: Engine, channels: Channels, address: str, at: datetime) -> Claims:
    """Take some of what waits; all that was looked at is settled, postponed, or written down as a try."""
    claims = Claims()
    with ServiceSession(engine) as session:
        session.looking = SYSTEM
        # One at a time, so that limits are kept across processes.
        session.execute(select(func.pg_advisory_xact_lock(CLAIM_LOCK)))
        waiting = _waiting(session, at)
        directory = Directory.known(session, [one.message.staff_id for one in waiting])
        for dispatch in waiting:
            plan = planned(session, dispatch, channels, directory, at)
            if plan is not None:
                claims.to_send.append(_written_down(session, dispatch, plan, address, at))
        claims.looked_at = len(waiting)
        session.commit()
    return claims


def _waiting(session: Session, at: datetime) -> list[Dispatch]:
    message = joinedload(Dispatch.message)
    order = message.joinedload(Message.order).joinedload(WorkOrder.unit).joinedload(Unit.parent)
    rows = session.scalars(
        select(Dispatch)
        .where(Dispatch.state == DispatchState.WAITING, Dispatch.next_attempt_at <= at)
        .order_by(Dispatch.next_attempt_at, Dispatch.message_id)
        .limit(AT_ONCE)
        .options(order, message.joinedload(Message.staff).joinedload(Staff.unit))
        .with_for_update(of=Dispatch, skip_locked=True)
    )
    return list(rows.unique())


def _written_down(session: Session, dispatch: Dispatch, plan: Plan, address: str, at: datetime) -> Claim:
    message = dispatch.message
    attempt = DispatchAttempt(
        message_id=message.id, channel=plan.channel, rate_key=plan.route.rate_key, at=at, answer=None
    )
    session.add(attempt)
    dispatch.next_attempt_at = at + TRY_FOR
    session.flush()
    notice = notice_of(message.order, message.due_at, address)
    outgoing = Outgoing(f"shouwang-{message.id}", message.happening, notice, plan.route)
    return Claim(attempt.id, plan.channel, outgoing)
