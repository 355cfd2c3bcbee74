"""Contracts are checked all together, and breaking changes between two versions are named."""

from pathlib import Path

import pytest

from schemas.checking import contract_failures
from schemas.differences import contract_changes
from schemas.loader import contract_paths, contracts, read_contract

DIBAO = contracts()["dibao"].path


def changed(tmp_path: Path, before: str, after: str, count: int = -1) -> Path:
    """The dibao contract with one text replaced by another."""
    text = DIBAO.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "changed.odcs.yaml"
    path.write_text(text.replace(before, after, count), encoding="utf-8")
    return path


def test_the_contracts_that_come_with_the_product_can_be_kept() -> None:
    assert contract_failures() == []


WRONG = [
    ("physicalType: integer", "physicalType: int", "changed.odcs.yaml: field member_count: unknown physicalType 'int'"),
    ("review_date < start_date", "review_dat < start_date", "its rules and types make no SQL"),
    ("controlField, value: monthly_amount", "controlField, value: sum", "controlField sum is no field"),
    ("deliveryMode, value: full", "deliveryMode, value: all", "deliveryMode 'all' must be full or incremental"),
    ('{"1": 家庭编号}', '{"1": 身份证号}', "two fields have the header 身份证号"),
    ("primaryKey: true", "primaryKey: false", "mark at least one field primaryKey"),
    ("format: parquet", "form: parquet", "unexpected keyword argument 'form'"),
]


@pytest.mark.parametrize(("before", "after", "said"), WRONG, ids=[after for _, after, _ in WRONG])
def test_what_cannot_be_kept_is_said(tmp_path: Path, before: str, after: str, said: str) -> None:
    failures = contract_failures([changed(tmp_path, before, after)])
    assert any(said in failure for failure in failures), failures


def test_all_failures_are_listed_together(tmp_path: Path) -> None:
    one = changed(tmp_path, "deliveryMode, value: full", "deliveryMode, value: all")
    two = tmp_path / "two.odcs.yaml"
    two.write_text("kind: [", encoding="utf-8")
    failures = contract_failures([one, two, *contract_paths()])
    assert {failure.split(":")[0].split(",")[0] for failure in failures} >= {"changed.odcs.yaml", "two.odcs.yaml"}
    assert any("the same extract class dibao" in failure for failure in failures)


BREAKING = [
    ("      - name: review_date\n", "      - name: reviewed_on\n", "field review_date removed"),
    ("physicalType: decimal(16,2)", "physicalType: decimal(18,4)", "field monthly_amount: type changed"),
    ('{"1": 姓名}', '{"1": 名字}', "field psn_name: header of schema version 1 changed from 姓名 to 名字"),
    (', "C": 短期保障', "", "field category: code C removed"),
    ("deliveryMode, value: full", "deliveryMode, value: incremental", "delivery mode changed from full to incremental"),
]


@pytest.mark.parametrize(("before", "after", "said"), BREAKING, ids=[said for *_, said in BREAKING])
def test_a_breaking_change_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    changes = contract_changes(read_contract(DIBAO), read_contract(changed(tmp_path, before, after)))
    assert any(said in change.text for change in changes if change.breaking), changes


def test_a_changed_key_and_a_new_requirement_break(tmp_path: Path) -> None:
    key = "        primaryKey: true\n        primaryKeyPosition: 1\n"
    text = changed(tmp_path, key, "").read_text(encoding="utf-8")
    moved = text.replace("businessName: 家庭编号\n", f"businessName: 家庭编号\n{key}")
    path = tmp_path / "moved.odcs.yaml"
    path.write_text(moved, encoding="utf-8")
    changes = {change.text for change in contract_changes(read_contract(DIBAO), read_contract(path)) if change.breaking}
    assert changes == {"key changed from certno to family_no"}
    old = changed(tmp_path, "physicalType: integer\n        required: true", "physicalType: integer")
    assert [
        change.text for change in contract_changes(read_contract(old), read_contract(DIBAO)) if change.breaking
    ] == ["field member_count: is required now"]


def test_what_is_only_added_does_not_break(tmp_path: Path) -> None:
    more = changed(tmp_path, '"C": 短期保障', '"C": 短期保障, "D": 其他')
    assert [
        (change.text, change.breaking) for change in contract_changes(read_contract(DIBAO), read_contract(more))
    ] == [("field category: code D added", False)]
