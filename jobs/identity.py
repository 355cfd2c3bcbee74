"""Keys instead of identities: person keys, household keys, and the sealed vault.

A person key is an HMAC-SM3 (GM/T 0004) of the normalised identity number under a versioned
key: it joins rows of one person and gives nothing away. The vault seals identities with
SM4-GCM (GM/T 0002); only dispatch opens it.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property

import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from schemas.person_keys import Secret

_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_NUMBER_DIGITS = 7


class Pseudonymiser:
    """Makes keys of identity and household numbers under the secrets in `person_key`, the oldest first.

    There are as many secrets as the keys have versions: see `schemas.person_keys`.
    """

    def __init__(self, person_key: bytes) -> None:
        self._secrets = [Secret(secret) for secret in person_key.split()]

    @property
    def key_version(self) -> int:
        return len(self._secrets)

    def person_key(self, identity_number: str) -> str:
        """The key of a person, `p<version>_<24 hex digits>`, from a normalised identity number."""
        return f"p{self.key_version}_{self._digest('person', identity_number)}"

    def household_key(self, household_number: str) -> str:
        """The key of a household, `h<version>_<24 hex digits>`."""
        return f"h{self.key_version}_{self._digest('household', household_number)}"

    def fingerprint(self, text: str) -> str:
        """Tells whether sealed content changed without opening it."""
        return self._digest("contact", text)

    @cached_property
    def row_secrets(self) -> Sequence[str]:
        """What the digests of rows are made with, so that nobody can try out contents: one for each version."""
        return [secret.digest("contact", "row") for secret in self._secrets]

    def _digest(self, purpose: str, text: str) -> str:
        for secret in self._secrets:
            text = secret.digest(purpose, text)
        return text


class Sealer:
    """Seals and opens blocks of rows. A block's name is bound in, so that blocks cannot be swapped.

    Of several keys, the oldest first, the newest seals and each opens.
    """

    def __init__(self, vault_key: bytes) -> None:
        keys = vault_key.split()
        self._cipher_keys = [hashlib.new("sm3", b"vault:" + key).digest()[:16] for key in reversed(keys)]
        # Tells keys apart, and says nothing about the key.
        self.key_number = int(hashlib.new("sm3", b"number:" + keys[-1]).hexdigest()[:_KEY_NUMBER_DIGITS], 16)

    def seal(self, block: str, rows: pa.Table) -> bytes:
        """The rows as one SM4-GCM text, of use only under the same name and key."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(rows)
        nonce = os.urandom(_NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._cipher_keys[0]), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(block.encode())
        return nonce + encryptor.update(sink.getvalue().to_pybytes()) + encryptor.finalize() + encryptor.tag

    def open(self, block: str, sealed: bytes) -> pa.Table:
        """Raises cryptography.exceptions.InvalidTag where the content, the name or every key does not fit."""
        for key in self._cipher_keys[:-1]:
            try:
                return _opened(key, block, sealed)
            except InvalidTag:
                continue
        return _opened(self._cipher_keys[-1], block, sealed)


def _opened(cipher_key: bytes, block: str, sealed: bytes) -> pa.Table:
    nonce, ciphertext, tag = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(cipher_key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(block.encode())
    with pa.ipc.open_stream(decryptor.update(ciphertext) + decryptor.finalize()) as reader:
        return reader.read_all()
