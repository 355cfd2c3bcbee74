"""DingTalk (钉钉): a group's robot with a signed address.

Private DingTalk (专有钉钉, 浙政钉) has other addresses, so the address is set. apprise's DingTalk plugin cannot be
used: its address is fixed, and it does not tell its callers the `errcode` of a robot that is blocked.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
from pydantic import Field

from case_service.notifications.channels.base import (
    SECONDS_TO_WAIT,
    Answer,
    Closed,
    Delivered,
    Limit,
    Outgoing,
    Recipient,
    Refused,
    Route,
    TryLater,
    content_of,
    post,
)
from case_service.notifications.channels.options import ChannelOptions, nearest
from case_service.notifications.messages import text_of
from case_service.tables.notifications import ChannelName

# Whoever sends more than 20 a minute is blocked for ten minutes.
TOO_FAST = frozenset({130101, 130102})
BLOCKED_FOR = timedelta(minutes=10)
KEYS_NOT_VALID = frozenset({300001, 300005, 310000})
BUSY = -1


class Robot(ChannelOptions):
    """One group's robot."""

    token: str
    secret: str


class DingtalkOptions(ChannelOptions):
    """The robots, by the unit whose staff are in the group."""

    base_url: str = "https://oapi.dingtalk.com"
    robots: dict[str, Robot] = Field(min_length=1)


def signature(secret: str, timestamp: int) -> str:
    """The sign of a request: HMAC-SHA256 under the robot's secret over the time and the secret, in base64."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Dingtalk:
    """Messages of a group's robot, which mentions the one they are for."""

    name = ChannelName.DINGTALK
    limits = (Limit(20, timedelta(minutes=1)),)

    def __init__(self, options: DingtalkOptions, clock: Callable[[], datetime]) -> None:
        self._options, self._clock = options, clock
        self._client = httpx.Client(base_url=options.base_url, timeout=SECONDS_TO_WAIT, trust_env=False)

    def route_to(self, recipient: Recipient) -> Route | None:
        """The group of the recipient's unit, or of the nearest one above."""
        unit = nearest(self._options.robots, recipient.unit_path)
        return Route(f"{self.name}:{unit}", unit, recipient.phone) if unit else None

    def send(self, message: Outgoing) -> Answer:
        """Send a text, signed for this moment."""
        robot = self._options.robots[message.route.address]
        timestamp = int(self._clock().timestamp() * 1000)
        mentioned = [message.route.mention] if message.route.mention else []
        response = post(
            self._client,
            "/robot/send",
            params={
                "access_token": robot.token,
                "timestamp": str(timestamp),
                "sign": signature(robot.secret, timestamp),
            },
            json={
                "msgtype": "text",
                "text": {"content": text_of(message.happening, message.notice)},
                "at": {"atMobiles": mentioned, "isAtAll": False},
            },
        )
        if not isinstance(response, httpx.Response):
            return response
        return self._meaning(content_of(response).get("errcode"))

    def _meaning(self, errcode: object) -> Answer:
        if errcode == 0:
            return Delivered("errcode 0")
        code = f"errcode {errcode}"
        if errcode in TOO_FAST:
            return Closed(code, whole_channel=False, rest=BLOCKED_FOR)
        if errcode in KEYS_NOT_VALID:
            return Closed(code, whole_channel=False)
        return TryLater(code) if errcode in (BUSY, None) else Refused(code)
