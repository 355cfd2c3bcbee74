import csv
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, Manifest, file_sm3
from schemas.loader import contracts
from tests.demo_city.conftest import BuiltCity
from tests.demo_city.reading import delivered_rows, tidy_amount


def test_every_class_is_delivered_on_the_first_night(small_city: BuiltCity) -> None:
    first = [each for each in small_city.manifests if each.business_date == small_city.plan.first_night]

    assert {each.extract_class for each in first} == set(contracts())
    assert [each.sequence for each in first if each.extract_class == "employee_pension_contribution"] == [1, 2]


def test_every_manifest_matches_its_file(small_city: BuiltCity) -> None:
    for manifest in small_city.manifests:
        contract = contracts()[manifest.extract_class]
        path = small_city.data_file(manifest)
        written = (path.parent / f"{manifest.stem}{MANIFEST_SUFFIX}").read_text(encoding="utf-8")
        assert Manifest.model_validate_json(written) == manifest
        assert (path.parent / f"{manifest.stem}{DONE_SUFFIX}").stat().st_size == 0
        assert file_sm3(path) == manifest.files[0].sm3

        rows = delivered_rows(contract, path)
        assert len(rows) == manifest.row_count
        if contract.control_field:
            total = sum(Decimal(tidy_amount(row[contract.control_field])) for row in rows)
            assert total == manifest.control_sum, manifest.delivery_id
        else:
            assert manifest.control_sum is None


def test_files_are_in_the_encodings_of_the_departments(small_city: BuiltCity) -> None:
    register = small_city.data_file(small_city.manifest("household_register")).read_bytes()
    text = register.decode("gb18030")
    assert "䶮" in text
    assert "㛃" in text
    with pytest.raises(UnicodeDecodeError):
        register.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        register.decode("utf-8")

    pension = small_city.data_file(small_city.manifest("employee_pension_contribution")).read_bytes()
    assert pension.startswith(b"\xef\xbb\xbfAAC001,")


def test_values_with_the_delimiter_are_quoted(usual_city: BuiltCity) -> None:
    path = usual_city.data_file(usual_city.manifest("household_register"))
    text = path.read_text(encoding="gb18030")

    assert any('|"铜陵市' in line and "3栋|2单元" in line for line in text.splitlines())
    widths = {len(row) for row in csv.reader(text.splitlines(), delimiter="|")}
    assert widths == {len(contracts()["household_register"].fields)}


def test_parquet_columns_are_typed_where_the_department_types_them(small_city: BuiltCity) -> None:
    dibao = pq.read_schema(small_city.data_file(small_city.manifest("dibao")))
    tekun = pq.read_schema(small_city.data_file(small_city.manifest("tekun")))

    assert dibao.field("月保障金额").type == pa.decimal128(16, 2)
    assert dibao.field("保障起始日期").type == pa.string()
    assert tekun.field("供养起始日期").type == pa.date32()


def test_the_second_night_brings_little_that_is_new(usual_city: BuiltCity) -> None:
    for extract_class in ("inpatient_settlement", "chronic_outpatient_settlement", "general_outpatient_month"):
        first, second = (usual_city.manifest(extract_class, night).row_count for night in (0, 1))
        assert 0 < second < 0.015 * first

    for extract_class in ("dibao", "tekun", "marginal_and_rigid"):
        contract = contracts()[extract_class]
        before, after = (
            {tuple(row[field.name] for field in contract.fields) for row in delivered_rows(contract, path)}
            for path in (usual_city.data_file(usual_city.manifest(extract_class, night)) for night in (0, 1))
        )
        assert before != after
        assert len(before & after) > 0.9 * len(before)


def test_the_second_night_repeats_and_changes_rows(usual_city: BuiltCity) -> None:
    contract = contracts()["inpatient_settlement"]
    first, second = (
        {row["setl_id"]: {**row, "line": ""} for row in delivered_rows(contract, usual_city.data_file(manifest))}
        for manifest in (usual_city.manifest("inpatient_settlement", night) for night in (0, 1))
    )
    sent_again = first.keys() & second.keys()

    assert any(first[number] == second[number] for number in sent_again)
    reversed_since = [
        number for number in sent_again if second[number]["refd_setl_flag"] > first[number]["refd_setl_flag"]
    ]
    assert reversed_since
    assert second.keys() - first.keys()


def test_whole_registers_come_only_at_their_cadence(small_city: BuiltCity) -> None:
    accounts = small_city.truth("deliveries")
    regular = set(accounts[accounts["kind"] == "regular"]["delivery_id"])
    second = [
        each
        for each in small_city.manifests
        if each.business_date == small_city.plan.last_night and each.delivery_id in regular
    ]
    whole = {each.extract_class for each in second if each.mode == "full"}
    increments = {each.extract_class for each in second if contracts()[each.extract_class].delivery_mode != each.mode}

    assert whole == {"dibao", "tekun", "marginal_and_rigid", "relapse_monitoring"}
    assert increments >= {"household_register", "insured_person", "resident_pension", "vehicle_register"}
