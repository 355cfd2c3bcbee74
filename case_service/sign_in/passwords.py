"""Passwords, hashed with Argon2id at the library's defaults (RFC 9106, low-memory)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

SHORTEST_PASSWORD = 12
# No characters that look alike: people type these from a note.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

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


def is_good(password: str, username: str) -> bool:
    """Whether `password` may be chosen: long enough, and not the name of its owner over again."""
    return len(password) >= SHORTEST_PASSWORD and username.lower() not in password.lower() and len(set(password)) > 4


def new_one() -> str:
    """A password to be used once, at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
