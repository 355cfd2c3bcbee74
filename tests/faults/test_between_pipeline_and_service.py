"""Between pipeline and case service anything may happen to a request and its answer, and to the service itself."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import pytest

from jobs import case_service_client
from jobs.nightly import LATER_STEPS
from tests.case_service.poor_signal import SECONDS_OF_SILENCE, Fate, poor_signal
from tests.case_service.running_service import free_port, stop, wait_until_ready
from tests.faults.orders import Dispatched, Orders, orders_in
from tests.faults.rehearsal import Rehearsal, lost_and_doubled
from tests.forked_commands import started_case_service
from tests.jobs.landing import NIGHT_1

Account = Callable[[str, int, int, int], None]

# What the pipeline reports of each fate.
PROBLEMS = {
    Fate.LOST: "does not answer",
    Fate.CUT: "does not answer",
    Fate.SILENT: "does not answer",
    Fate.REFUSED: "is not well: 502",
    Fate.STRANGER: "administrator must check SHOUWANG_CASE_SERVICE_URL",
}


@pytest.mark.timeout(1200)
def test_whatever_becomes_of_an_answer_each_warning_arrives_once(
    warned: Rehearsal,
    dispatched: Dispatched,
    new_service: Callable[[], Orders],
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(case_service_client, "_TIMEOUT", httpx.Timeout(SECONDS_OF_SILENCE / 2))
    service = new_service()
    try:
        with poor_signal(service.url) as way:
            installation = warned.installation(way.base_url)
            for fate in (Fate.REFUSED, Fate.STRANGER, Fate.LOST, Fate.CUT, Fate.SILENT):
                way.fates = [fate]
                report = LATER_STEPS["dispatch"](installation, NIGHT_1).report
                assert report["undelivered"] > 0
                assert PROBLEMS[fate] in report["problem"], (fate, report["problem"])
            report = LATER_STEPS["dispatch"](installation, NIGHT_1).report
            assert (report["undelivered"], report["problem"]) == (0, None)
            assert len(way.lost) == len(PROBLEMS)
        account("network lies", len(PROBLEMS), *lost_and_doubled(dispatched.rows, warned.rows()))
        account("network lies: orders", len(PROBLEMS), *lost_and_doubled(dispatched.orders, orders_in(service)))
    finally:
        warned.again_from_the_start()


@contextmanager
def service_process(home: Path, database: str, port: int) -> Iterator[BaseProcess]:
    """A case service on a port, that may be killed."""
    environment = {**os.environ, "SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), "DATABASE_URL": database}
    log = home / "case_service.log"
    process = started_case_service("serve", "--port", str(port), env=environment, log=log)
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}", log)
        yield process
    finally:
        stop(process)


def killed_service(warned: Rehearsal, dispatched: Dispatched, database: str, account: Account, times: int) -> None:
    """The service dies so many times while warnings are delivered to it, and comes back."""
    rng, service = random.Random(20261119), Orders(f"http://127.0.0.1:{free_port()}", database)
    port = int(service.url.rpartition(":")[2])
    try:
        for _ in range(times):
            with service_process(warned.home, database, port) as process:
                dying = threading.Timer(rng.uniform(0, dispatched.seconds), process.kill)
                dying.start()
                warned.run("dispatch", NIGHT_1, service.url)
                dying.join()
                process.join()
        with service_process(warned.home, database, port):
            warned.run("dispatch", NIGHT_1, service.url)
        account("service killed", times, *lost_and_doubled(dispatched.rows, warned.rows()))
        account("service killed: orders", times, *lost_and_doubled(dispatched.orders, orders_in(service)))
    finally:
        warned.again_from_the_start()


def test_a_service_killed_while_it_is_told(
    warned: Rehearsal, dispatched: Dispatched, new_database: Callable[[], str], account: Account
) -> None:
    killed_service(warned, dispatched, new_database(), account, times=2)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_service_killed_twenty_times_while_it_is_told(
    warned: Rehearsal, dispatched: Dispatched, new_database: Callable[[], str], account: Account
) -> None:
    killed_service(warned, dispatched, new_database(), account, times=20)
