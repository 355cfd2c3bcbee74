"""What staff are told: the message in their inbox, and its way out over the city's channels."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of
from case_service.tables.casework import WorkOrder
from case_service.tables.people import Staff


class Happening(StrEnum):
    """What a message tells of. Every word has a template, and none has room for a person."""

    NEW_ORDER = "new_order"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    CLOCK_PAUSED = "clock_paused"
    CLOCK_RESUMED = "clock_resumed"
    TIME_REFUSED = "time_refused"


class DispatchState(StrEnum):
    """Where the way out of a message stands."""

    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    INBOX_ONLY = "inbox_only"
    UNDELIVERABLE = "undeliverable"


class ChannelName(StrEnum):
    """The ways out that a city may open, beside the inbox that is always there."""

    WECOM_APP = "wecom_app"
    WECOM_BOT = "wecom_bot"
    DINGTALK = "dingtalk"
    SMS = "sms"
    EMAIL = "email"


class Message(Base):
    """One line in somebody's inbox; `cause` says what it came of, and nobody is told the same twice."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("staff_id", "cause"),
        Index("ix_message_staff_unread", "staff_id", postgresql_where=text("read_at is null")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("work_order.id"), index=True)
    happening: Mapped[Happening] = mapped_column(words_of(Happening))
    cause: Mapped[str]
    due_at: Mapped[datetime | None]
    written_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship()
    order: Mapped[WorkOrder] = relationship()


class Dispatch(Base):
    """The way out of one message. It is written with the message, and stays until it was sent or given up."""

    __tablename__ = "dispatch"
    __table_args__ = (
        Index("ix_dispatch_waiting", "next_attempt_at", "message_id", postgresql_where=text("state = 'waiting'")),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    state: Mapped[DispatchState] = mapped_column(words_of(DispatchState))
    channel: Mapped[ChannelName | None] = mapped_column(words_of(ChannelName))
    # Since when it waits for this channel; a channel that keeps it too long is passed over.
    channel_since: Mapped[datetime]
    refused_by: Mapped[str] = mapped_column(default="", server_default="")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    next_attempt_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    receipt: Mapped[str | None]

    message: Mapped[Message] = relationship()


class DispatchAttempt(Base):
    """One try to send, written before it is made; without an answer nobody knows whether it arrived."""

    __tablename__ = "dispatch_attempt"
    __table_args__ = (Index("ix_dispatch_attempt_rate_key_at", "rate_key", "at"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    channel: Mapped[ChannelName] = mapped_column(words_of(ChannelName))
    rate_key: Mapped[str]
    at: Mapped[datetime]
    answer: Mapped[str | None]


class ChannelHold(Base):
    """Until when nothing goes out over a channel or one of its bots, and why."""

    __tablename__ = "channel_hold"

    key: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    failures: Mapped[int]
    reason: Mapped[str]


class StaffAddress(Base):
    """Where a member of staff is reached on a channel that does not go by their phone number."""

    __tablename__ = "staff_address"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    channel: Mapped[ChannelName] = mapped_column(words_of(ChannelName), primary_key=True)
    address: Mapped[str]
