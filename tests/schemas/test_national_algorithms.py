"""What digests and seals are made of gives the values that the national standards publish."""

import hashlib
import hmac
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from schemas.delivery import file_sm3

STANDARD_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


def test_a_files_digest_is_sm3(tmp_path: Path) -> None:
    file = tmp_path / "abc"
    file.write_bytes(b"abc")
    assert file_sm3(file) == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_a_keyed_digest_is_hmac_over_sm3() -> None:
    def xored(byte: int) -> bytes:
        return bytes(one ^ byte for one in STANDARD_KEY.ljust(64, b"\0"))

    inner = hashlib.new("sm3", xored(0x36) + b"abc").digest()
    assert hmac.digest(STANDARD_KEY, b"abc", "sm3") == hashlib.new("sm3", xored(0x5C) + inner).digest()


def test_sm4_encrypts_the_block_of_the_standard() -> None:
    encryptor = Cipher(algorithms.SM4(STANDARD_KEY), modes.ECB()).encryptor()
    assert encryptor.update(STANDARD_KEY).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_in_galois_counter_mode_is_that_of_rfc_8998() -> None:
    nonce = bytes.fromhex("00001234567800000000abcd")
    encryptor = Cipher(algorithms.SM4(STANDARD_KEY), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    ciphertext = encryptor.update(b"".join(bytes([byte]) * 8 for byte in bytes.fromhex("aabbccddeeffeeaa")))
    encryptor.finalize()
    assert ciphertext.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"
