"""The record of who did what, which may be added to and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class ActionLogEntry(Base):
    """One action, chained by hash to the one before; a trigger refuses update, delete and truncate."""

    __tablename__ = "action_log"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[str]
    entry_hash: Mapped[str] = mapped_column(unique=True)
