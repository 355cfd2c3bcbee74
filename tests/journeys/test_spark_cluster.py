"""A night on a standalone Spark cluster that loses a worker in the middle of it is the night that DuckDB gives."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import environment, run_night
from tests.shared_homes import installation_at
from tests.warehouse.standalone_cluster import StandaloneCluster, standalone_cluster
from warehouse.tables import rows_where

PEOPLE = 100_000
NIGHT = "2026-11-19"
SAID = {"ads.warning": "warning_id", "ads.claim": "claim_id", "ads.review_finding": "finding_id"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StandaloneCluster]:
    with standalone_cluster(tmp_path / "cluster") as running:
        yield running


def run_night_and_lose_a_worker(home: Path, day: str, cluster: StandaloneCluster) -> dict[str, Any]:
    """Run a night on the cluster and kill a worker once it holds a part of a job; returns the night's report."""
    command = [sys.executable, "-m", "jobs", "nightly", "--date", day, "--json"]
    lost = cluster.workers[0]
    with subprocess.Popen(
        command, env=environment(home, **cluster.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as night:
        while not lost.shuffled():
            assert night.poll() is None, "the night ended before a worker had anything to lose"
            time.sleep(0.05)
        lost.kill()
        said, complained = night.communicate()
    assert night.returncode == 0, complained.decode()[-3000:]
    assert cluster.living_workers() == 1
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def home_of(city: Path, home: Path) -> Path:
    """A home in which the city's first night landed."""
    shutil.copytree(city / "landing" / NIGHT, home / "landing" / NIGHT)
    return home


def said(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = installation_at(home).warehouse
    tonight = rows_where(business_date=date.fromisoformat(NIGHT))
    return {table: warehouse.rows(table, tonight).sort_by(key).to_pylist() for table, key in SAID.items()}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_night_on_a_cluster_that_loses_a_worker_equals_duckdbs(tmp_path: Path, cluster: StandaloneCluster) -> None:
    city = tmp_path / "city"
    build = [sys.executable, "-m", "demo_city", "build", "--home", str(city), "--people", str(PEOPLE), "--nights", "1"]
    subprocess.run(build, check=True, capture_output=True)
    on_cluster, on_duckdb = (home_of(city, tmp_path / name) for name in ("on_cluster", "on_duckdb"))
    report = run_night_and_lose_a_worker(on_cluster, NIGHT, cluster)
    assert report["engine"] == "spark"
    assert sum(report["warnings"].values()) > 1000
    run_night(on_duckdb, NIGHT)
    assert said(on_cluster) == said(on_duckdb)
