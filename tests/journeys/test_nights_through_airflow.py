"""The real DAG, run to its end by Airflow: the same night as without it, also where a delivery is held."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.journeys.conftest import FIRST, NOBODY, OF_FOUR_DEPARTMENTS, environment, kept_rows, run_night
from tests.journeys.leaks import NOT_PUBLISHED, leaks_in, real_people, told
from tests.shared_homes import installation_at

# No department has a database, and nothing is held that a person may let in.
MAPPED_OVER_NOTHING = {"pull", "ask"}


def run_through_airflow(home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "jobs", "nightly", "--date", FIRST, "--airflow", "--json"]
    done = subprocess.run(command, env=environment(home, NOBODY), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def task_states(home: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(home / "airflow" / "airflow.db") as connection:
        return sorted(connection.execute("select task_id, state from task_instance").fetchall())


def spoil(home: Path, extract_class: str) -> None:
    told = ["--home", str(home), "--date", FIRST, "--class", extract_class, "--how", "row_count"]
    subprocess.run([sys.executable, "-m", "demo_city", "spoil", *told], check=True, capture_output=True)


def test_the_dag_does_what_the_command_does_and_goes_on_where_one_department_is_held(
    small_city: Path, copy_city: Callable[..., Path]
) -> None:
    through_airflow, by_command = (copy_city(name, OF_FOUR_DEPARTMENTS) for name in ("airflow", "command"))
    for home in (through_airflow, by_command):
        spoil(home, "disability_certificate")
    report = run_through_airflow(through_airflow)
    expected = run_night(by_command, FIRST)
    for key in ("deliveries", "warnings", "orders", "undelivered", "changed"):
        assert report[key] == expected[key]
    assert kept_rows(through_airflow) == kept_rows(by_command)

    held = [item for item in report["deliveries"] if item["status"] == "held"]
    assert [item["extract_class"] for item in held] == ["disability_certificate"]
    assert "市残疾人联合会" in held[0]["held_reason"]
    assert not installation_at(through_airflow).warehouse.exists("ods.disability_certificate")
    assert sum(report["warnings"].values()) > 0
    assert report["published"]

    leaks = leaks_in(through_airflow, real_people(small_city / "landing"), NOT_PUBLISHED)
    assert not leaks, told(leaks)
    assert (through_airflow / "airflow" / f"nightly-{FIRST}.log").stat().st_size > 0

    states = task_states(through_airflow)
    ingests = [state for task, state in states if task == "ingest"]
    assert ingests.count("failed") == 1
    assert set(ingests) == {"failed", "success"}
    assert {state for task, state in states if task not in {"ingest", *MAPPED_OVER_NOTHING}} == {"success"}
    assert {state for task, state in states if task in MAPPED_OVER_NOTHING} == {"skipped"}
