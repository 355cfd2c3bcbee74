"""Runs a night through Airflow: the DAG `nightly`, for one business date, in this process's environment."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import IO

from jobs.errors import ShouwangError
from jobs.installation import Installation

AIRFLOW_PORT = 8480
AIRFLOW = str(Path(sys.executable).parent / "airflow")
PROJECT = Path(__file__).resolve().parent.parent


class NightFailedError(ShouwangError):
    """The DAG run did not succeed."""


def airflow_environment(installation: Installation) -> dict[str, str]:
    """The environment in which Airflow finds the DAGs and keeps its own state under SHOUWANG_HOME."""
    home = installation.settings.home.resolve()
    airflow_home = home / "airflow"
    airflow_home.mkdir(parents=True, exist_ok=True)
    defaults = {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(AIRFLOW_PORT),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{AIRFLOW_PORT}/execution/",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "SHOUWANG_HOME": str(home),
    }
    environment = {**defaults, **{name: value for name, value in os.environ.items() if name != "SHOUWANG_HOME"}}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    return environment


def run_night_through_airflow(installation: Installation, business_date: date) -> None:
    """Run the DAG `nightly` to its end. Raises NightFailedError with the place of its log where it fails."""
    environment = airflow_environment(installation)
    log_path = installation.settings.home / "airflow" / f"nightly-{business_date}.log"
    with log_path.open("wb") as log:
        _run([AIRFLOW, "db", "migrate"], environment, log_path, log)
        # The night starts another DAG for a held delivery, which Airflow must know by then.
        _run([AIRFLOW, "dags", "reserialize"], environment, log_path, log)
        conf = json.dumps({"business_date": business_date.isoformat()})
        command = [AIRFLOW, "dags", "test", "nightly", f"{business_date}T01:00:00+08:00", "--conf", conf]
        _run(command, environment, log_path, log)


def _run(command: list[str], environment: dict[str, str], log_path: Path, log: IO[bytes]) -> None:
    done = subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NightFailedError(f"'airflow {' '.join(command[1:4])}' failed; Airflow's log is {log_path}")
