"""Two nights started at once follow each other; departments of one night still go side by side."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.alone import alone, night_alone, nobody_else
from jobs.errors import BusyError
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.rotation.in_use import FILE, PersonKeyInUse, person_key_fingerprint, person_key_in_use
from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.layers_anew import said_rows
from tests.jobs.people import on_dibao, registered, settlement
from tests.journeys.conftest import SIDE_BY_SIDE, environment


def test_who_waits_too_long_is_told_for_whom(installation: Installation) -> None:
    with (
        alone(installation, "state"),
        pytest.raises(BusyError, match=f"state is being worked on by process {os.getpid()} since"),
        alone(installation, "state", longest_wait=0.3),
    ):
        pass
    with alone(installation, "state", longest_wait=0):
        pass


def test_departments_go_side_by_side_and_upkeep_goes_alone(installation: Installation) -> None:
    with (
        alone(installation, "ingest.civil_affairs"),
        alone(installation, "ingest.human_resources", longest_wait=0),
        pytest.raises(BusyError),
        nobody_else(installation, longest_wait=0.3),
    ):
        pass
    with nobody_else(installation, longest_wait=0), pytest.raises(BusyError), alone(installation, "state", 0.3):
        pass


def test_departments_that_begin_at_once_on_a_new_machine_note_one_person_key(installation: Installation) -> None:
    settings = installation.settings
    together = threading.Barrier(8)

    def begin(department: int) -> PersonKeyInUse | None:
        together.wait()
        with alone(installation, f"ingest.{department}"):
            return person_key_in_use(settings)

    for _ in range(20):
        (settings.home / FILE).unlink(missing_ok=True)
        with ThreadPoolExecutor(together.parties) as departments:
            noted = set(departments.map(begin, range(together.parties)))
        assert noted == {PersonKeyInUse(person_key_fingerprint(settings.key("person_key")))}
    assert [path.name for path in settings.home.glob(f"{FILE}*")] == [FILE]


def test_a_second_run_goes_on_when_the_first_is_done(installation: Installation) -> None:
    order: list[str] = []

    def second() -> None:
        with night_alone(installation):
            order.append("second")

    with night_alone(installation):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_two_nights_started_at_once_leave_right_tables(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "household_register", [registered(n) for n in range(20)])
    deliver(landing, "dibao", [on_dibao(n) for n in range(8)])
    deliver(landing, "inpatient_settlement", [settlement(n) for n in range(30)])
    env = environment(installation.settings.home, **SIDE_BY_SIDE)
    with ThreadPoolExecutor(2) as both:
        runs = list(both.map(lambda _: shouwang("nightly", "--date", str(NIGHT_1), "--json", env=env), range(2)))
    said, ended = [run.stderr for run in runs], [run.returncode for run in runs]
    assert ended == [0, 0], "\n\n".join(text[-3000:] for text, code in zip(said, ended, strict=True) if code)
    assert sum("waiting for another run" in text for text in said) == 1
    assert [record.accepted for record in ledger.records(installation)] == [8, 30, 20]
    assert len(installation.warehouse.rows("ods.household_register")) == 20
    # Departments side by side may each bring the number of somebody whom both know.
    assert len(set(installation.warehouse.rows("vault.identity")["person_key"].to_pylist())) == 30
    people = [row["person_key"] for row in said_rows(installation.warehouse, "dwd.person")]
    assert len(people) == len(set(people)) == 30
