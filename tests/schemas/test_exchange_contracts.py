"""The contracts of what is exchanged say what the messages say."""

from pathlib import Path

import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from schemas import messages

EXCHANGE = Path(messages.__file__).parent / "exchange"


@pytest.mark.parametrize("name", ["warning", "outcome", "freshness"])
def test_contract_and_message_have_the_same_fields(name: str) -> None:
    contract = OpenDataContractStandard.from_file(str(EXCHANGE / f"{name}.odcs.yaml"))
    custom = {item.property: item.value for item in contract.customProperties or []}
    message = getattr(messages, str(custom["message"]))
    described = {item.name: bool(item.required) for item in contract.schema_[0].properties or []}
    assert described == {field: info.is_required() for field, info in message.model_fields.items()}


def test_only_contacts_carry_identity() -> None:
    contract = OpenDataContractStandard.from_file(str(EXCHANGE / "warning.odcs.yaml"))
    identity = [item.name for item in contract.schema_[0].properties or [] if item.classification == "identity"]
    assert identity == ["contact", "other_contacts"]
