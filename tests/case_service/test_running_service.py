"""The service as a process: what it starts it also stops, and what it knew it still knows."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from lxml import html

from case_service.database import forget_dead_holders
from case_service.settings import DEMO_PASSWORD, DEMO_SERVICE_TOKEN
from tests.case_service import made_up
from tests.case_service.oidc_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.case_service.running_service import running_case_service
from tests.forked_commands import case_service


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


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home)}
    return case_service(*arguments, env=environment)


def test_it_is_served_with_the_citys_sign_in_and_tokens_come_and_go_by_command(home: Path) -> None:
    made_up.write_directory(home / "demo" / "directory")
    with running_provider(datetime.now(UTC)) as provider:
        provider.username = made_up.WORKER
        city = {"ISSUER": provider.address, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET}
        with running_case_service(home, {f"SHOUWANG_OIDC_{name}": value for name, value in city.items()}) as base_url:
            with httpx.Client(base_url=base_url, trust_env=False, follow_redirects=True) as browser:
                assert "/sign-in/oidc" in browser.get("/sign-in").text
                arrived = browser.get("/sign-in/oidc", params={"next": "/orders"})
                assert (arrived.status_code, arrived.url.path) == (200, "/orders")
                assert browser.get("/api/v1/me").json()["username"] == made_up.WORKER
            created = command(home, "token", "create", "nightly", "--right", "warnings:write")
            assert created.returncode == 0, created.stderr
            assert "there was a token nightly before" in command(home, *created.args[1:]).stderr
            bearer = {"Authorization": f"Bearer {created.stdout.strip()}"}

            def put() -> int:
                body = made_up.batch(made_up.warning())
                return httpx.put(f"{base_url}/api/v1/warnings", json=body, headers=bearer, trust_env=False).status_code

            assert put() == 200
            assert httpx.get(f"{base_url}/api/v1/outcomes", headers=bearer, trust_env=False).status_code == 403
            assert command(home, "token", "revoke", "nightly").returncode == 0
            assert put() == 401
            assert "no token nightly is in use" in command(home, "token", "revoke", "nightly").stderr
            exported = command(home, "audit", "export").stdout
            told = [json.loads(line)["action"] for line in exported.splitlines()]
            assert told.count("token_created") == told.count("token_revoked") == 1


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
