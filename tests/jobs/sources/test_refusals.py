"""What cannot be read is told in a sentence that says who must do what, and holds back nobody else."""

import json
import os
import resource
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jobs.doctor import examine
from jobs.errors import SettingsError
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.sources.addresses import source_departments, url_of
from schemas.checking import contract_failures
from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_1
from tests.jobs.sources.conftest import CLASS, DEPARTMENT, VARIABLE, Database

FOLDER = Path(__file__).resolve().parents[3]
CONTRACT = Path(__file__).parent / "pension.odcs.yaml"
Pull = Callable[..., dict[str, Any]]


def problem(report: dict[str, Any]) -> str:
    assert report["landed"] == {}
    return str(report["problems"][CLASS])


def test_no_url(installation: Installation, pull_on: Pull) -> None:
    told = problem(pull_on(NIGHT_1))
    assert f"the system administrator must set {VARIABLE}, or put a file 'source_pension_front'" in told


def test_the_url_may_lie_in_a_key_file(installation: Installation) -> None:
    installation.settings.keys_folder.mkdir()
    (installation.settings.keys_folder / "source_pension_front").write_text("sqlite:///front.db\n")
    assert str(url_of(installation.settings, "pension_front")) == "sqlite:///front.db"
    assert list(source_departments(installation.settings)) == [DEPARTMENT]


def test_what_is_no_url_is_not_repeated(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "reader:secret-word@host")
    with pytest.raises(SettingsError, match="is no SQLAlchemy URL") as refused:
        url_of(installation.settings, "pension_front")
    assert "secret-word" not in str(refused.value)


def test_nobody_answers(installation: Installation, pull_on: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql+psycopg://reader:secret-word@127.0.0.1:9/front")
    told = problem(pull_on(NIGHT_1))
    assert "发放表 of postgresql+psycopg://reader:***@127.0.0.1:9/front cannot be reached" in told
    assert "市养老经办中心 (pension-data-desk) must see that the database answers" in told


def test_a_driver_that_is_not_installed(
    installation: Installation, pull_on: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "nosuch+driver://reader@host/front")
    assert "the system administrator must install it" in problem(pull_on(NIGHT_1))


def test_a_table_or_column_that_is_not_there(installation: Installation, database: Database, pull_on: Pull) -> None:
    told = problem(pull_on(NIGHT_1, table="发放"))
    assert told.startswith("发放 of")
    assert "no such table" in told
    assert "lacks the columns 更新 (it has" in problem(pull_on(NIGHT_1, watermark="更新"))
    with database.engine.begin() as connection:
        connection.execute(text('alter table "发放表" rename column "金额" to "金额元"'))
    assert "lacks the columns 金额 (it has" in problem(pull_on(NIGHT_1))
    assert not list(installation.settings.landing_folder.rglob("*.ok"))


def test_a_query_that_the_database_refuses(installation: Installation, database: Database, pull_on: Pull) -> None:
    told = problem(pull_on(NIGHT_1, table=None, query="select 1 as nothing"))
    assert told.startswith("the contract's query of")
    assert "could not be read" in told


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_watermark_without_an_order(installation: Installation, database: Database, pull_on: Pull) -> None:
    database.put([1], "2026-11-18 17:00")
    assert "must name a column of times, days, numbers or texts" in problem(pull_on(NIGHT_1, watermark="补发"))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_database_that_breaks_off_in_the_middle_leaves_no_delivery(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    query = 'select *, 1 / (n - 60000) as broken from generate_series(1, 90000) n, "发放表"'
    database.put([1], "2026-11-18 17:00")
    told = problem(pull_on(NIGHT_1, table=None, query=f"select * from ({query}) as x where broken is not null"))
    assert "division by zero" in told
    assert not list(installation.settings.landing_folder.rglob("*.*"))


def test_contracts_check_says_what_is_wrong_with_a_source(tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.odcs.yaml"
    lines = CONTRACT.read_text(encoding="utf-8").replace("server: pension_front", "server: Pension Front")
    lines = lines.replace("{property: watermark, value: 更新时间}", "{property: query, value: select 1}")
    spoilt.write_text(lines.replace("value: 30}", "value: -1}", 1), encoding="utf-8")
    assert contract_failures([CONTRACT]) == []
    found = "\n".join(contract_failures([spoilt]))
    for told in ("'Pension Front' must be lower case", "a table and a query", "overlap -1", "names no watermark"):
        assert told in found


def run(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return shouwang(*words, env={**os.environ, "SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), **more})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_night_reads_the_database_and_tells_of_one_it_cannot_read(tmp_path: Path, database: Database) -> None:
    database.put(range(20), "2026-11-18 17:00:00")
    listed = json.loads(run(tmp_path, "sources", "list", "--json").stdout)["sources"]
    assert [(row["extract_class"], row["url"], row["watermark"]) for row in listed] == [(CLASS, "configured", None)]
    night = json.loads(run(tmp_path, "nightly", "--date", "2026-11-19", "--json").stdout)
    assert [(item["extract_class"], item["accepted"]) for item in night["deliveries"]] == [(CLASS, 20)]
    away = {VARIABLE: f"sqlite:///{tmp_path / 'nowhere' / 'front.db'}"}
    failed = run(tmp_path, "sources", "pull", "--date", "2026-11-20", "--json", **away)
    assert failed.returncode == 1
    assert "cannot be reached" in json.loads(failed.stdout)["problems"][CLASS]
    other = tmp_path / "landing" / "2026-11-20" / "civil_affairs"
    other.mkdir(parents=True)
    night = json.loads(run(tmp_path, "nightly", "--date", "2026-11-20", "--json", **away).stdout)
    assert any("cannot be reached" in told for told in night["problems"]), "and the night went on"


def test_the_command_says_where_nothing_is_configured(tmp_path: Path) -> None:
    told = run(tmp_path, "sources", "pull", "--date", "2026-11-19")
    assert (told.returncode, f"must set {VARIABLE}" in " ".join(told.stderr.split())) == (1, True)
    told = run(tmp_path, "sources", "pull", "--department", "veterans")
    assert "departments with one: pension_office" in " ".join(told.stderr.split())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_memory_does_not_grow_with_the_table(tmp_path: Path, database: Database) -> None:
    """Each process reads through the server's cursor; ten times the rows may not cost ten times the memory."""
    made = (
        "insert into \"发放表\" select 'P' || n, repeat('䶮', 40), '340702195001010011', 1, 1, '2026-11-02', true, "
        "'2026-11-18' from generate_series({0}, {1}) n"
    )
    peaks = []
    for at, (first, last) in enumerate([(1, 30_000), (30_001, 300_000)]):
        with database.engine.begin() as connection:
            connection.execute(text(made.format(first, last)))
        done = run(tmp_path / str(at), "sources", "pull", "--date", "2026-11-19", "--json")
        assert json.loads(done.stdout)["landed"] == {f"{DEPARTMENT}.{CLASS}.20261119.90": last}
        peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    assert peaks[1] - peaks[0] < 100, peaks


def test_the_doctor_connects_and_says_who_must_see_to_a_database_that_does_not_answer(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> tuple[str, str]:
        found = examine(Settings(mode="demo", home=tmp_path, case_service_url="http://127.0.0.1:9"), datetime.now(UTC))
        [finding] = [one for one in found if one.check == "sources"]
        return finding.state, finding.said

    assert said()[0] == "well"
    monkeypatch.setenv(VARIABLE, "postgresql+psycopg://reader:geheim@127.0.0.1:9/pension")
    state, words = said()
    assert state == "wrong"
    assert "system administrator" in words
    assert "geheim" not in words
    monkeypatch.setenv(VARIABLE, "no URL at all")
    assert said()[0] == "wrong"
    monkeypatch.delenv(VARIABLE)
    state, words = said()
    assert state == "well"
    assert "is not connected; files are read" in words
