"""Sealing and masking."""

import pytest
from cryptography.exceptions import InvalidTag

from case_service.masking import masked_identity_number, masked_name, masked_phone
from case_service.sealing import Seal

KEY = "0123456789abcdef" * 2


def test_what_is_sealed_opens_only_at_its_place_and_under_its_key() -> None:
    seal = Seal(KEY)
    sealed = seal.close("章试验", "GA1/person-1/name")
    assert seal.open(sealed, "GA1/person-1/name") == "章试验"
    assert sealed != seal.close("章试验", "GA1/person-1/name")
    for key, text, place in (
        (KEY, sealed, "GA1/person-2/name"),
        (KEY[::-1], sealed, "GA1/person-1/name"),
        (KEY, sealed[:-1] + bytes([sealed[-1] ^ 1]), "GA1/person-1/name"),
    ):
        with pytest.raises(InvalidTag):
            Seal(key).open(text, place)
    with pytest.raises(ValueError, match="key version 9"):
        seal.open(b"\x09" + sealed[1:], "GA1/person-1/name")


@pytest.mark.parametrize(
    ("mask", "whole", "shown"),
    [
        (masked_name, "章试验", "章*"),
        (masked_name, "欧阳试验", "欧阳*"),
        (masked_name, "欧阳", "欧*"),
        (masked_identity_number, "34070619500101000Y", "340706********000Y"),
        (masked_identity_number, "E12345", "******"),
        (masked_phone, "13000001234", "130****1234"),
        (masked_phone, "12345", "*****"),
    ],
)
def test_masks_leave_no_more_than_the_rule_allows(mask, whole: str, shown: str) -> None:
    assert mask(whole) == shown
