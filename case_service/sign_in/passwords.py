"""Passwords, hashed with Argon2id at the library's defaults (RFC 9106, low-memory)."""

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher()
# Checked when the username is unknown, so that the answer takes as long as for a known one.
_NOBODYS_HASH = _hasher.hash("nobody signs in with this")


def hashed(password: str) -> str:
    """The hash to store."""
    return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether `password` is the one; takes as long when there is none."""
    try:
        is_match = _hasher.verify(password_hash or _NOBODYS_HASH, password)
    except VerificationError:
        return False
    return is_match and password_hash is not None
