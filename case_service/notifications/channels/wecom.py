"""WeCom (企业微信): messages of an application to one member, and of a group's bot.

Government WeCom (政务微信) is a private deployment with the same shapes at another address, so the address is set.
apprise's WeCom plugins cannot be used: their address is fixed, and they take every answer with status 200 for
success, also `errcode` 45009 (too many), which would lose the message.
"""

import threading
from datetime import timedelta

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

PUBLIC_ADDRESS = "https://qyapi.weixin.qq.com"
A_MINUTE = timedelta(minutes=1)
BUSY = -1
TOO_MANY = frozenset({45009, 45033})
KEYS_NOT_VALID = frozenset({40001, 40013, 40056, 93000, 48002, 60020, 301002})
TOKEN_NOT_VALID = frozenset({40014, 42001, 41001})


class WecomAppOptions(ChannelOptions):
    """The application that sends."""

    base_url: str = PUBLIC_ADDRESS
    corp_id: str
    agent_id: int
    secret: str


class WecomBotOptions(ChannelOptions):
    """The groups' bots, by the unit whose staff are in the group."""

    base_url: str = PUBLIC_ADDRESS
    keys: dict[str, str] = Field(min_length=1)


def meaning(errcode: object, receipt: str) -> Answer:
    """What WeCom's `errcode` says."""
    if errcode == 0:
        return Delivered(receipt)
    code = f"errcode {errcode}"
    if errcode in TOO_MANY:
        return Closed(code, whole_channel=False, rest=A_MINUTE)
    if errcode in KEYS_NOT_VALID or errcode in TOKEN_NOT_VALID:
        return Closed(code, whole_channel=False)
    return TryLater(code) if errcode in (BUSY, None) else Refused(code)


class WecomApp:
    """Messages to one member, by the userid that the city gave with the staff's addresses."""

    name = ChannelName.WECOM_APP
    limits = (Limit(30, A_MINUTE),)

    def __init__(self, options: WecomAppOptions) -> None:
        self._options = options
        self._client = httpx.Client(base_url=options.base_url, timeout=SECONDS_TO_WAIT, trust_env=False)
        self._token: str | None = None
        self._lock = threading.Lock()

    def route_to(self, recipient: Recipient) -> Route | None:
        """By userid."""
        user = recipient.addresses.get(self.name)
        return Route(f"{self.name}:{user}", user) if user else None

    def send(self, message: Outgoing) -> Answer:
        """Send; a token that ran out is fetched anew, once."""
        with self._lock:
            for _ in range(2):
                token = self._token or self._fetched_token()
                if not isinstance(token, str):
                    return token
                self._token = token
                answered = self._post(message, token)
                if not isinstance(answered, dict):
                    return answered
                if answered.get("errcode") not in TOKEN_NOT_VALID:
                    return self._meaning(answered)
                self._token = None
        return Closed("token not valid", whole_channel=True)

    def _post(self, message: Outgoing, token: str) -> dict[str, object] | Answer:
        body = {
            "touser": message.route.address,
            "msgtype": "text",
            "agentid": self._options.agent_id,
            "text": {"content": text_of(message.happening, message.notice)},
            # WeCom itself drops what it had within four hours, should an answer have been lost.
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 14_400,
        }
        response = post(self._client, "/cgi-bin/message/send", params={"access_token": token}, json=body)
        return content_of(response) if isinstance(response, httpx.Response) else response

    def _meaning(self, answered: dict[str, object]) -> Answer:
        if answered.get("errcode") == 0 and answered.get("invaliduser"):
            return Refused("invaliduser")
        return meaning(answered.get("errcode"), f"msgid {answered.get('msgid')}")

    def _fetched_token(self) -> str | Answer:
        try:
            params = {"corpid": self._options.corp_id, "corpsecret": self._options.secret}
            content = content_of(self._client.get("/cgi-bin/gettoken", params=params))
        except httpx.RequestError as error:
            return Closed(type(error).__name__, whole_channel=True)
        token = content.get("access_token")
        if content.get("errcode", 0) == 0 and isinstance(token, str):
            return token
        return Closed(f"errcode {content.get('errcode')}", whole_channel=True)


class WecomBot:
    """Messages of a group's bot, which mentions the one they are for."""

    name = ChannelName.WECOM_BOT
    limits = (Limit(20, A_MINUTE),)

    def __init__(self, options: WecomBotOptions) -> None:
        self._options = options
        self._client = httpx.Client(base_url=options.base_url, timeout=SECONDS_TO_WAIT, trust_env=False)

    def route_to(self, recipient: Recipient) -> Route | None:
        """The group of the recipient's unit, or of the nearest one above."""
        unit = nearest(self._options.keys, recipient.unit_path)
        return Route(f"{self.name}:{unit}", self._options.keys[unit], recipient.phone) if unit else None

    def send(self, message: Outgoing) -> Answer:
        """Send a text."""
        text: dict[str, object] = {"content": text_of(message.happening, message.notice)}
        if message.route.mention:
            text["mentioned_mobile_list"] = [message.route.mention]
        response = post(
            self._client,
            "/cgi-bin/webhook/send",
            params={"key": message.route.address},
            json={"msgtype": "text", "text": text},
        )
        if not isinstance(response, httpx.Response):
            return response
        return meaning(content_of(response).get("errcode"), "errcode 0")
