"""The doctor finds what would stop a night, and says who must do what."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.doctor import Finding, examine
from jobs.settings import DEMO_KEYS, Settings
from tests.case_service.running_service import running_with_directory
from tests.forked_commands import shouwang
from tests.journeys.conftest import NOBODY, environment

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with running_with_directory() as address:
        yield address


def examined(settings: Settings, now: datetime = NOW) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in examine(settings, now):
        found.setdefault(finding.check, []).append(finding)
    return found


def test_an_installation_in_order_is_told_to_be_well(tmp_path: Path, service: str) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in DEMO_KEYS:
        (keys / name).write_text(f"secret {name} of this office", encoding="utf-8")
        (keys / name).chmod(0o600)
    settings = Settings(mode="production", home=tmp_path, keys_dir=keys, case_service_url=service)
    found = examined(settings)
    for check in ("keys", "versions", "engine", "warehouse", "case service"):
        assert {finding.state for finding in found[check]} == {"well"}, found[check]
    assert "secret" not in str(found)
    packages = int(found["versions"][0].said.split()[0])
    assert packages > 30, "all that the project names"


def test_missing_keys_and_keys_that_others_read_are_wrong(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "vault_key").write_text("secret", encoding="utf-8")
    (keys / "vault_key").chmod(0o644)
    settings = Settings(mode="production", home=tmp_path, keys_dir=keys, case_service_url=NOBODY)
    said = [finding.said for finding in examined(settings)["keys"] if finding.state == "wrong"]
    assert len(said) == len(DEMO_KEYS)
    assert any("SHOUWANG_PERSON_KEY" in one for one in said)
    assert any(f"chmod 600 {keys / 'vault_key'}" in one for one in said)


def test_a_service_that_does_not_answer_says_that_warnings_wait(tmp_path: Path) -> None:
    [finding] = examined(Settings(mode="demo", home=tmp_path, case_service_url=NOBODY))["case service"]
    assert finding.state == "wrong"
    assert "shouwang serve" in finding.said
    assert "not lost" in finding.said


def test_clocks_that_part_are_wrong(tmp_path: Path, service: str) -> None:
    settings = Settings(mode="demo", home=tmp_path, case_service_url=service)
    [finding] = examined(settings, datetime.now(UTC) + timedelta(minutes=10))["clock"]
    assert finding.state == "wrong"
    assert "NTP" in finding.said
    [finding] = examined(settings, datetime.now(UTC))["clock"]
    assert finding.state == "well"


def test_a_year_whose_calendar_is_missing_is_told_before_it_begins(tmp_path: Path, service: str) -> None:
    settings = Settings(mode="demo", home=tmp_path, case_service_url=service)
    said = {month: examined(settings, datetime(2026, month, 15, tzinfo=UTC))["calendar"][0] for month in (6, 12)}
    assert (said[6].state, said[12].state) == ("well", "doubtful")
    assert "2027" in said[12].said
    assert examined(settings, datetime(2027, 3, 1, tzinfo=UTC))["calendar"][0].state == "wrong"


def test_a_catalog_that_does_not_open_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_CATALOG_URI", f"sqlite:////{tmp_path}/nowhere/catalog.db")
    found = examined(Settings(mode="demo", home=tmp_path, case_service_url=NOBODY))
    assert found["warehouse"][0].state == "wrong"
    assert "SHOUWANG_CATALOG_URI" in found["warehouse"][0].said


def test_the_command_prints_all_and_its_exit_code_tells(tmp_path: Path) -> None:
    done = shouwang("doctor", "--json", env=environment(tmp_path, NOBODY))
    assert done.returncode == 1
    findings = json.loads(done.stdout)["findings"]
    assert [one["check"] for one in findings if one["state"] == "wrong"] == ["case service"]
