"""Units, the staff who work in them, and their sign-ins."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from case_service.tables.base import Base, words_of

LONGEST_UNIT_NAME = 60


class UnitLevel(StrEnum):
    """The levels of the one tree that routes work and bounds what people see."""

    CITY = "city"
    COUNTY = "county"
    TOWN = "town"
    VILLAGE = "village"
    GRID = "grid"
    DEPARTMENT = "department"


class Role(StrEnum):
    """What a member of staff does here. An account has one role, or none until the security administrator grants it."""

    GRID_WORKER = "grid_worker"
    COMMUNITY = "community"
    TOWN = "town"
    COUNTY = "county"
    CITY = "city"
    DEPARTMENT_HANDLER = "department_handler"
    ANALYST = "analyst"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDIT_ADMINISTRATOR = "audit_administrator"


# Who leads the work of a village, town, county or city, and everything below it.
SUPERVISOR_OF = {
    UnitLevel.VILLAGE: Role.COMMUNITY,
    UnitLevel.TOWN: Role.TOWN,
    UnitLevel.COUNTY: Role.COUNTY,
    UnitLevel.CITY: Role.CITY,
}
SUPERVISORS = frozenset(SUPERVISOR_OF.values())
# Three powers in three hands (三员分立): nobody who held one of these is ever given another.
ADMINISTRATORS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR})


def fits(role: Role, level: UnitLevel) -> bool:
    """Whether `role` can be held in a unit of `level`."""
    if role in SUPERVISORS:
        return SUPERVISOR_OF.get(level) is role
    if role is Role.GRID_WORKER:
        return level is UnitLevel.GRID
    if role is Role.DEPARTMENT_HANDLER:
        return level is UnitLevel.DEPARTMENT
    return level is UnitLevel.CITY or (role is Role.ANALYST and level is UnitLevel.COUNTY)


class PowerHeldError(Exception):
    """Whoever holds or held one of the three administrators' powers is given no other of them."""


class Unit(Base):
    """A node of the tree: a division, or a department of one (`<division>-<department>`).

    `path` holds the codes from the root down, each ended by a slash.
    """

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
    """A member of staff. Without a role nobody can sign in as them, nor without a password or the city's sign-in.

    `power_held` is the one administrator's power they ever had; it is never given back.
    """

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[Role | None] = mapped_column(words_of(Role))
    unit_code: Mapped[str] = mapped_column(ForeignKey("unit.code"), index=True)
    phone: Mapped[str | None]
    password_hash: Mapped[str | None]
    has_demo_password: Mapped[bool] = mapped_column(default=False)
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default="false")
    oidc_subject: Mapped[str | None] = mapped_column(unique=True)
    sealed_second_factor: Mapped[bytes | None]
    second_factor_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)

    power_held: Mapped[str | None]

    unit: Mapped[Unit] = relationship(lazy="joined")

    def grant(self, role: Role) -> None:
        """Give this role in place of the one before; raises `PowerHeldError` for a second administrator's power."""
        if role in ADMINISTRATORS:
            if self.power_held not in (None, role.value):
                raise PowerHeldError(f"{self.username} held {self.power_held} and can never be {role}")
            self.power_held = role.value
        self.role = role


class SignInSession(Base):
    """One sign-in on one device, known by the hash of the random id in its cookie."""

    __tablename__ = "sign_in_session"

    id_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    form_token: Mapped[str]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(200), default="", server_default="")

    staff: Mapped[Staff] = relationship(lazy="joined")


class RecoveryCode(Base):
    """One code, known by its hash, that stands in for a lost second factor; it is deleted when it was used."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
