"""Starts the case service beside a night where none answers; it stays another program."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from jobs.errors import CaseServiceUnreachableError
from jobs.installation import Installation

_START_SECONDS = 60


def answers(url: str) -> bool:
    """Whether a case service is there and well."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).is_success
    except httpx.HTTPError:
        return False


def calendar_until(url: str) -> int | None:
    """The last year whose days off the case service knows; None where it does not answer or knows none."""
    try:
        answer = httpx.get(f"{url.rstrip('/')}/healthz", timeout=5)
        year: int | None = answer.json().get("calendar_until")
    except (httpx.HTTPError, ValueError):
        return None
    return year


@contextmanager
def case_service(installation: Installation) -> Iterator[None]:
    """A running case service: the one at the configured address, or our own until the end of the block.

    Raises CaseServiceUnreachableError where it does not start, with the end of its log.
    """
    url = installation.settings.case_service_url.rstrip("/")
    if answers(url):
        yield
        return
    log_path = installation.settings.home / "case_service.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        process = subprocess.Popen(serve_command(url), stdout=log, stderr=log, env=os.environ.copy())
    try:
        _wait_until_it_answers(url, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def serve_command(url: str) -> list[str]:
    """The command that serves at a URL."""
    parts = urlsplit(url)
    address = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 80)]
    return [sys.executable, "-m", "case_service", "serve", *address]


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if answers(url):
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise CaseServiceUnreachableError(
        f"the case service did not start at {url}; its own words are in case_service.log under SHOUWANG_HOME"
    )
