"""Which channel a waiting message takes now, or when it is looked at again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from case_service.notifications.channels.base import Channel, Recipient, Route
from case_service.notifications.channels.configured import Channels
from case_service.tables import ChannelHold, Dispatch, DispatchAttempt, Staff, StaffAddress
from case_service.tables.casework import OrderStatus
from case_service.tables.notifications import ChannelName, DispatchState

# How long a message waits for a channel that is closed, and how often it is tried, before the next one has it.
PATIENCE = timedelta(minutes=10)
TRIES_PER_CHANNEL = 5
GIVEN_UP_AFTER = timedelta(days=7)
SHORTEST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Over which channel, and how, the message goes now."""

    channel: ChannelName
    route: Route


@dataclass(frozen=True, slots=True)
class Directory:
    """The addresses of the staff to tell."""

    addresses: dict[int, dict[ChannelName, str]]

    @classmethod
    def known(cls, session: Session, staff_ids: Iterable[int]) -> "Directory":
        """As they were loaded."""
        found: dict[int, dict[ChannelName, str]] = defaultdict(dict)
        for row in session.scalars(select(StaffAddress).where(StaffAddress.staff_id.in_(list(staff_ids)))):
            found[row.staff_id][row.channel] = row.address
        return cls(dict(found))

    def recipient(self, staff: Staff) -> Recipient:
        """Where `staff` is reached."""
        return Recipient(staff.unit.path, staff.phone, self.addresses.get(staff.id, {}))


def planned(
    session: Session, dispatch: Dispatch, channels: Channels, directory: Directory, at: datetime
) -> Plan | None:
    """How the message goes now; none where it is settled without, or postponed."""
    message = dispatch.message
    refused = {ChannelName(one) for one in dispatch.refused_by.split()}
    routes = channels.routes_to(directory.recipient(message.staff), refused) if message.staff.is_active else {}
    state = _settled_as(dispatch, has_route=bool(routes), at=at)
    if state is not None:
        dispatch.state, dispatch.settled_at = state, at
        return None
    name = _open_channel(session, dispatch, routes, at)
    return _within_limits(session, dispatch, channels.in_order[name], routes[name], at) if name else None


def _settled_as(dispatch: Dispatch, has_route: bool, at: datetime) -> DispatchState | None:
    message = dispatch.message
    if message.order.status is OrderStatus.CLOSED:
        return DispatchState.WITHDRAWN
    if not has_route:
        return DispatchState.UNDELIVERABLE if dispatch.refused_by else DispatchState.INBOX_ONLY
    return DispatchState.UNDELIVERABLE if at - message.written_at > GIVEN_UP_AFTER else None


def _open_channel(
    session: Session, dispatch: Dispatch, routes: Mapping[ChannelName, Route], at: datetime
) -> ChannelName | None:
    """The channel the message has, or the next one if it had its tries there, or waited for it too long."""
    names = list(routes)
    if dispatch.channel not in routes:
        _turn_to(dispatch, names[0], at)
    elif dispatch.failures >= TRIES_PER_CHANNEL and len(names) > 1:
        _turn_to(dispatch, _next(names, dispatch.channel), at)
    waits: list[datetime] = []
    for _ in names:
        name = ChannelName(dispatch.channel or names[0])
        closed_until = _closed_until(session, name, routes[name], at)
        if closed_until is None:
            return name
        waits.append(closed_until)
        if len(names) == 1 or at - dispatch.channel_since < PATIENCE:
            break
        _turn_to(dispatch, _next(names, name), at)
    if len(names) > 1:
        waits.append(dispatch.channel_since + PATIENCE)
    dispatch.next_attempt_at = max(min(waits), at + SHORTEST_WAIT)
    return None


def _next(names: list[ChannelName], name: ChannelName | None) -> ChannelName:
    """The one after `name`, the first after the last."""
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def _turn_to(dispatch: Dispatch, name: ChannelName, at: datetime) -> None:
    dispatch.channel, dispatch.channel_since, dispatch.failures = name, at, 0


def _closed_until(session: Session, name: ChannelName, route: Route, at: datetime) -> datetime | None:
    keys = [name.value, route.rate_key]
    untils = session.scalars(select(ChannelHold.until).where(ChannelHold.key.in_(keys), ChannelHold.until > at))
    return max(untils, default=None)


def _within_limits(session: Session, dispatch: Dispatch, channel: Channel, route: Route, at: datetime) -> Plan | None:
    for limit in channel.limits:
        latest = session.scalars(
            select(DispatchAttempt.at)
            .where(DispatchAttempt.rate_key == route.rate_key, DispatchAttempt.at > at - limit.window)
            .order_by(DispatchAttempt.at.desc())
            .limit(limit.count)
        ).all()
        if len(latest) == limit.count:
            dispatch.next_attempt_at = max(latest[-1] + limit.window, at + SHORTEST_WAIT)
            return None
    return Plan(channel.name, route)
