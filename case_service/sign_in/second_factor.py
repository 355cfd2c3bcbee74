"""The second factor: time-based codes (RFC 6238), and recovery codes for whoever lost their phone."""

import secrets
import unicodedata
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from case_service.sealing import Seal
from case_service.tables import RecoveryCode, Staff

SECONDS_PER_STEP = 30
# A phone's clock may be a little off.
STEPS_EITHER_WAY = 1
RECOVERY_CODES = 10
ISSUER = "守望"


def new_secret() -> str:
    """A secret for an authenticator app."""
    return pyotp.random_base32()


def drawing(secret: str, username: str) -> Markup:
    """The secret as a code that an authenticator app reads with its camera."""
    address = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)
    return Markup(segno.make(address, micro=False).svg_inline(scale=5, border=2))  # noqa: S704 - drawn by the library


def accepted_step(secret: str, code: str, at: datetime, last_step: int) -> int | None:
    """The time step that `code` belongs to, if it is right and later than the last one used."""
    now = int(at.timestamp()) // SECONDS_PER_STEP
    for step in range(now - STEPS_EITHER_WAY, now + STEPS_EITHER_WAY + 1):
        expected = pyotp.TOTP(secret).at(step * SECONDS_PER_STEP)
        if compare_digest(expected.encode(), _tidied(code).encode()) and step > last_step:
            return step
    return None


def is_right(session: Session, staff: Staff, code: str, at: datetime, seal: Seal) -> bool:
    """Whether `code` is the second factor of `staff`. Each code counts once."""
    if staff.sealed_second_factor is None:
        return False
    secret = seal.open(staff.sealed_second_factor, second_factor_place(staff.username))
    step = accepted_step(secret, code, at, staff.second_factor_step)
    if step is not None:
        staff.second_factor_step = step
        return True
    used = delete(RecoveryCode).where(
        RecoveryCode.staff_id == staff.id, RecoveryCode.code_hash == _hash(staff, _tidied(code))
    )
    return session.execute(used.returning(RecoveryCode.code_hash)).first() is not None


def enrol(session: Session, staff: Staff, secret: str, step: int, seal: Seal) -> list[str]:
    """Make `secret` the second factor of `staff`; gives their recovery codes, which are shown once."""
    staff.sealed_second_factor = seal.close(secret, second_factor_place(staff.username))
    staff.second_factor_step = step
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes = ["-".join(secrets.token_hex(2) for _ in range(4)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_hash(staff, code), staff_id=staff.id) for code in codes)
    return codes


def forget(session: Session, staff: Staff) -> None:
    """Take the second factor of `staff` away; an administrator enrols anew at the next sign-in."""
    staff.sealed_second_factor = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))


def codes_left(session: Session, staff_id: int) -> int:
    """How many recovery codes are still unused."""
    return len(session.scalars(select(RecoveryCode.code_hash).where(RecoveryCode.staff_id == staff_id)).all())


def _tidied(code: str) -> str:
    return "".join(unicodedata.normalize("NFKC", code).lower().split())


def _hash(staff: Staff, code: str) -> str:
    return sha256(f"{staff.id}:{code}".encode()).hexdigest()


def second_factor_place(username: str) -> str:
    """Where the secret of a second factor belongs."""
    return f"{username}/second_factor"
