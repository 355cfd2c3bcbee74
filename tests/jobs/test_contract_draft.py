"""A draft comes from any file that deliveries may be, read as deliveries are."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.contract_draft import draft_contract
from jobs.errors import SampleError
from tests.jobs.corpus import files
from tests.jobs.people import identity_number

HEADERS = ["登记编号", "姓名", "身份证号", "住址", "登记日期"]
ROWS = [[f"X{n:04d}", "张三", identity_number(n), f"某街{n}号,{n}室", "2026-10-09"] for n in range(30)]
TABLE = [HEADERS, *ROWS]


def delimited(delimiter: str, encoding: str, *above: str) -> bytes:
    return "\r\n".join([*above, *(delimiter.join(line) for line in TABLE)]).encode(encoding)


SAMPLES: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "gb18030": ("a.csv", delimited("|", "gb18030"), {"format": "csv", "encoding": "gb18030", "delimiter": "|"}),
    "utf-16": ("a.txt", delimited("^", "utf-16"), {"format": "csv", "encoding": "utf-16", "delimiter": "^"}),
    "a title above": (
        "a.csv",
        delimited("\t", "utf-8", "优抚对象名册"),
        {"format": "csv", "encoding": "utf-8", "delimiter": "\t"},
    ),
    "a workbook": ("a.xlsx", files.workbook([["优抚对象"], [], *TABLE]), {"format": "xlsx", "title_rows": 2}),
    "HTML": ("a.xls", files.html(TABLE), {"format": "xls", "title_rows": 1}),
    "DBF": ("a.dbf", files.dbf(TABLE), {"format": "dbf"}),
    "Parquet": (
        "a.parquet",
        files.parquet({header: [row[at] for row in ROWS] for at, header in enumerate(HEADERS)}),
        {"format": "parquet"},
    ),
    "a zip": (
        "a.zip",
        files.zipped({"a.csv": delimited("|", "utf-8-sig")}),
        {"format": "csv", "encoding": "utf-8-sig", "delimiter": "|"},
    ),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_draft_knows_the_file_its_columns_and_the_identity_number(tmp_path: Path, kind: str) -> None:
    name, content, promised = SAMPLES[kind]
    (tmp_path / name).write_bytes(content)
    draft = yaml.safe_load(draft_contract(tmp_path / name, "veteran_aid", "veterans"))
    custom = {item["property"]: item["value"] for item in draft["customProperties"]}
    assert custom["file"] == promised
    fields = draft["schema"][0]["properties"]
    assert [field["businessName"] for field in fields] == HEADERS
    identities = {
        field["businessName"]: item["value"]
        for field in fields
        for item in field["customProperties"]
        if item["property"] == "identity"
    }
    assert identities == {"姓名": "name", "身份证号": "number", "住址": "address"}
    assert [field["businessName"] for field in fields if field.get("primaryKey")] == ["登记编号"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no workbook", "cannot be read as a sample"),
        ("a.csv", delimited("|", "utf-8").splitlines()[0], "no rows under a header"),
        ("a.zip", files.workbook(TABLE)[:300], "cut off or damaged"),
    ],
)
def test_what_is_no_sample_says_why(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SampleError, match=told):
        draft_contract(tmp_path / name, "veteran_aid", "veterans")
