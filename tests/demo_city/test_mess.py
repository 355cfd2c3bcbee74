from collections import Counter

import pandas as pd
import pytest
from stdnum.cn import ric

from schemas.loader import contracts
from tests.demo_city.conftest import BuiltCity
from tests.demo_city.reading import delivered_rows, tidy_identity

WRONG_KINDS = {
    "identity_checksum",
    "identity_float_damaged",
    "identity_masked",
    "identity_missing",
    "test_row",
    "impossible_date",
    "future_date",
    "negative_amount",
    "duplicate_key",
    "unknown_code",
    "missing_required",
}


@pytest.fixture(scope="module")
def blemishes(usual_city: BuiltCity) -> pd.DataFrame:
    return usual_city.truth("wrong_rows")


def test_about_one_row_in_a_hundred_is_wrong(usual_city: BuiltCity, blemishes: pd.DataFrame) -> None:
    rows = sum(manifest.row_count for manifest in usual_city.manifests)
    wrong = int((blemishes["kind"] != "messy_but_right").sum())

    assert 0.008 < wrong / rows < 0.014


def test_every_kind_of_mess_is_there(blemishes: pd.DataFrame) -> None:
    assert set(blemishes["kind"]) == WRONG_KINDS | {"messy_but_right"}


def test_a_row_is_blemished_once(blemishes: pd.DataFrame) -> None:
    assert not blemishes.duplicated(["delivery_id", "line"]).any()


def test_identity_numbers_are_right_wherever_the_truth_says_so(usual_city: BuiltCity, blemishes: pd.DataFrame) -> None:
    unusable = ["identity_checksum", "identity_float_damaged", "identity_masked", "test_row"]
    broken = blemishes[blemishes["kind"].isin(unusable)]
    broken_rows = set(zip(broken["delivery_id"], broken["line"], strict=True))
    is_missing = blemishes["kind"].isin(["missing_required", "identity_missing"])
    empty = blemishes[is_missing & blemishes["field"].isin(["certno", "aac002"])]
    empty_rows = set(zip(empty["delivery_id"], empty["line"], strict=True))
    for name, manifest in usual_city.judged():
        contract = contracts()[manifest.extract_class]
        number = contract.identity_field.name
        for row in delivered_rows(contract, usual_city.data_file(manifest)):
            place = (name, int(row["line"]))
            if place in empty_rows:
                assert row[number] == ""
            else:
                assert ric.is_valid(tidy_identity(row[number])) == (place not in broken_rows), place


def test_keys_repeat_only_where_the_truth_says_so(usual_city: BuiltCity, blemishes: pd.DataFrame) -> None:
    for name, manifest in usual_city.judged():
        contract = contracts()[manifest.extract_class]
        own = blemishes[blemishes["delivery_id"] == name]
        unreadable = set(own[~own["kind"].isin(["duplicate_key", "messy_but_right"])]["line"])
        rows = delivered_rows(contract, usual_city.data_file(manifest))
        keys = {int(row["line"]): tuple(row[field.name] for field in contract.key_fields) for row in rows}
        count = Counter(key for line, key in keys.items() if line not in unreadable)
        repeated = {line for line, key in keys.items() if line not in unreadable and count[key] > 1}
        assert repeated == set(own[own["kind"] == "duplicate_key"]["line"])


def test_messy_cells_are_written_in_many_ways(usual_city: BuiltCity) -> None:
    manifest = usual_city.manifest("chronic_outpatient_settlement")
    rows = delivered_rows(contracts()["chronic_outpatient_settlement"], usual_city.data_file(manifest))
    numbers = [row["certno"] for row in rows]
    dates = [row["setl_date"] for row in rows]
    amounts = [cell for row in rows for field, cell in row.items() if field.endswith(("amt", "pay"))]

    assert any(number.startswith(" ") for number in numbers)
    assert any(number.startswith("'") for number in numbers)
    assert any(number.endswith("\t") for number in numbers)
    assert any("０" in number for number in numbers)
    assert any("年" in day for day in dates)
    assert any("/" in day for day in dates)
    assert any("," in amount for amount in amounts)
    assert any(amount.endswith("元") for amount in amounts)
    assert any("．" in amount for amount in amounts)


def test_a_row_sent_again_is_untidy_in_the_same_way(usual_city: BuiltCity) -> None:
    contract = contracts()["dibao"]
    first, second = (
        {
            row["family_no"] + row["psn_name"]: row["certno"]
            for row in delivered_rows(contract, usual_city.data_file(manifest))
        }
        for manifest in (usual_city.manifest("dibao", night) for night in (0, 1))
    )

    assert all(first[key] == second[key] for key in first.keys() & second.keys())
