"""Every row received is accepted, rejected with a reason, or recognised as unchanged."""

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from jobs.errors import SettingsError
from jobs.ingest import ingest_department
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.settings import Settings
from schemas.delivery import DONE_SUFFIX
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver, delivered_path
from tests.jobs.people import identity_number, on_dibao, registered, settlement

NIGHT_3 = date(2026, 11, 23)


def ingest_rows(
    installation: Installation, extract_class: str, rows: Sequence[dict[str, Any]], day: date = NIGHT_1, **lies: Any
) -> DeliveryRecord:
    manifest = deliver(installation.settings.landing_folder, extract_class, rows, day, **lies)
    records = ingest_department(installation, manifest.department, day)
    return next(record for record in records if record.delivery_id == manifest.delivery_id)


def reasons(installation: Installation) -> set[tuple[int, str, str]]:
    rows = installation.warehouse.rows("quarantine.row").to_pylist()
    return {(row["line"], row["field"], row["reason"]) for row in rows}


def versions(installation: Installation, extract_class: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = installation.warehouse.rows(f"ods.{extract_class}").to_pylist()
    return rows


def wrong_checksum(n: int) -> str:
    number = identity_number(n)
    return number[:-1] + ("0" if number[-1] != "0" else "1")


WRONG_SETTLEMENTS = [
    (settlement(255, certno=wrong_checksum(255)), "certno", "identity_checksum"),
    (settlement(51, certno="3.40702E+17"), "certno", "identity_float_damaged"),
    (settlement(52, certno="3407**********1234"), "certno", "identity_masked"),
    (settlement(53, certno=""), "certno", "missing_required"),
    (settlement(54, setl_date="2026-02-30"), "setl_date", "impossible_date"),
    (settlement(55, setl_date="0000-00-00"), "setl_date", "impossible_date"),
    (settlement(56, setl_date="2026-12-31"), "setl_date", "future_date"),
    (settlement(57, setl_date="1999-01-01"), "setl_date", "date_too_early"),
    (settlement(58, preselfpay_amt="-1.00"), "preselfpay_amt", "negative_amount"),
    (settlement(59, acct_pay="若干"), "acct_pay", "not_a_number"),
    (settlement(60, med_type="77"), "med_type", "unknown_code"),
    (settlement(61, medfee_sumamt="5000"), "", "amounts_add_up"),
    (settlement(62, dscg_date="2026-02-01"), "", "stay_ends_after_it_begins"),
]


def test_received_is_accepted_plus_rejected_plus_unchanged(installation: Installation) -> None:
    right = [settlement(n) for n in range(190)]
    wrong = [row for row, _, _ in WRONG_SETTLEMENTS]
    record = ingest_rows(installation, "inpatient_settlement", [*right, right[0], *wrong])
    assert (record.received, record.accepted, record.rejected, record.unchanged) == (204, 190, 13, 1)


def test_every_wrong_row_is_quarantined_with_its_reason_file_and_line(installation: Installation) -> None:
    ingest_rows(
        installation,
        "inpatient_settlement",
        [settlement(n) for n in range(190)] + [row for row, _, _ in WRONG_SETTLEMENTS],
    )
    expected = {(192 + at, field, reason) for at, (_, field, reason) in enumerate(WRONG_SETTLEMENTS)}
    assert reasons(installation) == expected
    files = set(installation.warehouse.rows("quarantine.row")["file"].to_pylist())
    assert files == {"inpatient_settlement_20261119_01.csv"}


def test_messy_but_right_rows_are_accepted(installation: Installation) -> None:
    messy = settlement(
        7,
        certno=f" '{identity_number(7).lower()}\t",
        setl_date="2026年3月10日",
        medfee_sumamt="１,000.00元",
        adm_date="2026/3/1",
    )
    record = ingest_rows(installation, "inpatient_settlement", [messy, settlement(8)])
    assert record.rejected == 0
    row = next(row for row in versions(installation, "inpatient_settlement") if row["setl_id"] == "S000007")
    assert row["medfee_sumamt"] == Decimal("1000.00")
    assert row["setl_date"] == date(2026, 3, 10)
    assert row["person_key"] == installation.pseudonymiser.person_key(identity_number(7))


def test_two_contents_under_one_key_are_both_rejected(installation: Installation) -> None:
    record = ingest_rows(
        installation,
        "inpatient_settlement",
        [settlement(1), settlement(2), settlement(1, medfee_sumamt="900.00", fund_pay_sumamt="500.00")],
    )
    assert (record.accepted, record.rejected) == (1, 2)
    assert {reason for _, _, reason in reasons(installation)} == {"duplicate_key"}


def test_a_line_with_too_many_columns_is_rejected_and_the_lines_after_it_keep_their_numbers(
    installation: Installation,
) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(n) for n in range(20)])
    path = delivered_path(installation.settings.landing_folder, manifest)
    lines = path.read_bytes().split(b"\r\n")
    lines[2] += b",one,too,many"
    path.write_bytes(b"\r\n".join(lines))
    resealed = manifest.model_copy(
        update={
            "files": [manifest.files[0].model_copy(update={"sm3": hashlib.new("sm3", path.read_bytes()).hexdigest()})]
        }
    )
    path.with_suffix(".manifest.json").write_text(resealed.model_dump_json())
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert (record.status, record.received, record.accepted, record.rejected) == ("ingested", 20, 19, 1)
    assert reasons(installation) == {(3, "", "malformed_line")}
    assert {row["source_line"] for row in versions(installation, "inpatient_settlement")} == {2, *range(4, 22)}


def test_rows_already_known_are_unchanged_and_changed_ones_become_versions(installation: Installation) -> None:
    ingest_rows(installation, "inpatient_settlement", [settlement(1), settlement(2)])
    changed = settlement(2, fund_pay_sumamt="500.00", psn_part_amt="500.00")
    record = ingest_rows(installation, "inpatient_settlement", [settlement(1), changed, settlement(3)], NIGHT_2)
    assert (record.accepted, record.unchanged) == (2, 1)
    second = [row for row in versions(installation, "inpatient_settlement") if row["known_on"] == NIGHT_2]
    assert sorted((row["setl_id"], row["operation"]) for row in second) == [
        ("S000002", "update"),
        ("S000003", "insert"),
    ]


def test_data_docs_are_written_and_name_what_was_expected(installation: Installation) -> None:
    ingest_rows(installation, "inpatient_settlement", [settlement(1)], row_count=9)
    site = installation.settings.reports_folder / "data_docs" / "2026-11-19" / "medical_insurance"
    assert (site / "index.html").is_file()
    pages = [page.read_text(encoding="utf-8") for page in (site / "validations").rglob("*.html")]
    assert any("Must have exactly" in page and "Failed" in page for page in pages)


def test_ingesting_again_changes_nothing(installation: Installation) -> None:
    ingest_rows(installation, "inpatient_settlement", [settlement(1)])
    before = {name: installation.warehouse.snapshot_id(name) for name in installation.warehouse.table_names()}
    ingest_department(installation, "medical_insurance", NIGHT_1)
    assert {name: installation.warehouse.snapshot_id(name) for name in installation.warehouse.table_names()} == before


def test_a_delivery_resent_under_another_number_is_recognised(installation: Installation) -> None:
    rows = [settlement(n) for n in range(5)]
    ingest_rows(installation, "inpatient_settlement", rows)
    record = ingest_rows(installation, "inpatient_settlement", rows, NIGHT_1, sequence=2)
    assert (record.received, record.accepted, record.unchanged) == (5, 0, 5)


def test_a_held_delivery_resent_under_another_number_leaves_the_false_manifest_held(installation: Installation) -> None:
    rows = [settlement(n) for n in range(5)]
    assert ingest_rows(installation, "inpatient_settlement", rows, row_count=7).status == "held"
    assert ingest_rows(installation, "inpatient_settlement", rows, sequence=2).status == "ingested"
    first = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert first.status == "held"


def test_somebody_gone_from_a_clean_full_delivery_is_deleted(installation: Installation) -> None:
    ingest_rows(installation, "dibao", [on_dibao(n) for n in range(10)])
    record = ingest_rows(installation, "dibao", [on_dibao(n) for n in range(9)], NIGHT_2)
    assert (record.deleted, record.unchanged) == (1, 9)
    gone = [row for row in versions(installation, "dibao") if row["operation"] == "delete"]
    assert [row["person_key"] for row in gone] == [installation.pseudonymiser.person_key(identity_number(9))]


def test_nobody_is_deleted_while_a_new_row_cannot_be_told_apart(installation: Installation) -> None:
    ingest_rows(installation, "dibao", [on_dibao(n) for n in range(12)])
    unreadable = on_dibao(11, certno=wrong_checksum(11))
    record = ingest_rows(installation, "dibao", [*(on_dibao(n) for n in range(11)), unreadable], NIGHT_2)
    assert (record.deleted, record.rejected) == (0, 1)


def test_a_row_unreadable_the_last_time_too_hides_nobody(installation: Installation) -> None:
    unreadable = on_dibao(11, certno=wrong_checksum(11))
    ingest_rows(installation, "dibao", [*(on_dibao(n) for n in range(11)), unreadable])
    record = ingest_rows(installation, "dibao", [*(on_dibao(n) for n in range(10)), unreadable], NIGHT_2)
    assert (record.deleted, record.rejected) == (1, 1)


def test_a_full_delivery_that_shrank_too_much_is_held(installation: Installation) -> None:
    ingest_rows(installation, "dibao", [on_dibao(n) for n in range(10)])
    record = ingest_rows(installation, "dibao", [on_dibao(n) for n in range(6)], NIGHT_2)
    assert record.status == "held"
    assert "10 are known" in str(record.held_reason)
    assert len(versions(installation, "dibao")) == 10


HELD = [
    ({"row_count": 7}, "expect_table_row_count_to_equal"),
    ({"control_sum": Decimal("1.00")}, "expect_column_sum_to_be_between"),
    ({"schema_version": "9"}, "schema version 9"),
]


@pytest.mark.parametrize(("lie", "said"), HELD, ids=[next(iter(lie)) for lie, _ in HELD])
def test_a_delivery_that_does_not_match_its_manifest_is_held_whole(
    installation: Installation, lie: dict[str, Any], said: str
) -> None:
    rows = [settlement(n) for n in range(3)]
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", rows, NIGHT_1, **lie)
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert record.status == "held"
    assert record.rejected == record.received
    sentence = str(record.held_reason)
    assert said in sentence
    assert "市医疗保障局" in sentence
    assert manifest.delivery_id in sentence
    assert not installation.warehouse.exists("ods.inpatient_settlement")


def test_a_class_without_a_contract_is_held(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)])
    path = delivered_path(installation.settings.landing_folder, manifest).with_suffix(".manifest.json")
    path.write_text(manifest.model_copy(update={"extract_class": "unheard_of"}).model_dump_json())
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert record.status == "held"
    assert "no contract for the class 'unheard_of'" in str(record.held_reason)


def test_changed_columns_hold_the_delivery_and_name_them(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)])
    path = delivered_path(installation.settings.landing_folder, manifest)
    path.write_bytes(path.read_bytes().replace("结算日期".encode("gb18030"), "结帐日".encode("gb18030")))
    file = manifest.files[0].model_copy(update={"sm3": hashlib.new("sm3", path.read_bytes()).hexdigest()})
    path.with_suffix(".manifest.json").write_text(manifest.model_copy(update={"files": [file]}).model_dump_json())
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    sentence = str(record.held_reason)
    assert record.status == "held"
    assert "expect_table_columns_to_match_set" in sentence
    assert "inpatient_settlement_20261119_01.csv" in sentence
    assert "结算日期" in sentence
    assert "结帐日" in sentence


def test_a_manifest_that_is_none_is_held_and_says_what_is_missing(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)])
    path = delivered_path(installation.settings.landing_folder, manifest).with_suffix(".manifest.json")
    path.write_text('{"extract_class": "inpatient_settlement"}')
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert (record.status, record.delivery_id) == ("held", manifest.delivery_id)
    assert "inpatient_settlement_20261119_01.manifest.json is no manifest" in str(record.held_reason)


def test_a_file_other_than_the_manifest_names_is_held(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)])
    path = delivered_path(installation.settings.landing_folder, manifest)
    path.write_bytes(path.read_bytes() + b"\r\n")
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert "SM3" in str(record.held_reason)


def test_a_file_in_no_known_encoding_is_held_and_says_so(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "employment_register", [])
    path = delivered_path(installation.settings.landing_folder, manifest)
    path.write_bytes(b"ACC200,AAC002\r\n\xd5\xff")
    file = manifest.files[0].model_copy(update={"sm3": hashlib.new("sm3", path.read_bytes()).hexdigest()})
    path.with_suffix(".manifest.json").write_text(manifest.model_copy(update={"files": [file]}).model_dump_json())
    record = ingest_department(installation, "human_resources", NIGHT_1)[0]
    assert "cannot be read (promised: csv in utf-8-sig): it decodes as none of UTF-8, gb18030" in str(
        record.held_reason
    )


def test_without_ok_nothing_is_read(installation: Installation) -> None:
    manifest = deliver(installation.settings.landing_folder, "inpatient_settlement", [settlement(1)])
    delivered_path(installation.settings.landing_folder, manifest).with_suffix(DONE_SUFFIX).unlink()
    assert ingest_department(installation, "medical_insurance", NIGHT_1) == []


def test_one_held_delivery_does_not_stop_the_others(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "inpatient_settlement", [settlement(1)], NIGHT_1, row_count=9)
    deliver(landing, "inpatient_settlement", [settlement(2)], NIGHT_1, sequence=2)
    records = ingest_department(installation, "medical_insurance", NIGHT_1)
    assert [record.status for record in records] == ["held", "ingested"]


def test_a_corrected_resend_is_taken_in_place_of_the_held_one(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "inpatient_settlement", [settlement(1)], NIGHT_1, row_count=9)
    ingest_department(installation, "medical_insurance", NIGHT_1)
    deliver(landing, "inpatient_settlement", [settlement(1)], NIGHT_1)
    record = ingest_department(installation, "medical_insurance", NIGHT_1)[0]
    assert (record.status, record.accepted) == ("ingested", 1)


def test_the_department_gets_a_workbook_with_masked_numbers(installation: Installation) -> None:
    rows = [settlement(n) for n in range(190)] + [settlement(255, certno=wrong_checksum(255))]
    ingest_rows(installation, "inpatient_settlement", rows)
    path = installation.settings.reports_folder / "reconciliation" / "2026-11-19" / "medical_insurance.xlsx"
    lines = CalamineWorkbook.from_path(path).get_sheet_by_name("问题数据").to_python()
    assert lines[1][4:6] == ["证件号码", "身份证号校验不通过"]
    assert lines[1][3] == 192
    number = wrong_checksum(255)
    assert lines[1][7] == f"{number[:6]}********{number[-4:]}"


def test_the_workbook_tells_the_department_in_chinese_why_a_delivery_is_held(installation: Installation) -> None:
    ingest_rows(installation, "inpatient_settlement", [settlement(1)], row_count=9)
    path = installation.settings.reports_folder / "reconciliation" / "2026-11-19" / "medical_insurance.xlsx"
    sentence = CalamineWorkbook.from_path(path).get_sheet_by_name("整批暂扣").to_python()[1][3]
    assert sentence.startswith("请市医疗保障局核对后重报批次 medical_insurance.inpatient_settlement.20261119.01")
    assert "行数与清单不符 应为 9, 实为 1" in sentence


def _files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_no_identity_number_name_phone_or_address_leaves_the_vault(installation: Installation) -> None:
    people = [registered(n, psn_name="独孤䶮", phone="19900007777") for n in range(20)]
    wrong = registered(30, certno=wrong_checksum(30))
    ingest_rows(installation, "household_register", [*people, wrong])
    secrets = [identity_number(3), wrong["certno"], "独孤䶮", "19900007777", "荷花塘社区1号"]
    for path in _files_under(installation.settings.reports_folder):
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), path
    for name in installation.warehouse.table_names():
        text = str(installation.warehouse.rows(name).to_pylist())
        assert not any(secret in text for secret in secrets), name


def test_a_new_phone_number_is_a_new_contact_in_the_vault(installation: Installation) -> None:
    ingest_rows(installation, "household_register", [registered(n) for n in range(3)])
    moved = registered(1, phone="19900009999")
    record = ingest_rows(installation, "household_register", [registered(0), moved, registered(2)], NIGHT_2)
    assert (record.accepted, record.unchanged) == (1, 2)
    newest = [row for row in installation.warehouse.rows("vault.contact").to_pylist() if row["known_on"] == NIGHT_2]
    contacts = installation.vault.contacts_of([row["person_key"] for row in newest], "household_register")
    assert [contact["phone"] for contact in contacts.values()] == ["19900009999"]


def test_rejected_rows_are_kept_sealed_as_they_were_delivered(installation: Installation) -> None:
    right = [settlement(n) for n in range(190)]
    wrong = [row for row, _, _ in WRONG_SETTLEMENTS]
    twice = [settlement(500), settlement(500, psn_name="另一人", hosp_lv="1")]
    record = ingest_rows(installation, "inpatient_settlement", [*right, *wrong, *twice])
    (opened,) = installation.vault.everybody("rejected")
    kept = sorted(opened.to_pylist(), key=lambda row: int(row["line"]))
    assert len(kept) == record.rejected
    assert [row["line"] for row in kept] == [str(2 + len(right) + n) for n in range(len(wrong) + len(twice))]
    assert {row["psn_name"] for row in kept} >= {"另一人"}


def test_production_refuses_missing_and_demo_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SHOUWANG_PERSON_KEY"):
        Settings(mode="production", home=tmp_path, person_key=None).key("person_key")
    with pytest.raises(SettingsError, match="demo key"):
        Settings(mode="production", home=tmp_path, vault_key="demo-vault-key-not-for-production").key("vault_key")
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "vault_key").write_text("a-secret-of-our-own\n")
    assert Settings(mode="production", home=tmp_path, keys_dir=folder).key("vault_key") == b"a-secret-of-our-own"
