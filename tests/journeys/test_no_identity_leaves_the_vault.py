"""Every byte that two nights write, but for the vault: no number, name, phone or address of the city's people.

The quarantine is looked through too: what it keeps of a wrong row is masked.
"""

import gzip
import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from case_service.settings import DEMO_PASSWORD
from tests.case_service.running_service import running_case_service
from tests.journeys.conftest import FIRST, SECOND, environment, run_night
from tests.journeys.leaks import NOT_PUBLISHED, Leak, People, leaks_in, real_people, told
from tests.shared_homes import copy_folder, installation_at


def night_through_airflow(home: Path, case_service_url: str) -> None:
    """The second night; what it prints is kept beside what it writes, as the first night's is."""
    command = [sys.executable, "-m", "jobs", "nightly", "--date", SECOND, "--airflow", "--json"]
    done = subprocess.run(command, env=environment(home, case_service_url), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    (home / "printed" / f"{SECOND}.json").write_bytes(done.stdout)
    (home / "printed" / f"{SECOND}.log").write_bytes(done.stderr)


def test_nothing_that_leaves_the_vault_names_anybody(small_city: Path, both_nights_told: Path) -> None:
    """What Airflow writes is looked through where a night goes through it."""
    home = both_nights_told / "home"
    written = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    assert {"lineage", "printed", "reports", "warehouse"} <= written
    leaks = leaks_in(home, real_people(small_city / "landing"), NOT_PUBLISHED)
    assert not leaks, told(leaks)
    vault = installation_at(home).warehouse.rows("vault.identity")
    assert len(vault) > 500, "there was something to keep"


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_the_service_s_log_names_nobody_and_tells_of_the_same_run_and_orders(
    small_city: Path, first_night_told: Path, tmp_path: Path
) -> None:
    home = tmp_path / "service"
    copy_folder(first_night_told / "service", home)
    night = lines_of(first_night_told / "home" / "printed" / f"{FIRST}.log")
    opened = sorted({line["order_id"] for line in night if line["event"] == "warning taken" and line["order_id"]})
    with (
        running_case_service(home) as url,
        httpx.Client(base_url=url, trust_env=False, follow_redirects=True) as browser,
    ):
        token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
        assert token
        sent = {"form_token": token[1], "username": "city", "password": DEMO_PASSWORD}
        assert browser.post("/sign-in", data=sent).url.path == "/supervision"
        for order in opened[:3]:
            assert browser.get(f"/orders/{order}").is_success
    service = lines_of(home / "case_service.log")
    (run_id,) = {line["run_id"] for line in night}
    assert {line["run_id"] for line in service if line.get("route") == "/api/v1/warnings"} == {run_id}
    assert {line["order_id"] for line in service if line.get("route") == "/orders/{number}"} == set(opened[:3])
    (tmp_path / "looked_at").mkdir()
    shutil.copy(home / "case_service.log", tmp_path / "looked_at")
    leaks = leaks_in(tmp_path / "looked_at", real_people(small_city / "landing"))
    assert not leaks, told(leaks)


@pytest.mark.long
def test_nothing_that_leaves_the_vault_names_anybody_of_a_town(
    tmp_path: Path, case_service_at: Callable[[], str]
) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "demo_city", "build", "--home", str(home), "--scale", "town"]
    subprocess.run(command, check=True, capture_output=True)
    url = case_service_at()
    run_night(home, FIRST, url)
    night_through_airflow(home, url)
    leaks = leaks_in(home, real_people(home / "landing"), NOT_PUBLISHED)
    assert not leaks, told(leaks)


SOMEBODY = People(
    numbers=frozenset({"340702195001010011", "340702500101001"}),
    names=frozenset({"欧阳䶮", "王伟"}),
    phones=frozenset({"19900001234"}),
    addresses=frozenset({"铜陵市枞阳县麒麟镇石婆村委会97号2单元301室", "石婆村委会97号2单元301室"}),
)
PLANTED = {
    "number": "编号340702195001010011。",
    "fifteen digits": "X-340702500101001",
    "certificate": "34070219500101001112",
    "name": "户主为欧阳䶮同志",
    "short name": "a\t王伟\tb",
    "phone": "电话:19900001234",
    "address": "住铜陵市枞阳县麒麟镇石婆村委会97号2单元301室",
    "part of an address": "石婆村委会97号2单元301室",
}


def write_parquet(path: Path, text: str) -> None:
    pq.write_table(pa.table({"note": ["", text], "n": [1, 2]}), path.with_suffix(".parquet"), compression="zstd")


def write_bytes_column(path: Path, text: str) -> None:
    pq.write_table(pa.table({"sealed": [text.encode()]}), path.with_suffix(".parquet"))


def write_parquet_metadata(path: Path, text: str) -> None:
    rows = pa.table({"n": [1]}).replace_schema_metadata({"author": text})
    pq.write_table(rows, path.with_suffix(".parquet"))


def write_duckdb(path: Path, text: str) -> None:
    with duckdb.connect(str(path.with_suffix(".duckdb"))) as connection:
        connection.execute("create schema ads")
        connection.execute("create table ads.warning as select ? as evidence", [json.dumps({"who": text})])


def write_duckdb_comment(path: Path, text: str) -> None:
    with duckdb.connect(str(path.with_suffix(".duckdb"))) as connection:
        connection.execute(f"create table warning (n integer); comment on table warning is '{text}'")


def write_workbook(path: Path, text: str) -> None:
    with xlsxwriter.Workbook(str(path.with_suffix(".xlsx"))) as workbook:
        workbook.add_worksheet().write(3, 2, text)


def write_page(path: Path, text: str) -> None:
    path.with_suffix(".html").write_text(f"<td>{html.escape(text).encode('ascii', 'xmlcharrefreplace').decode()}</td>")


def write_log(path: Path, text: str) -> None:
    path.with_suffix(".log").write_text(json.dumps({"event": text}), encoding="ascii")


def write_packed_log(path: Path, text: str) -> None:
    path.with_suffix(".gz").write_bytes(gzip.compress(text.encode()))


def write_file_name(path: Path, text: str) -> None:
    path.with_name(text).touch()


WRITERS = [
    write_parquet,
    write_bytes_column,
    write_parquet_metadata,
    write_duckdb,
    write_duckdb_comment,
    write_workbook,
    write_page,
    write_log,
    write_packed_log,
    write_file_name,
]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_planted_leak_is_found_wherever_it_stands(tmp_path: Path, write: Callable[[Path, str], None]) -> None:
    for at, (kind, text) in enumerate(PLANTED.items()):
        folder = tmp_path / f"deep{at}"
        folder.mkdir()
        write(folder / "planted", text)
        assert leaks_in(folder, SOMEBODY), kind
    assert leaks_in(tmp_path, SOMEBODY, ["deep"]) == []


def test_what_is_masked_or_another_s_is_no_leak(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("3407**********0011 欧* 199****1234 340702195001010012 王伟民 石婆村委会98号")
    assert leaks_in(tmp_path, SOMEBODY) == []


def test_a_real_person_planted_in_a_published_table_is_found(small_city: Path, tmp_path: Path) -> None:
    people = real_people(small_city / "landing")
    for kind, values in (("name", people.names), ("number", people.numbers), ("address", people.addresses)):
        value = max(values)
        write_duckdb(tmp_path / kind, value)
        assert Leak(f"{kind}.duckdb", "ads.warning.evidence", kind, value) in leaks_in(tmp_path, people)
