"""An installation is lost, and stands again from its backup: the tables, the orders, the record, whoever signs in."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from case_service.settings import DEMO_SERVICE_TOKEN
from jobs.conform import conform
from jobs.ingest import ingest_department
from tests.case_service import made_up
from tests.case_service.running_service import running_case_service
from tests.forked_commands import case_service, shouwang
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import on_dibao
from tests.journeys.conftest import environment, kept_rows
from tests.shared_homes import installation_at

PIPELINE = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}


@pytest.fixture
def place() -> Iterator[Path]:
    """Short, because of the sockets of the database."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def answered(url: str, body: dict[str, object]) -> Any:
    response = httpx.put(f"{url}/api/v1/warnings", json=body, headers=PIPELINE, trust_env=False)
    assert response.status_code == 200, response.text
    return response.json()


def test_an_installation_stands_again_from_its_backup(place: Path) -> None:
    home, kept, new_home = place / "a", place / "kept", place / "b"
    installation = installation_at(home)
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(n) for n in range(5)], NIGHT_1)
    ingest_department(installation, "civil_affairs", NIGHT_1)
    conform(installation, NIGHT_1)
    made_up.write_directory(home / "demo" / "directory")
    body = made_up.batch(made_up.warning(), made_up.warning(household_key="household-2"))
    with running_case_service(home) as url:
        before = answered(url, body)
        backed_up = shouwang("backup", str(kept), "--json", env=environment(home))
        assert backed_up.returncode == 0, backed_up.stderr[-3000:]
        assert answered(url, body) == before, "the service goes on meanwhile"
    told = json.loads(backed_up.stdout)
    assert told.keys() == {"pipeline", "case_service"}
    assert all(part["keys_needed"] for part in told.values())

    refused = shouwang("restore", str(kept), env=environment(home))
    assert refused.returncode == 1
    assert "nothing is restored over it" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr

    restored = shouwang("restore", str(kept), "--json", env=environment(new_home))
    assert restored.returncode == 0, restored.stderr[-3000:]
    assert kept_rows(new_home) == kept_rows(home)
    with running_case_service(new_home) as url:
        verified = case_service("audit", "verify", env=environment(new_home))
        assert told["case_service"]["record_of_actions"]["head"] in verified.stdout
        assert answered(url, body) == before, "the same warnings are known under the same orders"
