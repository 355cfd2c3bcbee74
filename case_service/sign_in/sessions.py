"""Sessions as rows: a cookie holds a random id, the row holds its hash and may be revoked."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from case_service import action_log
from case_service.access import Viewer
from case_service.action_log import Action
from case_service.settings import Settings
from case_service.sign_in import passwords
from case_service.tables import SignInSession, Staff

SESSION_COOKIE = "session"
NOTED_EVERY = timedelta(minutes=1)


def sign_in(session: Session, username: str, password: str, at: datetime, settings: Settings) -> str | None:
    """The id of a new session, or none: unknown, wrong, without a password, or locked out."""
    staff = session.scalar(select(Staff).where(Staff.username == username, Staff.is_active).with_for_update(of=Staff))
    is_right = passwords.is_right(password, staff.password_hash if staff else None)
    if staff is None or staff.role is None:
        action_log.record(session, at, [Action("nobody", "sign_in_failed", "unknown username")])
        return None
    is_locked = staff.locked_until is not None and at < staff.locked_until
    if not is_right or is_locked:
        _note_failure(staff, at, settings, is_locked)
        action_log.record(
            session, at, [Action(username, "sign_in_locked" if is_locked else "sign_in_failed", username)]
        )
        return None
    staff.failed_sign_ins, staff.locked_until = 0, None
    session_id = start(session, staff, at)
    action_log.record(session, at, [Action(username, "signed_in", username)])
    return session_id


def start(session: Session, staff: Staff, at: datetime) -> str:
    """A new session for `staff`; the id is told once and stored nowhere."""
    session_id = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            id_hash=hash_of(session_id),
            staff_id=staff.id,
            form_token=secrets.token_urlsafe(32),
            started_at=at,
            last_seen_at=at,
        )
    )
    session.flush()
    return session_id


def viewer_of(session: Session, session_id: str, at: datetime, settings: Settings) -> Viewer | None:
    """Who holds this session, unless it is revoked, idle too long, or too old."""
    row = session.get(SignInSession, hash_of(session_id))
    if row is None or row.revoked_at is not None or not row.staff.is_active:
        return None
    is_idle = at - row.last_seen_at > timedelta(minutes=settings.session_idle_minutes)
    if is_idle or at - row.started_at > timedelta(hours=settings.session_longest_hours):
        return None
    if at - row.last_seen_at >= NOTED_EVERY:
        row.last_seen_at = at
        session.commit()
    staff = row.staff
    if staff.role is None:
        return None
    return Viewer(
        staff_id=staff.id,
        username=staff.username,
        display_name=staff.display_name,
        role=staff.role,
        unit_code=staff.unit_code,
        unit_name=staff.unit.name,
        unit_path=staff.unit.path,
        form_token=row.form_token,
    )


def sign_out(session: Session, session_id: str, viewer: Viewer, at: datetime) -> None:
    """Revoke the session, so that a copied cookie is worth nothing."""
    session.execute(update(SignInSession).where(SignInSession.id_hash == hash_of(session_id)).values(revoked_at=at))
    action_log.record(session, at, [Action(viewer.username, "signed_out", viewer.username)])


def hash_of(session_id: str) -> str:
    """What the database knows of a session id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def _note_failure(staff: Staff, at: datetime, settings: Settings, is_locked: bool) -> None:
    if is_locked:
        return
    staff.failed_sign_ins += 1
    if staff.failed_sign_ins >= settings.failures_before_lockout:
        staff.failed_sign_ins = 0
        staff.locked_until = at + timedelta(minutes=settings.lockout_minutes)
