"""Tokens of services, such as the pipeline."""

from datetime import datetime

from sqlalchemy import ARRAY, String
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
