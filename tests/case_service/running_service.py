"""The case service as it runs in earnest: a process of its own, on a free port, over HTTP."""

import os
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from tests.case_service import made_up
from tests.forked_commands import started_case_service

# On a machine that does much else.
SECONDS_TO_START = 240
SECONDS_TO_STOP = 60
BELOW_CLIENTS = range(20_000, 32_000)


@contextmanager
def running_case_service(home: Path, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start the service on `home` in demo mode and give its base URL; stop it, and its database, at the end.

    `env` is added to the environment. What the service says stands in `<home>/case_service.log`.
    """
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {**os.environ, "SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), **(env or {})}
    log_path = home / "case_service.log"
    process = started_case_service("serve", "--port", str(port), env=environment, log=log_path)
    try:
        base_url = f"http://127.0.0.1:{port}"
        wait_until_ready(process, base_url, log_path)
        yield base_url
    finally:
        stop(process)


@contextmanager
def running_with_directory() -> Iterator[str]:
    """As `running_case_service`, on a home of its own with the small directory of the tests."""
    home = Path(tempfile.mkdtemp(prefix="sw"))
    folder = home / "demo" / "directory"
    made_up.write_directory(folder)
    # No test of this service is about a worker's week being full, or about looking in again.
    beside_the_point = {"SHOUWANG_VISITS_PER_WEEK": "1000", "SHOUWANG_FOLLOW_UP_WORKING_DAYS": "0"}
    with running_case_service(home, beside_the_point) as address:
        yield address
    shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """A port nobody listens on right now, below those that the system gives to clients.

    One of theirs could be some client's by the time a service listens, seconds later.
    """
    for port in random.SystemRandom().sample(BELOW_CLIENTS, len(BELOW_CLIENTS)):
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"every port of {BELOW_CLIENTS} is taken")


def wait_until_ready(process: BaseProcess, base_url: str, log_path: Path) -> None:
    """Return once the service and its database answer; raise with the log if it ends or takes too long."""
    give_up_at = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < give_up_at and process.is_alive():
        try:
            if httpx.get(f"{base_url}/healthz", timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the case service did not start:\n{log_path.read_text(encoding='utf-8')}")


def stop(process: BaseProcess) -> None:
    """Ask the service to stop, and wait until it did, so that its database is shut down too."""
    process.terminate()
    process.join(SECONDS_TO_STOP)
    if process.is_alive():
        process.kill()
        process.join()
