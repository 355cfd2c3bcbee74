"""A held delivery is decided in Airflow's own pages: asked, answered through its API, let in by the next night."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.ingest import decisions, ledger
from tests.case_service.running_service import free_port
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import in_tekun, on_dibao
from tests.journeys.conftest import NOBODY, environment, run_night
from tests.shared_homes import installation_at

DAG = "held_delivery"
APPROVED = "civil_affairs.dibao.20261120.01"
REJECTED = "civil_affairs.tekun.20261120.01"
SECONDS = 600


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Ten people of two classes in the first night, and six in the second, which is held."""
    landing = tmp_path / "home" / "landing"
    for night, count in ((NIGHT_1, 10), (NIGHT_2, 6)):
        deliver(landing, "dibao", [on_dibao(n) for n in range(count)], night)
        deliver(landing, "tekun", [in_tekun(n) for n in range(count)], night)
    run_night(tmp_path / "home", str(NIGHT_1))
    return tmp_path / "home"


def through_airflow(home: Path, day: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "jobs", "nightly", "--date", str(day), "--airflow", "--json"]
    done = subprocess.run(command, env=environment(home, NOBODY), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def questions(home: Path) -> list[str]:
    with sqlite3.connect(home / "airflow" / "airflow.db") as connection:
        found = connection.execute("select run_id from dag_run where dag_id = ? order by 1", (DAG,)).fetchall()
    return [run_id for (run_id,) in found]


@contextmanager
def airflow_running(home: Path) -> Iterator[httpx.Client]:
    """Airflow's server and scheduler as `shouwang airflow` starts them, and a client signed in to its API."""
    api, *others = (str(free_port()) for _ in range(3))
    settings = {
        "AIRFLOW__API__PORT": api,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": others[0],
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": others[1],
    }
    log = (home / "airflow.log").open("wb")
    command = [sys.executable, "-m", "jobs", "airflow"]
    around = environment(home, NOBODY, **settings)
    process = subprocess.Popen(command, env=around, stdout=log, stderr=log, start_new_session=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{api}", trust_env=False, timeout=120) as client:
            client.headers["Authorization"] = f"Bearer {wait_for(lambda: token(home, client))}"
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def token(home: Path, client: httpx.Client) -> str | None:
    """A token for the administrator whom Airflow made up at its first start."""
    made_up = home / "airflow" / "simple_auth_manager_passwords.json.generated"
    if not made_up.exists():
        return None
    ((name, password),) = json.loads(made_up.read_text()).items()
    try:
        answer = client.post("/auth/token", json={"username": name, "password": password})
    except httpx.TransportError:
        return None
    return str(answer.json()["access_token"]) if answer.is_success else None


def wait_for(look: Any) -> Any:
    give_up = time.monotonic() + SECONDS
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError("Airflow did not get there")


def asked(client: httpx.Client) -> list[dict[str, Any]]:
    """The questions whose tasks wait for an answer."""
    answer = client.get(f"/api/v2/dags/{DAG}/dagRuns/~/hitlDetails", params={"response_received": "false"})
    answer.raise_for_status()
    return [item for item in answer.json()["hitl_details"] if item["task_instance"]["state"] == "awaiting_input"]


def beats(client: httpx.Client, seen: set[str]) -> int:
    """How many heartbeats of the scheduler were seen, this one among them."""
    seen.add(client.get("/api/v2/monitor/health").raise_for_status().json()["scheduler"]["latest_scheduler_heartbeat"])
    return len(seen)


def give(client: httpx.Client, question: dict[str, Any], option: str, reason: str) -> None:
    run_id = question["task_instance"]["dag_run_id"]
    told = {"chosen_options": [option], "params_input": {"reason": reason}}
    detail = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/approval/-1/hitlDetails"
    client.patch(detail, json=told).raise_for_status()


def ended(client: httpx.Client, run_ids: list[str]) -> dict[str, str] | None:
    """How the runs ended, once all have."""
    runs = {run_id: client.get(f"/api/v2/dags/{DAG}/dagRuns/{run_id}").json()["state"] for run_id in run_ids}
    return runs if set(runs.values()) <= {"success", "failed"} else None


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_an_answer_in_airflow_is_the_decision(home: Path) -> None:
    report = through_airflow(home, NIGHT_2)
    assert report["published"], "the night waits for nobody"
    run_ids = questions(home)
    assert [run_id.split("~")[0] for run_id in run_ids] == [APPROVED, REJECTED]
    answers = {APPROVED: ("Approve", "民政局电话确认"), REJECTED: ("Reject", "漏报一个街道")}
    with airflow_running(home) as client:
        client.patch(f"/api/v2/dags/{DAG}", json={"is_paused": False}).raise_for_status()
        asking = wait_for(lambda: found if len(found := asked(client)) == len(answers) else None)
        for question in asking:
            delivery_id = question["task_instance"]["dag_run_id"].split("~")[0]
            assert delivery_id in question["subject"]
            assert "由数据团队放行或退回" in question["body"]

        # Nobody reads a question in a second. An answer that overtakes Airflow's own news that the task has begun to
        # wait counts as a failed try, so two of the scheduler's rounds go by first.
        seen: set[str] = set()
        wait_for(lambda: beats(client, seen) > 2)
        for question in asked(client):
            give(client, question, *answers[question["task_instance"]["dag_run_id"].split("~")[0]])
        assert set(wait_for(lambda: ended(client, run_ids)).values()) == {"success"}
    installation = installation_at(home)
    made = {
        item.delivery_id: (item.verdict, item.reason, item.decided_by) for item in decisions.decisions(installation)
    }
    assert made == {
        APPROVED: ("released", "民政局电话确认", "admin"),
        REJECTED: ("rejected", "漏报一个街道", "admin"),
    }
    third = NIGHT_2 + timedelta(days=1)
    (home / "landing" / str(third) / "civil_affairs").mkdir(parents=True)
    run_night(home, str(third))
    records = {item.delivery_id: item for item in ledger.records(installation, promised_on=NIGHT_2)}
    assert (records[APPROVED].status, records[APPROVED].business_date, records[APPROVED].deleted) == (
        "ingested",
        third,
        4,
    )
    assert records[REJECTED].status == "rejected"
