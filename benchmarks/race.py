"""Runs the contenders one after the other on the same landing folder, each in a fresh process."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.usage import memory_gib, peak_of_one_gib
from schemas.delivery import business_dates

CONTENDERS = ("floor", "pandas", "ours", "delta", "idle", "spark", "growth")
# The smallest city that can be made up.
LEAST_PEOPLE = 1000
# A look at the memory of gigabytes takes a twentieth of a second and holds up whoever asks for more meanwhile.
SECONDS_BETWEEN_LOOKS = 1.0


class BenchmarkError(Exception):
    """A contender failed, or there is nothing to run on; the message says what to do."""


@dataclass
class Race:
    """The contenders' results so far, by contender, each as it printed them."""

    home: Path
    landing: Path
    people: int
    tell: Callable[[str], None]
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def nights(self) -> list[date]:
        nights = business_dates(self.landing)
        if not nights:
            raise BenchmarkError(
                f"{self.landing} holds no deliveries: name another --landing, or none for a demo city."
            )
        return nights

    def run(self, contender: str) -> None:
        """Run one contender; `delta` and `idle` go on from where `ours` ended."""
        first, *later = self.nights
        if contender == "growth":
            landing = demo_landing(self.home, max(self.people // 10, LEAST_PEOPLE), self.tell)
            self._measure("growth", "ours", landing, business_dates(landing)[0], fresh=True)
        elif contender == "delta":
            if later:
                self._measure("delta", "ours", self.landing, later[0], fresh=False)
        elif contender == "idle":
            self._measure("idle", "ours", self.landing, self.nights[-1] + timedelta(days=1), fresh=False)
        else:
            self._measure(contender, contender, self.landing, first, fresh=True)

    def folder(self, contender: str) -> Path:
        """Where a contender writes."""
        return self.home / "work" / {"delta": "ours", "idle": "ours"}.get(contender, contender)

    def _measure(self, name: str, contender: str, landing: Path, night: date, *, fresh: bool) -> None:
        folder = self.folder(name)
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        read_once(landing / night.isoformat())
        self.tell(f"{name}: {night} of {landing}")
        command = [sys.executable, "-m", "benchmarks.contender", contender]
        command += ["--landing", str(landing), "--date", night.isoformat(), "--folder", str(folder)]
        result = self.results[name] = self._run(name, [*command, "--started", str(time.time())])
        self.tell(
            f"{name}: {result['seconds']:.1f} s, CPU {result['cpu_s']:.1f} s, "
            f"peak {result['peak_memory_gib']:.2f} GiB, starting up {result['start_up_s']:.1f} s"
        )

    def measure_in(self, name: str, contender: str, folder: Path, night: date, times: int = 1) -> None:
        """Run a contender on what stands in the folder already, from the night's warm files; of several runs keep
        the one in the middle by its seconds.
        """
        (self.home / "work").mkdir(parents=True, exist_ok=True)
        self.tell(f"{name}: {night} in {folder}")
        command = [sys.executable, "-m", "benchmarks.contender", contender, "--landing", str(folder / "landing")]
        command += ["--date", night.isoformat(), "--folder", str(folder)]
        runs = []
        for _ in range(times):
            for layers in ("layers", "warehouse/dwd", "warehouse/dws"):
                read_once(folder / layers)
            runs.append(self._run(name, [*command, "--started", str(time.time())]))
            self.tell(f"{name}: {runs[-1]['seconds']:.1f} s, CPU {runs[-1]['cpu_s']:.1f} s")
        self.results[name] = sorted(runs, key=lambda run: run["seconds"])[times // 2]

    def _run(self, name: str, command: list[str]) -> dict[str, Any]:
        """What the contender printed, with the most memory that it and its children held at one moment."""
        log, printed = (self.home / "work" / f"{name}.{ending}" for ending in ("log", "out"))
        with log.open("wb") as errors, printed.open("wb") as output:
            contender = subprocess.Popen(command, env=own_environment(), stdout=output, stderr=errors)
            peak = 0.0
            while contender.poll() is None:
                peak = max(peak, memory_gib(contender.pid), peak_of_one_gib(contender.pid))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        if contender.returncode:
            raise BenchmarkError(f"The contender {name} failed; its last words in {log}: {log.read_text()[-2000:]}")
        # Logs may stand before the object on standard output.
        result: dict[str, Any] = json.loads(printed.read_text(encoding="utf-8").splitlines()[-1])
        return result | {"peak_memory_gib": peak}


def own_environment() -> dict[str, str]:
    """Without the settings of the caller's installation: they are not what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SHOUWANG_")}


def free_address() -> str:
    """An address on loopback where nobody listens right now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def read_once(folder: Path) -> None:
    """Bring the files into the page cache, so that no contender pays for the disk in place of the next."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.read_bytes()


def demo_landing(home: Path, people: int, tell: Callable[[str], None]) -> Path:
    """The landing folder of a made-up city of this size under `home`, built where there is none."""
    city = home / f"city-{people}"
    tell(f"a city of {people:,} people in {city}")
    command = [sys.executable, "-m", "demo_city", "build", "--home", str(city), "--people", str(people)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"No city of {people} people could be made up: {done.stderr.strip()}")
    return city / "landing"
