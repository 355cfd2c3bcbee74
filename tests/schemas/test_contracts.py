"""Every contract is whole, and a broken one says what to mend."""

from pathlib import Path

import pytest

from schemas.loader import STORED_NAMES, Contract, ContractError, contracts, read_contract
from schemas.row_rules import REASONS_ZH, field_problems, reason_title

ALL = list(contracts().values())
NUMBERS = {f"{number:02d}" for number in range(1, 33)}


def test_all_thirty_two_extract_classes_have_a_contract_each() -> None:
    assert sorted(contract.number for contract in ALL) == sorted(NUMBERS)


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.extract_class)
def test_a_contract_says_who_owns_what_and_why(contract: Contract) -> None:
    assert contract.path.parent.name == contract.department
    assert contract.title
    assert contract.title_en
    assert contract.owner
    assert contract.purpose
    assert contract.limitations
    assert contract.legal_basis
    assert contract.latency_days > 0
    assert all(field.description and field.title for field in contract.fields)


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.extract_class)
def test_identity_stays_out_of_stored_columns(contract: Contract) -> None:
    for field in contract.fields:
        if field.classification == "identity":
            assert field.stored_name in {None, *STORED_NAMES.values()}, field.name
    assert sum(field.identity == "number" for field in contract.fields) == 1


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.extract_class)
def test_every_reason_has_a_sentence_for_the_department(contract: Contract) -> None:
    reasons = {reason for field in contract.fields for reason, _ in field_problems(field, "x")}
    assert reasons <= REASONS_ZH.keys()
    for rule in contract.row_rules:
        assert reason_title(contract, rule.name) == rule.title


def _spoiled(tmp_path: Path, old: str, new: str) -> Path:
    text = contracts()["inpatient_settlement"].path.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "spoiled.odcs.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - {property: deliveryMode, value: incremental}\n", "", "deliveryMode"),
        ("primaryKey: true", "primaryKey: false", "primaryKey"),
        ('headers, value: {"1": 结算ID}', 'headers, value: {"0": 结算ID}', "setl_id"),
        ("select count(*) from {object} where dscg_date", "select dscg_date", "stay_ends_after_it_begins"),
    ],
)
def test_a_broken_contract_says_what_to_mend(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ContractError, match=said) as error:
        read_contract(_spoiled(tmp_path, old, new))
    assert "spoiled.odcs.yaml" in str(error.value)
