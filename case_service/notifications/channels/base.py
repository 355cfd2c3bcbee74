"""What all channels share: what is sent, where to, and the four things a provider's answer can mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import httpx

from case_service.notifications.messages import OrderNotice
from case_service.tables.notifications import ChannelName, Happening

SECONDS_TO_WAIT = 10


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where somebody is reached. Staff are told at their place of work, never anybody the order is about."""

    unit_path: str
    phone: str | None
    addresses: Mapping[ChannelName, str]


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than `count` messages within `window`."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Route:
    """How one recipient is reached over one channel; whatever shares a `rate_key` shares its limits."""

    rate_key: str
    address: str
    mention: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way: `key` stays the same however often it is tried."""

    key: str
    happening: Happening
    notice: OrderNotice
    route: Route


@dataclass(frozen=True, slots=True)
class Delivered:
    """The provider has it; `receipt` is its own word for it."""

    receipt: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never take this message to this recipient: the next channel is tried."""

    code: str


@dataclass(frozen=True, slots=True)
class TryLater:
    """Something was wrong this time with this message: it is tried again after a while."""

    code: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The provider, or one bot of it, takes nothing for now: too fast, not reachable, or a key that is not valid.

    `rest` is how long it said, or is known, to stay closed; without it the pause grows with each failure.
    """

    code: str
    whole_channel: bool
    rest: timedelta | None = None


Answer = Delivered | Refused | TryLater | Closed


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> ChannelName:
        """Its name in the channels' file."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """How much the provider takes, for each rate key."""

    def route_to(self, recipient: Recipient) -> Route | None:
        """How `recipient` is reached here, if at all."""

    def send(self, message: Outgoing) -> Answer:
        """Hand the message over, and say what the answer means; never raises for what the provider does."""


def post(client: httpx.Client, url: str, **request: object) -> httpx.Response | Closed | TryLater:
    """Ask the provider; one that does not answer so that it can be read, or says it cannot, is closed for a while."""
    try:
        response = client.post(url, **request)  # type: ignore[arg-type]
    except httpx.RequestError as error:
        return Closed(type(error).__name__, whole_channel=True)
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return Closed("http 429", whole_channel=True, rest=_retry_after(response))
    if response.status_code in (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT):
        return Closed(f"http {response.status_code}", whole_channel=True, rest=_retry_after(response))
    if not response.is_success:
        return TryLater(f"http {response.status_code}")
    return response


def content_of(response: httpx.Response) -> dict[str, object]:
    """The provider's JSON object; anything else is an answer without a code."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _retry_after(response: httpx.Response) -> timedelta | None:
    given = response.headers.get("retry-after", "")
    return timedelta(seconds=min(int(given), 86_400)) if given.isdecimal() else None
