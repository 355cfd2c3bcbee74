"""E-mail over SMTP.

Not through apprise, which says only yes or no: whether the server said 4xx (later) or 5xx (never) decides what
becomes of the message.
"""

import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from enum import StrEnum

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
)
from case_service.notifications.channels.options import ChannelOptions
from case_service.notifications.messages import line_of, text_of
from case_service.tables.notifications import ChannelName

NOW_NOT = range(400, 500)
CLOSING = 421


class Encryption(StrEnum):
    """How the way to the mail server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class EmailOptions(ChannelOptions):
    """The mail server, and who sends."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    encryption: Encryption = Encryption.STARTTLS
    per_minute: int = 60


class Email:
    """Messages to the address that the city gave with the staff's addresses."""

    name = ChannelName.EMAIL

    def __init__(self, options: EmailOptions) -> None:
        self._options = options
        self.limits = (Limit(options.per_minute, timedelta(minutes=1)),)

    def route_to(self, recipient: Recipient) -> Route | None:
        """By e-mail address; the limit is the server's, not the recipient's."""
        address = recipient.addresses.get(self.name)
        return Route(str(self.name), address) if address else None

    def send(self, message: Outgoing) -> Answer:
        """Send one plain letter."""
        try:
            with self._server() as server:
                server.send_message(self._letter(message))
        except smtplib.SMTPRecipientsRefused as refusal:
            return _meaning(next(iter(refusal.recipients.values()))[0])
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            return Closed(type(error).__name__, whole_channel=True)
        except smtplib.SMTPResponseException as error:
            return _meaning(error.smtp_code)
        except (smtplib.SMTPException, OSError) as error:
            return Closed(type(error).__name__, whole_channel=True)
        return Delivered("250")

    def _server(self) -> smtplib.SMTP:
        where = (self._options.host, self._options.port)
        if self._options.encryption is Encryption.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, timeout=SECONDS_TO_WAIT, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(*where, timeout=SECONDS_TO_WAIT)
        try:
            if self._options.encryption is Encryption.STARTTLS:
                server.starttls(context=ssl.create_default_context())
            if self._options.username and self._options.password:
                server.login(self._options.username, self._options.password)
        except Exception:
            server.close()
            raise
        return server

    def _letter(self, message: Outgoing) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._options.sender, message.route.address
        letter["Subject"] = line_of(message.happening, message.notice)
        # The same however often it is tried, so that mail programs show it once.
        letter["Message-ID"] = f"<{message.key}@{self._options.sender.rpartition('@')[2]}>"
        letter.set_content(text_of(message.happening, message.notice))
        return letter


def _meaning(code: int) -> Answer:
    told = f"smtp {code}"
    if code == CLOSING:
        return Closed(told, whole_channel=True)
    return TryLater(told) if code in NOW_NOT else Refused(told)
