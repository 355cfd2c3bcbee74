"""Who is looking, told to PostgreSQL, whose row policies draw the bounds of `case_service.access` once more.

Requests work under a role that owns no table. Each transaction says who looks; whoever says nothing sees nobody.
The policies are in the migration `0004_row_security`; `docs/operating.md` says what a new table needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session, SessionTransaction

from case_service.settings import UnsafeToStartError

SERVICE_ROLE = "shouwang_service"
MAKE_ROLE = f"create role {SERVICE_ROLE} nologin"
GRANT_ROLE = f"grant {SERVICE_ROLE} to current_user"
_TELL = text(
    f"select set_config('role', '{SERVICE_ROLE}', true), set_config('shouwang.looker', :looker, true), "
    "set_config('shouwang.path', :path, true), set_config('shouwang.staff_id', :staff_id, true)"
)


class Looker(StrEnum):
    """As what somebody looks at cases, orders and people."""

    NOBODY = "nobody"
    SUBTREE = "subtree"
    ASSIGNEE = "assignee"
    PIPELINE = "pipeline"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks: `path` bounds a subtree and what an assignee may hold, `staff_id` is the assignee's."""

    looker: Looker
    path: str = ""
    staff_id: str = ""


NOBODY = Looking(Looker.NOBODY)
PIPELINE = Looking(Looker.PIPELINE)
SYSTEM = Looking(Looker.SYSTEM)


class ServiceSession(Session):
    """A session whose every transaction runs under the service's role and says who looks."""

    looking = NOBODY


@event.listens_for(ServiceSession, "after_begin")
def _tell(session: ServiceSession, _: SessionTransaction, connection: Connection) -> None:
    connection.execute(_TELL, asdict(session.looking))


def look_as(session: Session, looking: Looking) -> None:
    """From here on `session` sees what `looking` may see. An owner's session, as commands use it, sees everything."""
    if isinstance(session, ServiceSession):
        session.looking = looking
        if session.in_transaction():
            session.flush()
            session.execute(_TELL, asdict(looking))


@contextmanager
def looking_as_system(session: Session) -> Iterator[None]:
    """See everything for a moment: for counts that name nobody, and for moves that lead out of the mover's sight.

    Whoever uses it has checked before that the viewer may do what is done.
    """
    if not isinstance(session, ServiceSession):
        yield
        return
    before = session.looking
    look_as(session, SYSTEM)
    can_be_told = True
    try:
        yield
    except DBAPIError:
        can_be_told = False  # and need not be: what was told ends with the transaction, or with its savepoint
        raise
    finally:
        session.looking = before
        if can_be_told and session.is_active:
            look_as(session, before)


def ensure_service_role(engine: Engine) -> None:
    """Make the role of requests, and allow whoever connects to take it. Raises `UnsafeToStartError` if they may not."""
    try:
        with engine.begin() as connection:
            there = connection.scalar(text("select true from pg_roles where rolname = :name"), {"name": SERVICE_ROLE})
            if not there:
                connection.execute(text(MAKE_ROLE))
            if not connection.scalar(text("select pg_has_role(:name, 'member')"), {"name": SERVICE_ROLE}):
                connection.execute(text(GRANT_ROLE))
    except ProgrammingError as refusal:
        raise UnsafeToStartError(
            f"requests must not run as the owner of the tables, and the role for them cannot be made "
            f"({refusal.orig}). The database administrator must run: {MAKE_ROLE}; {GRANT_ROLE} "
            "(with the name of the service's user for current_user)."
        ) from refusal
