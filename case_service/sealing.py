"""Sealing of personal data with SM4 in Galois/counter mode, the national standard cipher.

A sealed value is key version (1 byte), nonce (12), ciphertext, tag (16). The place a value
belongs to is authenticated with it, so that a sealed phone number copied into another
person's row does not open.
"""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16


class Seal:
    """Seals and opens under one key; two seals of the same text never look alike."""

    def __init__(self, key_in_hex: str) -> None:
        self._key = bytes.fromhex(key_in_hex)

    def close(self, text: str, place: str) -> bytes:
        """`text` sealed for `place`."""
        return self.close_bytes(text.encode(), place)

    def close_bytes(self, content: bytes, place: str) -> bytes:
        """`content` sealed for `place`."""
        nonce = os.urandom(NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(place.encode())
        ciphertext = encryptor.update(content) + encryptor.finalize()
        return KEY_VERSION + nonce + ciphertext + encryptor.tag

    def open(self, sealed: bytes, place: str) -> str:
        """The text sealed for `place`; raises `InvalidTag` when it was altered or moved."""
        return self.open_bytes(sealed, place).decode()

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """The content sealed for `place`; raises `InvalidTag` when it was altered or moved."""
        if sealed[:1] != KEY_VERSION:
            raise ValueError(f"sealed under key version {int.from_bytes(sealed[:1])}, which this service does not hold")
        nonce, ciphertext, tag = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES : -TAG_BYTES], sealed[-TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(self._key), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(place.encode())
        return decryptor.update(ciphertext) + decryptor.finalize()

    def key_for_phone(self, username: str) -> bytes:
        """The 256-bit key under which this account's phone keeps what it takes along; the same on every phone."""
        return hmac.digest(self._key, f"phone/{username}".encode(), hashlib.sha256)
