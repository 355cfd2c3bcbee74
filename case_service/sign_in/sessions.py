"""Sessions as rows: a cookie holds a random id, the row holds its hash and may be revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Step, Viewer
from case_service.action_log import Action
from case_service.settings import Settings
from case_service.sign_in import passwords
from case_service.tables import SignInSession, Staff, Unit
from case_service.tables.people import ADMINISTRATORS

SESSION_COOKIE = "session"
NOTED_EVERY = timedelta(minutes=1)
LONGEST_DEVICE = 200
# Asked for every request, so written once, and as columns.
_BY_HASH = (
    select(
        SignInSession.id_hash,
        SignInSession.form_token,
        SignInSession.started_at,
        SignInSession.last_seen_at,
        SignInSession.revoked_at,
        SignInSession.second_factor_at,
        Staff.id.label("staff_id"),
        Staff.username,
        Staff.display_name,
        Staff.role,
        Staff.unit_code,
        Staff.must_change_password,
        Staff.sealed_second_factor.is_not(None).label("has_second_factor"),
        Unit.name.label("unit_name"),
        Unit.path.label("unit_path"),
    )
    .join(Staff, Staff.id == SignInSession.staff_id)
    .join(Unit, Unit.code == Staff.unit_code)
    .where(SignInSession.id_hash == bindparam("id_hash"), Staff.is_active)
)


def sign_in(
    session: Session, username: str, password: str, at: datetime, settings: Settings, device: str = ""
) -> str | None:
    """The id of a new session, or none: unknown, wrong, without a role or a password, or locked out."""
    staff = session.scalar(select(Staff).where(Staff.username == username, Staff.is_active).with_for_update(of=Staff))
    is_right = passwords.is_right(password, staff.password_hash if staff else None)
    if staff is None or staff.role is None:
        action_log.record(session, at, [Action("nobody", "sign_in_failed", "unknown username")])
        return None
    if not is_right or is_locked(staff, at):
        failure = "sign_in_locked" if is_locked(staff, at) else "sign_in_failed"
        note_failure(staff, at, settings)
        action_log.record(session, at, [Action(username, failure, username)])
        return None
    if staff.sealed_second_factor is None:
        staff.failed_sign_ins, staff.locked_until = 0, None
    session_id = start(session, staff, at, device)
    action_log.record(session, at, [Action(username, "signed_in", username)])
    return session_id


def start(session: Session, staff: Staff, at: datetime, device: str = "") -> str:
    """A new session for `staff`; the id is told once and stored nowhere."""
    session_id = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            id_hash=hash_of(session_id),
            staff_id=staff.id,
            form_token=secrets.token_urlsafe(32),
            started_at=at,
            last_seen_at=at,
            device=device[:LONGEST_DEVICE],
        )
    )
    session.flush()
    return session_id


def viewer_of(session: Session, session_id: str, at: datetime, settings: Settings) -> Viewer | None:
    """Who holds this session, unless it is revoked, idle too long, or too old."""
    row = session.execute(_BY_HASH, {"id_hash": hash_of(session_id)}).one_or_none()
    if row is None or not is_current(row, at, settings):
        return None
    if at - row.last_seen_at >= NOTED_EVERY:
        session.execute(update(SignInSession).where(SignInSession.id_hash == row.id_hash).values(last_seen_at=at))
        session.commit()
    if row.role is None:
        return None
    return Viewer(
        staff_id=row.staff_id,
        username=row.username,
        display_name=row.display_name,
        role=row.role,
        unit_code=row.unit_code,
        unit_name=row.unit_name,
        unit_path=row.unit_path,
        form_token=row.form_token,
        missing_step=_missing_step(row, settings),
    )


def sign_out(session: Session, session_id: str, viewer: Viewer, at: datetime) -> None:
    """Revoke the session, so that a copied cookie is worth nothing."""
    session.execute(update(SignInSession).where(SignInSession.id_hash == hash_of(session_id)).values(revoked_at=at))
    action_log.record(session, at, [Action(viewer.username, "signed_out", viewer.username)])


def hash_of(session_id: str) -> str:
    """What the database knows of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def is_current(row: SignInSession | Row[*tuple[Any, ...]], at: datetime, settings: Settings) -> bool:
    """Whether a session is neither revoked, nor idle too long, nor too old."""
    is_idle = at - row.last_seen_at > timedelta(minutes=settings.session_idle_minutes)
    is_old = at - row.started_at > timedelta(hours=settings.session_longest_hours)
    return row.revoked_at is None and not is_idle and not is_old


def current_sessions(session: Session, staff_id: int, at: datetime, settings: Settings) -> list[SignInSession]:
    """Where somebody is signed in, latest first."""
    rows = session.scalars(
        select(SignInSession)
        .where(SignInSession.staff_id == staff_id, SignInSession.revoked_at.is_(None))
        .order_by(SignInSession.last_seen_at.desc())
    )
    return [row for row in rows if is_current(row, at, settings)]


def revoke(session: Session, staff_id: int, at: datetime, only: str | None = None, but: str | None = None) -> int:
    """End the sessions of somebody: one, all, or all but one; each is named by its hash. Says how many."""
    ended = update(SignInSession).where(SignInSession.staff_id == staff_id, SignInSession.revoked_at.is_(None))
    if only is not None:
        ended = ended.where(SignInSession.id_hash == only)
    if but is not None:
        ended = ended.where(SignInSession.id_hash != but)
    return len(session.scalars(ended.values(revoked_at=at).returning(SignInSession.id_hash)).all())


def is_locked(staff: Staff, at: datetime) -> bool:
    """Whether wrong passwords or codes have locked the account for now."""
    return staff.locked_until is not None and at < staff.locked_until


def note_failure(staff: Staff, at: datetime, settings: Settings) -> bool:
    """Count a wrong password or code; says whether it locked the account. While it is locked nothing counts."""
    if is_locked(staff, at):
        return True
    staff.failed_sign_ins += 1
    if staff.failed_sign_ins < settings.failures_before_lockout:
        return False
    staff.failed_sign_ins = 0
    staff.locked_until = at + timedelta(minutes=settings.lockout_minutes)
    return True


def _missing_step(row: Row[*tuple[Any, ...]], settings: Settings) -> Step | None:
    if row.has_second_factor and row.second_factor_at is None:
        return Step.SECOND_FACTOR
    if row.role in ADMINISTRATORS and not row.has_second_factor and settings.needs_second_factor:
        return Step.ENROLMENT
    return Step.NEW_PASSWORD if row.must_change_password else None
