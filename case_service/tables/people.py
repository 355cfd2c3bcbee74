"""Units, the staff who work in them, and their sign-ins."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of


class UnitLevel(StrEnum):
    """The levels of the one tree that routes work and bounds what people see."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"


class Role(StrEnum):
    """What a member of staff does here."""

    GRID_WORKER = "grid_worker"
    SUPERVISOR = "supervisor"


class Unit(Base):
    """A node of the tree. `path` holds the codes from the root down, each ended by a slash."""

    __tablename__ = "unit"
    __table_args__ = (Index("ix_unit_path", "path", postgresql_ops={"path": "text_pattern_ops"}),)

    code: Mapped[str] = mapped_column(primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("unit.code"), index=True)
    name: Mapped[str]
    level: Mapped[UnitLevel] = mapped_column(words_of(UnitLevel))
    path: Mapped[str]
    effective_from: Mapped[date | None]

    parent: Mapped["Unit | None"] = relationship(remote_side=[code])


class Staff(Base):
    """A member of staff. Without a password nobody can sign in as them."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[Role] = mapped_column(words_of(Role))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit.code"), index=True)
    phone: Mapped[str | None]
    password_hash: Mapped[str | None]
    has_demo_password: Mapped[bool] = mapped_column(default=False)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[Unit] = relationship(lazy="joined")


class SignInSession(Base):
    """One sign-in on one device, known by the hash of the random id in its cookie."""

    __tablename__ = "sign_in_session"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    form_token: Mapped[str]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    staff: Mapped[Staff] = relationship(lazy="joined")
