"""An installation of the version before is brought to this one, and back."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from case_service.settings import DEMO_SERVICE_TOKEN
from jobs.ingest import ingest_department
from jobs.upgrade import tables_ahead
from tests.case_service import made_up
from tests.case_service.running_service import running_case_service
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import identity_number
from tests.journeys.conftest import environment, kept_rows
from tests.journeys.later_release import later_release
from tests.shared_homes import installation_at

PROJECT = Path(__file__).parents[2]
PIPELINE = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
# With the tables that an administrator of that version would have had: one migration back.
ONE_BACK = """
from alembic import command
from case_service.database import alembic_config, database_url, make_engine
from case_service.settings import read_settings
engine = make_engine(database_url(read_settings()))
command.downgrade(alembic_config(engine), "-1")
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Short, because of the sockets of the database."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(home: Path, *arguments: str, code: Path | None = None) -> Any:
    """A command of the product, or of a later release of it; what it prints as JSON."""
    path = f"{code}:{PROJECT}" if code else str(PROJECT)
    command = [sys.executable, "-m", *arguments]
    around = environment(home, PYTHONPATH=path)
    done = subprocess.run(command, env=around, cwd=code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def answered(url: str, body: dict[str, object]) -> Any:
    response = httpx.put(f"{url}/api/v1/warnings", json=body, headers=PIPELINE, trust_env=False)
    assert response.status_code == 200, response.text
    return response.json()


def an_award() -> dict[str, Any]:
    return {
        "award_no": "LJ-1", "aid_kind": "1",
        "certno": identity_number(1), "psn_name": "李某", "cause": "1", "award_date": "2026-11-02",
        "amount": "900.00",
    }  # fmt: skip


@pytest.mark.long
def test_an_installation_is_upgraded_and_rolled_back(place: Path) -> None:
    home, kept, rolled_back = place / "a", place / "kept", place / "b"
    release = later_release(place / "release")
    installation = installation_at(home)
    deliver(installation.settings.landing_folder, "temporary_aid", [an_award()], NIGHT_1)
    (record,) = ingest_department(installation, "civil_affairs", NIGHT_1)
    assert (record.status, record.accepted) == ("ingested", 1), record.held_reason
    made_up.write_directory(home / "demo" / "directory")
    body = made_up.batch(made_up.warning())
    with running_case_service(home) as url:
        before = answered(url, body)
    subprocess.run([sys.executable, "-c", ONE_BACK], env=environment(home), check=True, cwd=PROJECT)
    rows = kept_rows(home)
    older = run(home, "case_service", "schema")
    assert older["schema_before"] != older["schema"]

    checked = run(home, "jobs", "upgrade", "--check", "--json", code=release)
    assert checked == {"pipeline": {"tables_widened": {"ods.temporary_aid": ["helped_by"]}}, "case_service": older}
    assert run(home, "case_service", "schema") == older, "nothing is done yet"

    done = run(home, "jobs", "upgrade", str(kept), "--json", code=release)
    assert done["backup"]["case_service"]["versions"]["schema"] == older["schema_before"]
    newer = run(home, "case_service", "schema")
    assert newer["schema_before"] == newer["schema"] == older["schema"]
    assert "helped_by" in installation_at(home).warehouse.rows("ods.temporary_aid").schema.names
    assert not tables_ahead(installation_at(home)).gained, "a column more does not stop the version before"
    with running_case_service(home) as url:
        assert answered(url, body) == before, "the orders are there"

    run(rolled_back, "jobs", "restore", str(kept), "--json")
    assert kept_rows(rolled_back) == rows
    assert run(rolled_back, "case_service", "schema") == older
    assert "helped_by" not in installation_at(rolled_back).warehouse.rows("ods.temporary_aid").schema.names
    with running_case_service(rolled_back) as url:
        assert answered(url, body) == before
