"""Every key becomes another one between two nights: nobody is warned of twice, and everything opens as before."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from case_service.settings import DEMO_SEALING_KEY
from jobs.rotation.in_use import FILE
from jobs.settings import DEMO_KEYS
from tests.case_service.running_service import running_case_service
from tests.forked_commands import shouwang
from tests.journeys.conftest import environment, land, run_night
from tests.shared_homes import copy_folder, copy_home, installation_at

FIRST, SECOND = "2026-11-19", "2026-11-20"
NEW = {
    "SHOUWANG_PERSON_KEY": f"{DEMO_KEYS['person_key']}\nthe-person-key-from-now-on",
    "SHOUWANG_VAULT_KEY": f"{DEMO_KEYS['vault_key']}\nthe-vault-key-from-now-on",
    "SHOUWANG_CASE_SEALING_KEY": f"{DEMO_SEALING_KEY}\n{'0123456789abcdef' * 2}",
}
# Of what was sealed nothing needs the old key any more; the person keys are made of all secrets.
LATER = {**{name: keys.split()[-1] for name, keys in NEW.items()}, "SHOUWANG_PERSON_KEY": NEW["SHOUWANG_PERSON_KEY"]}


@pytest.fixture
def home(small_city: Path, first_night_told: Path) -> Iterator[Path]:
    """A home and its case service after their first night, at a short path because of the sockets of the database."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    home = copy_home(first_night_told / "home", folder / "home")
    land(small_city, home, SECOND)
    copy_folder(first_night_told / "service" / "postgres", home / "postgres")
    yield home
    shutil.rmtree(folder, ignore_errors=True)


def rotate(home: Path, key: str) -> dict[str, Any]:
    done = shouwang("keys", "rotate", key, "--json", env=environment(home, **NEW))
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def killed_while_rotating(home: Path) -> None:
    """Begin to rotate the person key, and be killed as soon as it has begun."""
    command = [sys.executable, "-m", "jobs", "keys", "rotate", "person_key"]
    process = subprocess.Popen(command, env=environment(home, **NEW), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while process.poll() is None and not rotating(home):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert rotating(home), "killed before it ended"


def rotating(home: Path) -> bool:
    return json.loads((home / FILE).read_text())["rotating_to"] is not None


def claims(home: Path, day: str) -> list[dict[str, Any]]:
    rows = installation_at(home).warehouse.rows("ads.claim").to_pylist()
    return [row for row in rows if str(row["business_date"]) == day]


def said(rows: list[dict[str, Any]]) -> Counter[tuple[str, str, str]]:
    """What is said, without of whom."""
    return Counter((row["model_id"], row["level"], row["reason_zh"]) for row in rows)


@pytest.mark.long
def test_keys_become_others_between_two_nights(home: Path, two_nights: Path) -> None:
    first = {row["claim_id"]: row for row in claims(home, FIRST)}
    dispositions = installation_at(home).warehouse.rows("ads.disposition").to_pylist()
    assert first
    assert dispositions

    killed_while_rotating(home)
    refused = shouwang("nightly", "--date", SECOND, env=environment(home, **NEW))
    assert refused.returncode == 1
    assert "goes on where it ended" in " ".join(refused.stderr.split())
    assert rotate(home, "person_key")["key_version"] == 2
    assert rotate(home, "vault_key")["left_under_other_keys"] == 0
    assert rotate(home, "case_sealing_key")["sealed_anew"] > 0

    with running_case_service(home, LATER) as url:
        run_night(home, SECOND, url, **LATER)
        run_night(home, FIRST, url, **LATER)
    assert said(claims(home, SECOND)) == said(claims(two_nights, SECOND)), "as if no key had changed"
    assert {row["claim_id"] for row in claims(home, FIRST)} == set(first), "a claim keeps the id that it was given"
    assert all(row["person_key"].startswith("p2_") for row in claims(home, FIRST))
    replayed = shouwang("replay", "--from", FIRST, "--to", SECOND, "--json", env=environment(home, **LATER))
    assert replayed.returncode == 0, replayed.stderr[-2000:]
    kept = {row["warning_id"]: row for row in installation_at(home).warehouse.rows("ads.disposition").to_pylist()}
    for row in dispositions:
        assert kept[row["warning_id"]]["order_number"] == row["order_number"], "every order stays"
