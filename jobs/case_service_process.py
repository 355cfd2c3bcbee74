"""Starts the case service beside a night where none answers, and its commands; it stays another program."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from jobs.errors import CaseServiceCommandError, CaseServiceUnreachableError
from jobs.installation import Installation

_START_SECONDS = 60
_COMMAND = (sys.executable, "-m", "case_service")


@dataclass(frozen=True, slots=True)
class Health:
    """What a case service tells of itself: whether it is well, its words, the time on its clock, its calendar's end."""

    is_well: bool
    status: str
    at: datetime
    calendar_until: int | None


def health_of(url: str) -> Health | None:
    """How the case service at a URL is; None where none answers."""
    answer = _health_asked(url)
    if answer is None:
        return None
    try:
        told = answer.json()
        at = parsedate_to_datetime(answer.headers["Date"])
        return Health(answer.is_success, told["status"], at, told.get("calendar_until"))
    except (ValueError, KeyError, TypeError):
        return None


def answers(url: str) -> bool:
    """Whether a service is there and well."""
    answer = _health_asked(url)
    return answer is not None and answer.is_success


def _health_asked(url: str) -> httpx.Response | None:
    try:
        return httpx.get(f"{url.rstrip('/')}/healthz", timeout=5)
    except httpx.HTTPError:
        return None


@contextmanager
def case_service(installation: Installation) -> Iterator[None]:
    """A running case service: the one at the configured address, or our own until the end of the block.

    Raises CaseServiceUnreachableError where it does not start, with the end of its log.
    """
    url = installation.settings.case_service_url.rstrip("/")
    if answers(url):
        yield
        return
    with serving(serve_command(url), url, installation.settings.home / "case_service.log"):
        yield


@contextmanager
def serving(
    command: Sequence[str],
    url: str,
    log_path: Path,
    env: Mapping[str, str] = os.environ,
    given: str = "",
    seconds: float = _START_SECONDS,
) -> Iterator[int]:
    """A server that `command` starts and that answers at the URL until the end of the block; gives its process id.

    It reads what is `given` from standard input. Raises CaseServiceUnreachableError where it does not start in so many
    seconds.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=dict(env))
    try:
        if process.stdin:
            process.stdin.write(given.encode())
            process.stdin.close()
        _wait_until_it_answers(url, process, seconds, log_path)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def serve_command(url: str) -> list[str]:
    """The command that serves at a URL."""
    parts = urlsplit(url)
    address = ["--host", parts.hostname or "127.0.0.1", "--port", str(parts.port or 80)]
    return [*_COMMAND, "serve", *address]


def answer_of_case_service(*arguments: str, given: str = "") -> dict[str, Any]:
    """What a command of the case service answers as JSON, reading what is `given` from standard input.

    Raises CaseServiceCommandError with its own words.
    """
    done = subprocess.run([*_COMMAND, *arguments], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.startswith("case_service: ")]
        words = "\n".join(told) or done.stderr.strip()[-2000:]
        raise CaseServiceCommandError(words.removeprefix("case_service: "))
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", seconds: float, log_path: Path) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answers(url):
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise CaseServiceUnreachableError(
        f"the case service did not start at {url}; its own words are in {log_path.name} under SHOUWANG_HOME"
    )
