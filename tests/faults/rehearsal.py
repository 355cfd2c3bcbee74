"""A home that is brought back to how it was, and steps of its night that are killed at any moment."""

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.installation import Installation
from jobs.nightly import LATER_STEPS
from jobs.settings import Settings
from tests.forked_commands import started
from tests.journeys.conftest import NOBODY, kept_rows

Rows = Mapping[str, list[str]]


@dataclass(frozen=True)
class Rehearsal:
    """A home under one path, as tables name their files by whole paths; `keep` it, then come back to that."""

    home: Path

    def installation(self, case_service_url: str = NOBODY) -> Installation:
        return Installation(self._settings(case_service_url))

    def keep(self) -> None:
        """Remember the home as it is now."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.home, self._kept, symlinks=True)
        if not self._first.exists():
            shutil.copytree(self.home, self._first, symlinks=True)

    def again(self) -> None:
        """Bring the home back to how it was kept last."""
        shutil.rmtree(self.home)
        shutil.copytree(self._kept, self.home, symlinks=True)

    def again_from_the_start(self) -> None:
        """Bring the home back to how it was kept first, and keep that."""
        shutil.rmtree(self._kept)
        shutil.copytree(self._first, self._kept, symlinks=True)
        self.again()

    def rows(self) -> Rows:
        """Everything it keeps, without what differs between equal nights."""
        return kept_rows(self.home)

    def run(self, step: str, day: date, case_service_url: str) -> float:
        """Run a step in a process of its own to its end; returns its seconds."""
        started = time.monotonic()
        process = self._start(step, day, case_service_url)
        process.join()
        assert process.exitcode == 0, f"{step} ended with {process.exitcode}"
        return time.monotonic() - started

    def kill(self, step: str, day: date, case_service_url: str, times: int, seconds: float, rng: random.Random) -> None:
        """Kill the step at so many random moments of as many seconds, each time going on from what the last left.

        Where one came to its end before, the home is brought back to how it was kept.
        """
        killed = 0
        while killed < times:
            process = self._start(step, day, case_service_url)
            process.join(rng.uniform(0, seconds))
            if process.exitcode is None:
                os.kill(process.pid or 0, signal.SIGKILL)
                process.join()
                killed += 1
            else:
                self.again()

    def _start(self, step: str, day: date, case_service_url: str) -> multiprocessing.process.BaseProcess:
        return started(_work, self._settings(case_service_url), step, day)

    def _settings(self, case_service_url: str) -> Settings:
        return Settings(mode="demo", home=self.home, case_service_url=case_service_url, workers=1)

    @property
    def _kept(self) -> Path:
        return self.home.with_name(f"{self.home.name}.kept")

    @property
    def _first(self) -> Path:
        return self.home.with_name(f"{self.home.name}.first")


def _work(settings: Settings, step: str, day: date) -> None:
    LATER_STEPS[step](Installation(settings), day)


def lost_and_doubled(calm: Rows, disturbed: Rows) -> tuple[int, int]:
    """How many rows of an undisturbed run are missing, and how many there are that it has not."""
    lost = doubled = 0
    for name in calm.keys() | disturbed.keys():
        wanted, found = Counter(calm.get(name, [])), Counter(disturbed.get(name, []))
        lost += (wanted - found).total()
        doubled += (found - wanted).total()
    return lost, doubled
