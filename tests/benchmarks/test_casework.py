"""The benchmark of the case service fills, asks and counts: everything answered is there afterwards."""

import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.caseload.filling import Size, grid_codes
from benchmarks.caseload.load import Answered, Asked, Load, apply
from benchmarks.casework import show
from benchmarks.wanted import KINDS

WORKERS, ORDERS, WARNINGS = 20, 400, 40
PROMISED = {"rps", "bare_rps", "p50_ms", "p95_ms", "p99_ms"}
SMALL = ["--workers", str(WORKERS), "--orders", str(ORDERS), "--warnings", str(WARNINGS)]
GENTLE = ["--askers", "6", "--rate", "10", "--seconds", "1"]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder with a short name, because socket paths must be."""
    folder = Path(tempfile.mkdtemp(prefix="sw"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def report(home: Path) -> dict[str, Any]:
    """What the benchmark printed over four hundred orders."""
    command = [sys.executable, "-m", "benchmarks.casework", *SMALL, *GENTLE, "--home", str(home), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_prints_one_object_with_the_promised_keys_and_keeps_it(report: dict[str, Any], home: Path) -> None:
    assert set(report) >= {*KINDS, "batch_10000_s", "tick_s", "machine", "versions"}
    assert all(set(report[kind]) >= PROMISED for kind in KINDS)
    assert json.loads((home / "bench" / f"casework-{ORDERS}.json").read_text(encoding="utf-8")) == report


def test_what_was_answered_is_what_was_recorded(report: dict[str, Any]) -> None:
    assert report["disagreements"] == []
    assert all(report[kind]["requests"] > 0 for kind in KINDS)
    # One entry for each order that was filled in and one for each visit, before anybody asked.
    assert report["record"]["entries"] > ORDERS + Size(WORKERS, ORDERS).closed_orders
    assert report["record"]["broken_at"] is None


def test_every_warning_of_the_batch_is_disposed_of(report: dict[str, Any]) -> None:
    kinds = report["batch"]["dispositions"]
    assert sum(kinds.values()) == WARNINGS
    assert kinds["opened"] > 0
    assert kinds["joined"] > 0
    assert report["batch_10000_s"] is None  # this batch was another size


def test_each_migration_after_the_first_says_how_long_people_waited(report: dict[str, Any]) -> None:
    assert next(iter(report["migrations"])) == "0002"
    assert all(set(one["waited_ms"]) == {"read", "write"} for one in report["migrations"].values())


def test_the_share_of_the_bare_endpoint_is_that_of_the_rates(report: dict[str, Any]) -> None:
    for kind in KINDS:
        assert report[kind]["share_of_bare"] == pytest.approx(report[kind]["rps"] / report[kind]["bare_rps"])


def test_people_read_what_was_wanted_first(report: dict[str, Any]) -> None:
    printed = Console(record=True, width=140, file=io.StringIO())
    show(printed, report)
    text = printed.export_text()
    assert text.index("wanted") < text.index("a second")
    assert f"a batch of {WARNINGS} warnings" in text


def test_every_grid_lies_in_a_village_and_none_is_named_twice() -> None:
    codes = grid_codes(13_000)
    assert len(set(codes)) == 13_000
    assert all(len(code) == 15 for code in codes)
    assert Size(13_000, 500_000).open_orders == 52_000


def test_at_a_rate_what_waits_for_its_turn_counts_as_waiting() -> None:
    """Nobody listens for half a second: every request was due before, and each one's time says so."""
    listener = subprocess.Popen([sys.executable, "-c", LATE_LISTENER], stdout=subprocess.PIPE, text=True)
    assert listener.stdout is not None
    address = listener.stdout.readline().strip()
    answered = apply(Load(address, [Asked("GET", "/")], seconds=0.2, rate=50))
    listener.wait(10)
    assert isinstance(answered, Answered)
    assert (answered.requests, answered.statuses) == (10, {"200": 10})
    assert answered.p50_ms > 400


# Takes connections at once and answers the first after 600 ms, and the others only then.
LATE_LISTENER = """
import socket, time
server = socket.create_server(("127.0.0.1", 0), backlog=50)
print(f"http://127.0.0.1:{server.getsockname()[1]}", flush=True)
for place in range(10):
    connection, _ = server.accept()
    if place == 0:
        time.sleep(0.6)
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
    connection.close()
"""
