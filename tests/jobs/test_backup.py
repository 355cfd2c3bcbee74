"""A backup of the pipeline brings back every table with its history, under any path, and nights go on after it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.as_of import table_as_of
from jobs.backup.restoring import restore
from jobs.backup.taking import back_up
from jobs.cli import app
from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.upkeep import upkeep
from schemas.backup import MANIFEST, BackupError
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao

NIGHTS = [NIGHT_1 + timedelta(days=at) for at in range(2)]
NEXT = NIGHTS[-1] + timedelta(days=1)
MADE_AT = datetime(2026, 11, 22, tzinfo=UTC)


def at_home(home: Path, **more: object) -> Installation:
    return Installation(Settings(mode="demo", home=home, case_service_url="http://127.0.0.1:9", **more))


def night(installation: Installation, at: int) -> None:
    """Ten people on dibao; every night one is new and one is gone."""
    day = NIGHT_1 + timedelta(days=at)
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(n) for n in range(at, at + 10)], day)
    ingest_department(installation, "civil_affairs", day)
    conform(installation, day)


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A home after two nights, with upkeep between them, with what else may lie in a home."""
    installation = at_home(tmp_path_factory.mktemp("kept"))
    for at in range(len(NIGHTS)):
        night(installation, at)
        if at == 0:
            upkeep(installation, datetime.now(UTC), keep_days=30)
    home = installation.settings.home
    for name in (
        "keys/channels.yaml",
        "reports/x.html",
        "airflow/airflow.db",
        "postgres/base",
        "case_service.log",
        "own/x",
    ):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("what lies here")
    return installation


@pytest.fixture(scope="module")
def kept(two_nights: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it, which no test changes."""
    folder = tmp_path_factory.mktemp("backups") / "pipeline"
    back_up(two_nights, folder, MADE_AT)
    return folder


def everything(installation: Installation) -> dict[str, list[str]]:
    names = installation.warehouse.table_names()
    return {name: sorted(map(str, installation.warehouse.rows(name).to_pylist())) for name in names}


def histories(installation: Installation) -> dict[str, list[int]]:
    tables = {name: installation.warehouse.table(name) for name in installation.warehouse.table_names()}
    return {name: [one.snapshot_id for one in table.metadata.snapshots] for name, table in tables.items()}


def states(installation: Installation) -> list[list[str]]:
    """What was known on each night."""
    return [sorted(map(str, table_as_of(installation, "ods.dibao", day, 100).to_pylist())) for day in NIGHTS]


def test_every_table_is_equal_elsewhere_and_reads_nothing_of_the_place_it_came_from(
    two_nights: Installation, kept: Path, tmp_path: Path
) -> None:
    restored = at_home(tmp_path / "elsewhere")
    restore(restored, kept)
    for told in (everything, histories, states):
        assert told(restored) == told(two_nights)
    old = str(two_nights.settings.home)
    for name in restored.warehouse.table_names():
        table = restored.warehouse.table(name)
        assert old not in table.metadata.model_dump_json()
        for snapshot in table.metadata.snapshots:
            for manifest in snapshot.manifests(table.io):
                assert Path(manifest.manifest_path.removeprefix("file://")).stat().st_size == manifest.manifest_length
                for entry in manifest.fetch_manifest_entry(table.io):
                    path = entry.data_file.file_path.removeprefix("file://")
                    assert path.startswith(str(restored.settings.home))
                    assert Path(path).is_file()


def test_the_next_night_is_the_same_as_without_a_restore(two_nights: Installation, kept: Path, tmp_path: Path) -> None:
    home = two_nights.settings.home
    undisturbed = night_after(two_nights)
    home.rename(tmp_path / "lost")
    for place in (home, tmp_path / "elsewhere"):
        restore(at_home(place), kept)
        assert night_after(at_home(place)) == undisturbed


def night_after(installation: Installation) -> tuple[list[list[str]], list[str]]:
    """What is known after one more night and upkeep."""
    night(installation, len(NIGHTS))
    again = ingest_department(installation, "civil_affairs", NEXT)[-1]
    assert (again.status, again.received, again.deleted) == ("ingested", 10, 1)
    upkeep(installation, datetime.now(UTC) + timedelta(days=40), keep_days=30)
    return states(installation), sorted(everything(installation)["dwd.person"])


def test_what_is_made_again_and_what_opens_it_is_left_out(kept: Path, two_nights: Installation) -> None:
    assert {path.name for path in kept.iterdir()} == {"warehouse", "landing", "home", MANIFEST}
    assert [path.name for path in (kept / "home").iterdir()] == ["own"]
    assert not list(kept.rglob("catalog.db*"))
    manifest = (kept / MANIFEST).read_text()
    for name in ("person_key", "vault_key", "service_token"):
        assert two_nights.settings.key(name).decode() not in manifest
    assert json.loads(manifest)["keys"].keys() == {"person_key", "vault_key"}
    assert kept.stat().st_mode & 0o077 == 0


def test_nothing_is_restored_over_anything(two_nights: Installation, kept: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing is restored over it"):
        restore(two_nights, kept)
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "delivered").write_text("yesterday")
    with pytest.raises(BackupError, match="there is something at"):
        restore(at_home(tmp_path), kept)
    assert (tmp_path / "landing" / "delivered").read_text() == "yesterday"
    assert not at_home(tmp_path).warehouse.table_names()


def test_damage_another_key_and_a_folder_inside_are_told(two_nights: Installation, kept: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(kept, damaged)
    next((damaged / "landing").rglob("*.ok")).unlink()
    with pytest.raises(BackupError, match="is missing: the operator must restore another backup"):
        restore(at_home(tmp_path / "home"), damaged)
    with pytest.raises(BackupError, match="put the vault_key of that time into"):
        restore(at_home(tmp_path / "home", vault_key="another"), kept)
    assert not at_home(tmp_path / "home").warehouse.table_names()
    with pytest.raises(BackupError, match="must name a folder elsewhere"):
        back_up(two_nights, two_nights.settings.home / "backup", MADE_AT)


def test_files_that_the_city_wrote_itself_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contracts = tmp_path / "etc" / "contracts"
    contracts.mkdir(parents=True)
    (contracts / "own.odcs.yaml").write_text("id: own")
    monkeypatch.setenv("SHOUWANG_CONTRACTS_DIR", str(contracts))
    manifest = back_up(at_home(tmp_path / "home"), tmp_path / "kept", MADE_AT)
    assert (tmp_path / "kept/configuration/SHOUWANG_CONTRACTS_DIR/contracts/own.odcs.yaml").read_text() == "id: own"
    assert manifest.details["configuration"] == {"SHOUWANG_CONTRACTS_DIR": str(contracts)}


def test_the_commands_speak_plainly(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["restore", str(tmp_path / "nowhere"), "--only", "pipeline"])
    assert isinstance(shown.exception, BackupError)
    assert "holds no whole backup of the pipeline" in str(shown.exception)
