"""Whole nights, with their workers side by side, killed at random moments."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.journeys.conftest import FIRST, SIDE_BY_SIDE, environment

# Of every source one class, some with everybody in it: a killed night is run five times over.
KILLED_AMONG = (
    "household_register",
    "dibao",
    "inpatient_settlement",
    "employee_pension_contribution",
    "disability_certificate",
    "death_certificate",
)


def _kill_moments(seconds: float, seed: int) -> Iterator[float]:
    rng = random.Random(seed)
    while True:
        yield rng.uniform(0.05, seconds)


def _run_and_kill(home: Path, url: str, after: float) -> bool:
    """Start the first night and kill it after so many seconds; whether it was still running."""
    command = [sys.executable, "-m", "jobs", "nightly", "--date", FIRST, "--json"]
    started = subprocess.Popen(
        command,
        env=environment(home, url, **SIDE_BY_SIDE),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        started.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()
        return True
    return False


def kill_at_random_moments(kills: int, home: Path, url: str, seconds: float, seed: int) -> None:
    """Kill the night so many times, each time going on from what the last left; start afresh where one finished."""
    done = 0
    for moment in _kill_moments(seconds, seed):
        if _run_and_kill(home, url, moment):
            done += 1
        else:
            shutil.rmtree(home / "warehouse")
        if done == kills:
            return
