"""How the keys of people, households and rows look, and how they are keyed once more under a new secret.

A key is `<kind><version>_<24 hex digits>`. Of version 1 it is an HMAC-SM3 (GM/T 0004) of what it stands for; of each
later version it is one of the digits before, under the secret that was added. So a key of the next version follows from
the key alone, without the identity number; and neither secret by itself leads from an identity number to a key.
"""

import hmac
import re
from functools import cached_property

KEY_CHARACTERS = 24
PURPOSES = {"p": "person", "h": "household", "r": "contact"}
KEY_IN_TEXT = re.compile(rf"(?<![0-9A-Za-z])([{''.join(PURPOSES)}])(\d+)_([0-9a-f]{{{KEY_CHARACTERS}}})(?![0-9a-f])")


class OtherVersionError(Exception):
    """A key is of a version from which the wanted one does not follow."""


class Secret:
    """One secret of the person key, ready to make digests for each purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, purpose: str, text: str) -> str:
        """The digits of a key."""
        digest = self._begun[purpose].copy()
        digest.update(text.encode())
        return digest.hexdigest()[:KEY_CHARACTERS]

    @cached_property
    def _begun(self) -> dict[str, hmac.HMAC]:
        # Copying a digest that has read the key takes half the time of beginning one.
        return {purpose: hmac.new(self._secret, f"{purpose}:".encode(), "sm3") for purpose in PURPOSES.values()}


class NextKeys:
    """Makes of keys of one version those of the next, wherever they stand in a text."""

    def __init__(self, secret: bytes, version: int) -> None:
        self._secret, self._version = Secret(secret), version

    def of(self, text: str) -> str:
        """The text with its keys in this version; those that are already in it stay."""
        return KEY_IN_TEXT.sub(self._next, text)

    def _next(self, found: re.Match[str]) -> str:
        kind, version, digits = found[1], int(found[2]), found[3]
        if version == self._version:
            return found[0]
        if version != self._version - 1:
            raise OtherVersionError(
                f"there are keys of version {version}, from which those of version {self._version} do not follow: "
                "the system administrator must add new secrets to person_key one at a time"
            )
        return f"{kind}{self._version}_{self._secret.digest(PURPOSES[kind], digits)}"
