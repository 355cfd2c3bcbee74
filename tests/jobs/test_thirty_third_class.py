"""A stranger adds an extract class by writing one file and dropping a delivery, without a line of Python."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from schemas.delivery import DeliveredFile, Manifest, file_sm3
from schemas.loader import contracts
from tests import forked_commands
from tests.jobs.landing import NIGHT_1
from tests.jobs.people import identity_number
from tests.journeys.conftest import environment

HEADERS = ["登记编号", "姓名", "身份证号", "联系电话", "登记日期", "补助金额", "类别"]


def rows() -> list[list[str]]:
    return [
        [
            f"X{n:04d}",
            "张䶮",
            identity_number(n),
            f"1990000{n:04d}",
            "2026-10-09",
            f"{100 + n}.50",
            "甲" if n % 2 else "乙",
        ]
        for n in range(40)
    ]


@pytest.fixture(autouse=True)
def forget_contracts() -> Iterator[None]:
    yield
    contracts.cache_clear()


def shouwang(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return forked_commands.shouwang(*words, env=environment(home, SHOUWANG_CONTRACTS_DIR=str(home / "contracts")))


def drop_delivery(home: Path, sample: Path) -> None:
    folder = home / "landing" / NIGHT_1.isoformat() / "veterans"
    folder.mkdir(parents=True)
    stem = f"veteran_aid_{NIGHT_1:%Y%m%d}_01"
    file = folder / f"{stem}.csv"
    file.write_bytes(sample.read_bytes())
    manifest = Manifest(
        extract_class="veteran_aid",
        department="veterans",
        schema_version="1",
        mode="full",
        business_date=NIGHT_1,
        period_start=NIGHT_1,
        period_end=NIGHT_1,
        sequence=1,
        row_count=40,
        control_sum=None,
        files=[DeliveredFile(name=file.name, sm3=file_sm3(file))],
        encoding="gb18030",
    )
    (folder / f"{stem}.manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    (folder / f"{stem}.ok").touch()


def test_a_class_is_added_by_one_file_and_a_delivery(tmp_path: Path) -> None:
    sample = tmp_path / "优抚.csv"
    sample.write_bytes("\r\n".join("|".join(line) for line in [HEADERS, *rows()]).encode("gb18030"))
    contract = tmp_path / "contracts" / "veterans" / "veteran_aid.odcs.yaml"
    new = ("contracts", "new", str(sample), "--class", "veteran_aid", "--department", "veterans")
    drafted = shouwang(tmp_path, *new, "--output", str(contract))
    assert drafted.returncode == 0, drafted.stderr
    checked = shouwang(tmp_path, "contracts", "check", "--json")
    assert json.loads(checked.stdout) == {"failures": []}
    shown = json.loads(shouwang(tmp_path, "contracts", "show", "veteran_aid", "--json").stdout)
    assert shown["key"] == ["register_no"], "named as other contracts name a 登记编号"
    kinds = {line.split(";")[0]: line.split("; ")[1].split(",")[0] for line in shown["fields"].values()}
    assert (kinds["登记日期"], kinds["补助金额"], kinds["类别"]) == ("date", "decimal(16", "varchar")
    drop_delivery(tmp_path, sample)
    ingested = shouwang(tmp_path, "ingest", "--date", str(NIGHT_1), "--json")
    assert json.loads(ingested.stdout)["departments"]["veterans"] == {"deliveries": 1, "held": {}}, ingested.stderr
    table = shouwang(tmp_path, "tables", "show", "ods.veteran_aid", "--as-of", str(NIGHT_1), "--limit", "50", "--json")
    found = json.loads(table.stdout)["rows"]
    assert len(found) == 40, table.stderr
    assert not any(identity_number(3) in str(row) or "张䶮" in str(row) or "19900000003" in str(row) for row in found)
    person = shouwang(tmp_path, "tables", "show", "dwd.person", "--limit", "50", "--json")
    assert len(json.loads(person.stdout)["rows"]) == 40


def test_a_draft_from_a_workbook_finds_the_header_below_the_title(tmp_path: Path) -> None:
    sample = tmp_path / "sample.xlsx"
    with xlsxwriter.Workbook(str(sample)) as workbook:
        sheet = workbook.add_worksheet()
        sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "优抚对象")
        for at, line in enumerate([HEADERS, *rows()], start=1):
            sheet.write_row(at, 0, line)
    done = shouwang(tmp_path, "contracts", "new", str(sample), "--class", "veteran_aid", "--department", "veterans")
    assert "title_rows: 1" in done.stdout, done.stderr
    assert "value: number" in done.stdout


def test_a_file_that_is_no_sample_says_what_to_give(tmp_path: Path) -> None:
    sample = tmp_path / "sample.doc"
    sample.write_text("?")
    done = shouwang(tmp_path, "contracts", "new", str(sample), "--class", "a", "--department", "b")
    assert done.returncode == 1
    assert "it holds no rows under a header" in " ".join(done.stderr.split())
