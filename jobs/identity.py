"""Keys instead of identities: person keys, household keys, and the sealed vault.

A person key is an HMAC-SM3 (GM/T 0004) of the normalised identity number under a versioned
key: it joins rows of one person and gives nothing away. The vault seals identities with
SM4-GCM (GM/T 0002); only dispatch opens it.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_CHARACTERS = 24
_PURPOSES = ("person", "household", "contact")


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
        digest = self._begun[purpose].copy()
        digest.update(text.encode())
        return digest.hexdigest()[:_KEY_CHARACTERS]

    @cached_property
    def _begun(self) -> dict[str, hmac.HMAC]:
        # Copying a digest that has read the key takes half the time of beginning one.
        return {purpose: hmac.new(self.key, f"{purpose}:".encode(), "sm3") for purpose in _PURPOSES}


class Sealer:
    """Seals and opens blocks of rows. A block's name is bound in, so that blocks cannot be swapped."""

    def __init__(self, key: bytes, key_version: int) -> None:
        self._cipher_key = hashlib.new("sm3", b"vault:" + key).digest()[:16]
        self.key_version = key_version

    def seal(self, block: str, rows: pa.Table) -> bytes:
        """The rows as one SM4-GCM text, of use only under the same name and key."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(rows)
        nonce = os.urandom(_NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._cipher_key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(block.encode())
        return nonce + encryptor.update(sink.getvalue().to_pybytes()) + encryptor.finalize() + encryptor.tag

    def open(self, block: str, sealed: bytes) -> pa.Table:
        """Raises cryptography.exceptions.InvalidTag where the content or the name does not fit."""
        nonce, ciphertext, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(self._cipher_key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(block.encode())
        with pa.ipc.open_stream(decryptor.update(ciphertext) + decryptor.finalize()) as reader:
            return reader.read_all()
