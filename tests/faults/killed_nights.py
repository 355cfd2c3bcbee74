"""Whole nights, with their workers side by side, killed at random moments."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.forked_commands import is_killed
from tests.journeys.conftest import FIRST, SIDE_BY_SIDE, environment


def _kill_moments(seconds: float, seed: int) -> Iterator[float]:
    rng = random.Random(seed)
    while True:
        yield rng.uniform(0.05, seconds)


def kill_at_random_moments(kills: int, home: Path, url: str, seconds: float, seed: int) -> None:
    """Kill the night so many times, each time going on from what the last left; start afresh where one finished."""
    done = 0
    for moment in _kill_moments(seconds, seed):
        if is_killed("nightly", "--date", FIRST, env=environment(home, url, **SIDE_BY_SIDE), after=moment):
            done += 1
        else:
            shutil.rmtree(home / "warehouse")
        if done == kills:
            return
