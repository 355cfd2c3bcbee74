"""A small made-up city, reduced to the deliveries that dwd reads, and one run of the benchmark over it."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import PEOPLE, small_city

__all__ = ["small_city"]

FIRST_NIGHT, SECOND_NIGHT = date(2026, 11, 19), date(2026, 11, 20)
BEHIND_DWD = {
    "chronic_outpatient_settlement",
    "dibao",
    "disability_certificate",
    "employee_pension_contribution",
    "employment_register",
    "general_outpatient_month",
    "household_register",
    "inpatient_settlement",
    "marginal_and_rigid",
    "register_event",
    "relapse_monitoring",
    "tekun",
}
# A night takes a second for each delivery; two will do for what a change costs.
IN_THE_SECOND_NIGHT = {"inpatient_settlement", "dibao"}


@dataclass(frozen=True)
class BenchmarkRun:
    """What `python -m benchmarks.ingest --json` printed, and on what."""

    landing: Path
    home: Path
    report: dict[str, Any]


def run_benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.ingest", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def landing(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with two nights; read it, never write to it."""
    reduced = tmp_path_factory.mktemp("benchmark-city") / "landing"
    shutil.copytree(small_city / "landing", reduced, ignore=_beside_the_point)
    return reduced


def _beside_the_point(folder: str, names: list[str]) -> list[str]:
    wanted = IN_THE_SECOND_NIGHT if SECOND_NIGHT.isoformat() in folder else BEHIND_DWD
    return [name for name in names if "." in name and name.split(".")[0].rsplit("_", 2)[0] not in wanted]


@pytest.fixture(scope="session")
def benchmark_run(landing: Path, tmp_path_factory: pytest.TempPathFactory) -> BenchmarkRun:
    """The benchmark over that landing folder, but for Spark, the idle night and the second city."""
    home = tmp_path_factory.mktemp("benchmark-home")
    done = run_benchmark(
        *("--people", str(PEOPLE), "--landing", str(landing), "--home", str(home)),
        *("--without", "idle", "spark", "growth", "--json"),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return BenchmarkRun(landing, home, json.loads(done.stdout))
