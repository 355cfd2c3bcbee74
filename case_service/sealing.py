"""Sealing of personal data with SM4 in Galois/counter mode, the national standard cipher.

A sealed value is key version (1 byte), nonce (12), ciphertext, tag (16). The place a value
belongs to is authenticated with it, so that a sealed phone number copied into another
person's row does not open.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16


class Seal:
    """Seals under the newest of its keys and opens under each; two seals of the same text never look alike."""

    def __init__(self, keys_in_hex: str) -> None:
        """`keys_in_hex` are set apart by spaces or lines, the oldest first."""
        self._keys = [bytes.fromhex(key) for key in reversed(keys_in_hex.split())]

    def close(self, text: str, place: str) -> bytes:
        """`text` sealed for `place`."""
        return self.close_bytes(text.encode(), place)

    def close_bytes(self, content: bytes, place: str) -> bytes:
        """`content` sealed for `place`."""
        nonce = os.urandom(NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(self._keys[0]), modes.GCM(nonce)).encryptor()
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
        for key in self._keys[:-1]:
            try:
                return _opened(key, sealed, place)
            except InvalidTag:
                continue
        return _opened(self._keys[-1], sealed, place)

    def sealed_anew(self, sealed: bytes, place: str, new_place: str | None = None) -> bytes | None:
        """The same content under the newest key, and for another place if one is named; None where it is so already."""
        if new_place in (None, place):
            try:
                _opened(self._keys[0], sealed, place)
            except InvalidTag:
                pass
            else:
                return None
        return self.close_bytes(self.open_bytes(sealed, place), new_place or place)

    def key_for_phone(self, username: str) -> bytes:
        """The 256-bit key under which this account's phone keeps what it takes along; the same on every phone.

        It is made of the oldest key, so that what waits on phones opens for as long as that one is kept.
        """
        return hmac.digest(self._keys[-1], f"phone/{username}".encode(), hashlib.sha256)


def _opened(key: bytes, sealed: bytes, place: str) -> bytes:
    nonce, ciphertext, tag = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES : -TAG_BYTES], sealed[-TAG_BYTES:]
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(place.encode())
    return decryptor.update(ciphertext) + decryptor.finalize()
