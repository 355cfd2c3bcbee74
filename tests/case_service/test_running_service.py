"""The service as a process: what it starts it also stops, and what it knew it still knows."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import html

from case_service.database import forget_dead_holders
from case_service.settings import DEMO_PASSWORD, DEMO_SERVICE_TOKEN
from tests.case_service import made_up
from tests.case_service.running_service import running_case_service


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_restart_loses_nothing_and_leaves_no_database_running(home: Path) -> None:
    body = made_up.batch(made_up.warning(), made_up.warning(household_key="household-2"))
    answers = []
    for processes in ("1", "2"):
        with running_case_service(home, {"SHOUWANG_PROCESSES": processes}) as base_url:
            headers = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
            response = httpx.put(f"{base_url}/api/v1/warnings", json=body, headers=headers, trust_env=False)
            answers.append(response.json())
        assert not (home / "postgres" / "postmaster.pid").exists()
    assert answers[0] == answers[1]


def test_a_service_that_cannot_start_says_why(home: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="service_token is missing"),
        running_case_service(home, {"SHOUWANG_MODE": "production"}),
    ):
        pass


def test_processes_that_were_killed_no_longer_hold_the_database(home: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", "pass"])
    killed.wait()
    holders = home / ".handle_pids.json"
    holders.write_text(json.dumps([killed.pid, os.getpid()]))
    forget_dead_holders(holders)
    assert json.loads(holders.read_text()) == [os.getpid()]


def test_more_requests_at_once_than_threads_and_connections_are_all_answered(home: Path) -> None:
    """They wait for each other's turn, not for a connection that somebody holds who waits for a thread."""

    async def ask(base_url: str) -> set[int]:
        async with httpx.AsyncClient(base_url=base_url, timeout=None, trust_env=False) as client:
            page = html.fromstring((await client.get("/sign-in")).text)
            fields = {"form_token": page.xpath("//input[@name='form_token']/@value")[0], "username": made_up.WORKER}
            await client.post("/sign-in", data=fields | {"password": DEMO_PASSWORD})
            answers = await asyncio.gather(*(client.get("/orders") for _ in range(150)))
        return {answer.status_code for answer in answers}

    made_up.write_directory(home / "demo" / "directory")
    with running_case_service(home) as base_url:
        assert asyncio.run(ask(base_url)) == {200}
