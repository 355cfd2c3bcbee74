"""Upkeep and retention make tables smaller; what they say of today stays the same."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.as_of import table_as_of
from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.retention import retention
from jobs.upkeep import upkeep
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao
from tests.shared_homes import copy_home, installation_at

NIGHTS = [NIGHT_1 + timedelta(days=at) for at in range(5)]
LAST = NIGHTS[-1]


@pytest.fixture(scope="module")
def home_of_five_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten people on dibao; every night one is new, one is gone and one changed."""
    home = tmp_path_factory.mktemp("five_nights")
    installation = installation_at(home)
    for at, day in enumerate(NIGHTS):
        rows = [on_dibao(n, monthly_amount=f"{100 + (at if n == at + 2 else 0)}.00") for n in range(at, at + 10)]
        deliver(installation.settings.landing_folder, "dibao", rows, day)
        ingest_department(installation, "civil_affairs", day)
        conform(installation, day)
    return home


@pytest.fixture
def five_nights(home_of_five_nights: Path, tmp_path: Path) -> Installation:
    return installation_at(copy_home(home_of_five_nights, tmp_path / "home"))


def everything(installation: Installation) -> dict[str, list[str]]:
    names = installation.warehouse.table_names()
    return {name: sorted(map(str, installation.warehouse.rows(name).to_pylist())) for name in names}


def state(installation: Installation) -> list[str]:
    return sorted(map(str, table_as_of(installation, "ods.dibao", LAST, 100).to_pylist()))


def data_files(installation: Installation) -> int:
    return sum(1 for path in installation.settings.warehouse_folder.rglob("*.parquet") if path.is_file())


def later(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def test_upkeep_merges_small_files_and_leaves_every_row(five_nights: Installation) -> None:
    before = everything(five_nights)
    report = upkeep(five_nights, datetime.now(UTC), keep_days=30)
    assert everything(five_nights) == before
    assert (report["ods.dibao"]["files_before"], report["ods.dibao"]["files_after"]) == (5, 1)
    assert report["ods.dibao"]["snapshots_expired"] == 0
    assert holds_state_of(five_nights, LAST), "marks of the layers stay"
    assert upkeep(five_nights, datetime.now(UTC), keep_days=30)["ods.dibao"]["files_before"] == 1


def test_lineage_events_go_with_the_snapshots(five_nights: Installation) -> None:
    folder = five_nights.settings.lineage_folder
    folder.mkdir(exist_ok=True)
    today = datetime.now(UTC).date()
    for days in (0, 30, 31):
        (folder / f"{today - timedelta(days=days)}.jsonl").write_text("{}", encoding="utf-8")
    upkeep(five_nights, datetime.now(UTC), keep_days=30)
    assert sorted(file.stem for file in folder.iterdir()) == [str(today - timedelta(days=30)), str(today)]


def test_old_snapshots_and_files_that_nobody_names_go(five_nights: Installation) -> None:
    stray = five_nights.warehouse.new_path("ods.dibao")
    stray.write_bytes(b"left by a run that was killed")
    os.utime(stray, (0, 0))
    before, files = everything(five_nights), data_files(five_nights)
    report = upkeep(five_nights, later(40), keep_days=30)
    assert everything(five_nights) == before
    assert report["ods.dibao"]["snapshots_expired"] >= 5
    assert not stray.exists()
    assert data_files(five_nights) < files
    assert len(list(five_nights.warehouse.table("ods.dibao").metadata.snapshots)) == 1


def test_a_night_after_upkeep_goes_on_as_if_there_had_been_none(five_nights: Installation) -> None:
    upkeep(five_nights, later(40), keep_days=30)
    day = LAST + timedelta(days=1)
    deliver(five_nights.settings.landing_folder, "dibao", [on_dibao(n) for n in range(5, 14)], day)
    record = ingest_department(five_nights, "civil_affairs", day)[-1]
    assert (record.status, record.received, record.deleted) == ("ingested", 9, 1)
    again = ingest_department(five_nights, "civil_affairs", LAST)[-1]
    assert again.status == "ingested"


def _due(report: dict[str, Any]) -> tuple[int, int]:
    dibao = next(item for item in report["classes"] if item["extract_class"] == "dibao")
    return dibao["landed_files"], dibao["row_versions"]


def test_retention_first_says_what_would_go_and_then_removes_it(five_nights: Installation) -> None:
    landing = five_nights.settings.landing_folder
    ten_years_on = LAST.replace(year=LAST.year + 11)
    assert _due(retention(five_nights, LAST, apply=True)) == (0, 0), "nothing is too old yet"
    before, versions = state(five_nights), len(five_nights.warehouse.rows("ods.dibao"))
    files, superseded = _due(retention(five_nights, ten_years_on, apply=False))
    assert files == 15
    assert superseded == versions - 10
    assert len(list(landing.rglob("dibao_*"))) == 15
    assert len(five_nights.warehouse.rows("ods.dibao")) == versions
    assert _due(retention(five_nights, ten_years_on, apply=True)) == (files, superseded)
    assert list(landing.rglob("dibao_*")) == []
    assert len(five_nights.warehouse.rows("ods.dibao")) == 10
    assert state(five_nights) == before
    assert _due(retention(five_nights, ten_years_on, apply=True)) == (0, 0)
    written = sorted(path.name for path in (five_nights.settings.reports_folder / "retention").iterdir())
    assert written == [f"{LAST}.applied.json", f"{ten_years_on}.applied.json", f"{ten_years_on}.due.json"]


def test_an_old_deletion_stays_while_it_outweighs_a_younger_version_of_an_older_period(
    installation: Installation,
) -> None:
    landing = installation.settings.landing_folder
    young = LAST.replace(year=LAST.year + 10)
    for day, people, lies in (
        (NIGHT_1, range(10), {}),
        (LAST, range(1, 10), {}),
        (young, range(1), {"mode": "incremental", "period_end": NIGHT_1 + timedelta(days=1)}),
    ):
        deliver(
            landing, "dibao", [on_dibao(n, monthly_amount="5.00" if lies else "100.00") for n in people], day, **lies
        )
        ingest_department(installation, "civil_affairs", day)
    on_the_day = young + timedelta(days=30)
    before = sorted(map(str, table_as_of(installation, "ods.dibao", on_the_day, 100).to_pylist()))
    assert len(before) == 9
    retention(installation, on_the_day, apply=True)
    assert sorted(map(str, table_as_of(installation, "ods.dibao", on_the_day, 100).to_pylist())) == before
