"""Text messages through the city's gateway, which takes the request of SendSms (2017-05-25) over HTTP.

The gateway holds the operator's keys and signs for it; signature and template are approved beforehand. apprise knows
no mainland operator.
"""

import json
from datetime import timedelta

import httpx

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
from case_service.notifications.channels.options import ChannelOptions
from case_service.notifications.messages import due_in_words
from case_service.tables.notifications import ChannelName, Happening

TOO_MANY = "isv.BUSINESS_LIMIT_CONTROL"
THE_RECIPIENTS_FAULT = frozenset(
    {"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.BLACK_KEY_CONTROL_LIMIT"}
)


class SmsOptions(ChannelOptions):
    """The gateway, and the template approved for each happening."""

    url: str
    access_key: str
    sign_name: str
    templates: dict[Happening, str]


class Sms:
    """Messages to the work phone that the directory has."""

    name = ChannelName.SMS
    # What operators let through to one number.
    limits = (Limit(1, timedelta(minutes=1)), Limit(5, timedelta(hours=1)), Limit(10, timedelta(days=1)))

    def __init__(self, options: SmsOptions) -> None:
        self._options = options
        headers = {"Authorization": f"Bearer {options.access_key}"}
        self._client = httpx.Client(timeout=SECONDS_TO_WAIT, headers=headers, trust_env=False)

    def route_to(self, recipient: Recipient) -> Route | None:
        """By phone number."""
        return Route(f"{self.name}:{recipient.phone}", recipient.phone) if recipient.phone else None

    def send(self, message: Outgoing) -> Answer:
        """Send the template for this happening, filled with the order, the village, the due time and the link."""
        template = self._options.templates.get(message.happening)
        if template is None:
            return Refused("no template")
        notice = message.notice
        values = {
            "order": notice.order_number,
            "village": notice.village,
            "due": due_in_words(notice),
            "link": notice.link,
        }
        sent = {
            "PhoneNumbers": message.route.address,
            "SignName": self._options.sign_name,
            "TemplateCode": template,
            "TemplateParam": json.dumps(values, ensure_ascii=False),
            "OutId": message.key,
        }
        response = post(self._client, self._options.url, data=sent)
        return self._meaning(content_of(response)) if isinstance(response, httpx.Response) else response

    def _meaning(self, answered: dict[str, object]) -> Answer:
        code = str(answered.get("Code"))
        if code == "OK":
            return Delivered(f"BizId {answered.get('BizId')}")
        if code == TOO_MANY:
            return Closed(code, whole_channel=False, rest=timedelta(minutes=1))
        if code in THE_RECIPIENTS_FAULT:
            return Refused(code)
        if code.startswith("isp.") or code == "None":
            return TryLater(code)
        # Money, keys, signature or template: no message gets through until somebody has mended it.
        return Closed(code, whole_channel=True)
