"""Keys instead of identities: person keys, household keys, and the sealed vault.

A person key is an HMAC-SM3 (GM/T 0004) of the normalised identity number under a versioned
key: it joins rows of one person and gives nothing away. The vault seals identities with
SM4-GCM (GM/T 0002); only dispatch opens it.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_CHARACTERS = 24


@dataclass(frozen=True)
class Pseudonymiser:
    """Makes keys of identity and household numbers under one key version."""

    key: bytes
    key_version: int

    def person_key(self, identity_number: str) -> str:
        """The key of a person, `p<version>_<24 hex digits>`, from a normalised identity number."""
        return f"p{self.key_version}_{self._digest('person', identity_number)}"

    def household_key(self, household_number: str) -> str:
        """The key of a household, `h<version>_<24 hex digits>`."""
        return f"h{self.key_version}_{self._digest('household', household_number)}"

    def fingerprint(self, text: str) -> str:
        """Tells whether sealed content changed without opening it."""
        return self._digest("contact", text)

    def _digest(self, purpose: str, text: str) -> str:
        return hmac.new(self.key, f"{purpose}:{text}".encode(), lambda: hashlib.new("sm3")).hexdigest()[
            :_KEY_CHARACTERS
        ]


class Vault:
    """Seals and opens small JSON documents. The person key is bound in, so rows cannot be swapped."""

    def __init__(self, key: bytes, key_version: int) -> None:
        self._cipher_key = hashlib.new("sm3", b"vault:" + key).digest()[:16]
        self.key_version = key_version

    def seal(self, person_key: str, content: Mapping[str, str | None]) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._cipher_key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(person_key.encode())
        text = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
        return nonce + encryptor.update(text) + encryptor.finalize() + encryptor.tag

    def open(self, person_key: str, sealed: bytes) -> dict[str, str | None]:
        """Raises cryptography.exceptions.InvalidTag where the content or the person does not fit."""
        nonce, ciphertext, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(self._cipher_key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(person_key.encode())
        content: dict[str, str | None] = json.loads(decryptor.update(ciphertext) + decryptor.finalize())
        return content
