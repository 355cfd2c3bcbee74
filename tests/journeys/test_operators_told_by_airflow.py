"""Airflow itself tells the operators' group: of a task that failed, and of a night that is not done by nine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.orchestration import AIRFLOW, airflow_environment
from tests.case_service.conftest import NOVEMBER_MORNING
from tests.case_service.providers import BOT_KEY, Provider, running_provider
from tests.journeys.conftest import NOBODY
from tests.shared_homes import installation_at

# What the scheduler does with a deadline that passed, and then the triggerer: their own code, without waiting for nine.
MISSED = """
import asyncio
from sqlalchemy import select
from airflow._shared.module_loading import import_string
from airflow.models.deadline import Deadline
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session

async def run(trigger):
    async for event in trigger.run():
        print(event.payload)

with create_session() as session:
    (deadline,) = session.scalars(select(Deadline)).all()
    print(deadline.deadline_time.isoformat())
    deadline.handle_miss(session)
    session.flush()
    (row,) = session.scalars(select(Trigger)).all()
    trigger = import_string(row.classpath)(**row.kwargs)
asyncio.run(run(trigger))
"""


@pytest.fixture(scope="module")
def group() -> Iterator[Provider]:
    with running_provider(lambda: NOVEMBER_MORNING) as provider:
        yield provider


@pytest.fixture(scope="module")
def around(group: Provider, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an Airflow with a database of its own, over an empty home whose case service is away."""
    home: Path = tmp_path_factory.mktemp("told")
    given = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    set_here = {name: value for name, value in airflow_environment(installation_at(home)).items() if name not in given}
    webhook = f"{group.address}/cgi-bin/webhook/send?key={BOT_KEY}"
    told = {"SHOUWANG_MODE": "demo", "SHOUWANG_CASE_SERVICE_URL": NOBODY, "SHOUWANG_OPERATORS_WEBHOOK": webhook}
    environment = {**given, **set_here, **told, "SHOUWANG_HOME": str(home), "AIRFLOW_HOME": str(home / "airflow")}
    for command in (["db", "migrate"], ["dags", "reserialize"]):
        run([AIRFLOW, *command], environment)
    return environment


def run(command: list[str], environment: dict[str, str], fails: bool = False) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert bool(done.returncode) is fails, (done.stdout + done.stderr)[-3000:]
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


@pytest.mark.timeout(1200)
def test_a_task_that_failed_is_told_with_who_must_do_what(group: Provider, around: dict[str, str]) -> None:
    group.taken.clear()
    printed = run([AIRFLOW, "dags", "test", "alerts", "2026-11-19T09:05:00+08:00"], around, fails=True)
    [line] = [line for line in printed.splitlines() if "alerts stand" in line]
    assert "run_id=manual__" in line, "the log names Airflow's run"
    [text] = group.texts()
    assert text.startswith("【守望 Shouwang】alerts: standing 失败 failed: ")
    assert "the system administrator must start it ('shouwang serve')" in text


@pytest.mark.timeout(1200)
def test_a_night_that_is_not_done_by_nine_is_told(group: Provider, around: dict[str, str]) -> None:
    group.taken.clear()
    started = ["--logical-date", "2026-11-19T01:00:00+08:00", "--run-id", "night-of-2026-11-19"]
    run([AIRFLOW, "dags", "trigger", "nightly", *started], around)
    printed = run([sys.executable, "-c", MISSED], around)
    assert "2026-11-19T01:00:00+00:00" in printed, "nine o'clock in Shanghai"
    assert "success" in printed
    [text] = group.texts()
    assert text.startswith("【守望 Shouwang】nightly: night-of-2026-11-19 到时未完成 is late. The data team must ")
