"""Departments send other files than they promised, and a reader that looks at the bytes finds all rows."""

from pathlib import Path

import pytest
from dbfread import DBF

from demo_city.period import FIRST_NIGHT, CityPlan
from schemas.delivery import Manifest
from schemas.loader import contracts
from tests.demo_city.conftest import BuiltCity, built
from tests.demo_city.reading import encoding_of, table_of


def sent(city: BuiltCity, extract_class: str, night: int = 0) -> tuple[Manifest, bytes]:
    manifest = city.manifest(extract_class, night)
    return manifest, city.data_file(manifest).read_bytes()


def test_every_encoding_and_delimiter_is_there(small_city: BuiltCity) -> None:
    accounts = small_city.truth("deliveries")

    assert set(accounts["encoding"]) >= {"utf-8", "utf-8-sig", "utf-16", "gb18030"}
    assert set(accounts["delimiter"]) >= {",", "|", "\t", "^"}
    assert set(accounts["format"]) == {"csv", "xlsx", "xls", "html", "dbf", "parquet"}
    assert accounts["is_zipped"].any()


@pytest.mark.parametrize(
    ("extract_class", "start"),
    [
        ("child_in_need", b"\xd0\xcf\x11\xe0"),
        ("public_housing", b"<html"),
        ("market_entity", b"PK"),
        ("student_aid", b"\xff\xfe"),
        ("disaster_event", b"PK"),
        ("temporary_aid", b"\xef\xbb\xbf"),
    ],
)
def test_the_bytes_are_what_the_truth_says(small_city: BuiltCity, extract_class: str, start: bytes) -> None:
    assert sent(small_city, extract_class)[1].startswith(start)


def test_dbf_names_are_cut_to_ten_bytes(small_city: BuiltCity) -> None:
    table = DBF(str(small_city.data_file(small_city.manifest("cremation"))), encoding="gb18030")
    promised = [field.headers["1"] for field in contracts()["cremation"].fields]

    assert max(len(name.encode("gb18030")) for name in table.field_names) == 10
    assert table.field_names != promised
    assert all(whole.startswith(cut) for whole, cut in zip(promised, table.field_names, strict=True))


@pytest.mark.parametrize("extract_class", ["public_housing", "child_in_need", "disaster_event"])
def test_workbooks_have_a_title_above_and_totals_below(small_city: BuiltCity, extract_class: str) -> None:
    manifest = small_city.manifest(extract_class)
    rows = table_of(small_city.data_file(manifest))

    assert contracts()[extract_class].title in rows[0][0]
    assert rows[-1][0] == "合计"
    assert str(manifest.control_sum) in rows[-1]
    assert len(rows) == manifest.row_count + 3


def test_an_increment_leaves_commas_in_addresses_unquoted(usual_city: BuiltCity) -> None:
    manifest, content = sent(usual_city, "household_register", 1)
    width = len(contracts()["household_register"].fields)
    torn = [line for line in content.decode("gb18030").splitlines() if line.count(",") >= width]

    assert torn
    assert not any('"' in line for line in torn)
    wrong = usual_city.truth("wrong_rows")
    mended = wrong[(wrong["delivery_id"] == manifest.delivery_id) & (wrong["field"] == "address")]
    assert set(mended["kind"]) == {"messy_but_right"}


def test_without_mess_every_file_is_as_promised(tmp_path: Path) -> None:
    city = built(tmp_path, CityPlan(people=1000, seed=2, first_night=FIRST_NIGHT, nights=2, mess="none"))

    assert set(city.truth("deliveries")["kind"]) == {"regular"}
    for manifest in city.manifests:
        promised = contracts()[manifest.extract_class].file
        path = city.data_file(manifest)
        assert path.suffix == f".{promised.format}"
        assert manifest.encoding == promised.encoding
        if promised.format == "csv" and promised.encoding == "utf-8-sig":
            assert encoding_of(path.read_bytes()) == "utf-8-sig"
