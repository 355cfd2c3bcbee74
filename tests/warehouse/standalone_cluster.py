"""A standalone Spark cluster on this machine: a master and two workers, each a process of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyspark

from tests.case_service.running_service import free_port
from warehouse.engines.java import find_java
from warehouse.engines.spark import MASTER_SETTING

SECONDS_TO_START = 300
SPARK_HOME = Path(pyspark.__file__).parent
SPARK_CLASS = SPARK_HOME / "bin" / "spark-class"


@dataclass(frozen=True)
class Worker:
    """A worker and, in its process group, the executors that it starts."""

    process: subprocess.Popen[bytes]
    scratch: Path

    def shuffled(self) -> set[Path]:
        """What its executors hold of jobs' results that others will ask for."""
        return set(self.scratch.rglob("shuffle_*.data"))

    def kill(self) -> None:
        """Kill it with its executors, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class StandaloneCluster:
    """A master with its workers; `environment` makes a command of ours compute on it."""

    master: str
    status_page: str
    workers: Sequence[Worker]
    environment: Mapping[str, str]

    def living_workers(self) -> int:
        """How many workers the master counts on."""
        status = httpx.get(self.status_page, timeout=60, trust_env=False).json()
        return sum(worker["state"] == "ALIVE" for worker in status["workers"])


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[StandaloneCluster]:
    """Start a master and two workers of one core each, and stop them at the end."""
    port, status_port = free_port(), free_port()
    master, status_page = f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{status_port}/json/"
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, role: str, *words: str) -> subprocess.Popen[bytes]:
        scratch = folder / name
        scratch.mkdir(parents=True)
        with (folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    str(SPARK_HOME / "bin" / "spark-class"),
                    f"org.apache.spark.deploy.{role}",
                    "--host",
                    "127.0.0.1",
                    *words,
                ],
                env={
                    **os.environ,
                    "SPARK_HOME": str(SPARK_HOME),
                    "SPARK_LOCAL_IP": "127.0.0.1",
                    "SPARK_LOCAL_DIRS": str(scratch),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    find_java(folder)
    settings = folder / "settings"
    settings.mkdir(parents=True)
    # A city of the tests' size in two hundred parts would be nothing but parts.
    (settings / "spark-defaults.conf").write_text("spark.sql.shuffle.partitions 4\n")
    try:
        start("master", "master.Master", "--port", str(port), "--webui-port", str(status_port))
        workers = [
            Worker(
                start(name, "worker.Worker", "-c", "1", "-m", "1g", "--work-dir", str(folder / f"{name}-work"), master),
                folder / name,
            )
            for name in ("worker-1", "worker-2")
        ]
        cluster = StandaloneCluster(
            master,
            status_page,
            workers,
            {"SHOUWANG_ENGINE": "spark", MASTER_SETTING: master, "SPARK_CONF_DIR": str(settings)},
        )
        _wait_for_workers(cluster, started, folder)
        yield cluster
    finally:
        for process in reversed(started):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for_workers(cluster: StandaloneCluster, started: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    give_up_at = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up_at and all(process.poll() is None for process in started):
        try:
            if cluster.living_workers() == len(cluster.workers):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    logs = "\n".join(log.read_text(errors="replace")[-1500:] for log in sorted(folder.glob("*.log")))
    raise TimeoutError(f"the cluster did not come up:\n{logs}")
