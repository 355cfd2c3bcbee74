"""What programs need: tokens of services, and answers given once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from case_service.tables.base import Base


class ServiceToken(Base):
    """One token, known by its hash; `rights` are those of `case_service.access_matrix.Right`."""

    __tablename__ = "service_token"

    name: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    rights: Mapped[list[str]] = mapped_column(ARRAY(String))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class IdempotentAnswer(Base):
    """The answer that a change got under its `Idempotency-Key`; whoever asks again gets it again."""

    __tablename__ = "idempotent_answer"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    answered_at: Mapped[datetime]
    answer: Mapped[dict[str, Any]]
