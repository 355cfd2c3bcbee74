"""A night on a standalone Spark cluster that loses a worker in the middle of it is the night that DuckDB gives."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import environment, installation_at, run_night
from tests.warehouse.standalone_cluster import StandaloneCluster, standalone_cluster
from warehouse.tables import rows_where

FIRST, SECOND = "2026-11-19", "2026-11-20"
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
        while not lost.has_shuffled():
            assert night.poll() is None, "the night ended before a worker had anything to lose"
            time.sleep(0.05)
        lost.kill()
        said, complained = night.communicate()
    assert night.returncode == 0, complained.decode()[-3000:]
    assert cluster.living_workers() == 1
    report: dict[str, Any] = json.loads(said.splitlines()[-1])
    return report


def said_on(home: Path, day: str) -> dict[str, list[dict[str, Any]]]:
    warehouse = installation_at(home).warehouse
    tonight = rows_where(business_date=date.fromisoformat(day))
    return {table: warehouse.rows(table, tonight).sort_by(key).to_pylist() for table, key in SAID.items()}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_night_on_a_cluster_that_loses_a_worker_equals_duckdbs(
    copy_city: Callable[[str], Path], two_nights: Path, cluster: StandaloneCluster
) -> None:
    home = copy_city("on_cluster")
    run_night(home, FIRST)
    report = run_night_and_lose_a_worker(home, SECOND, cluster)
    assert report["engine"] == "spark"
    assert sum(report["warnings"].values()) > 0
    assert said_on(home, SECOND) == said_on(two_nights, SECOND)
