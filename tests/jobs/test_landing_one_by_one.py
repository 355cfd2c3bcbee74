"""Deliveries that land one by one, into looks that are killed, leave what one night leaves that takes them all in.

The heavy form, over a made-up city's deliveries, is in tests/journeys/test_as_it_lands.py.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from jobs import watch
from jobs.cli import main
from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.warn import warn
from schemas.delivery import departments_with_deliveries
from tests.forked_commands import started
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import registered
from tests.jobs.test_stories import bill
from tests.journeys.conftest import NOBODY, environment, kept_rows
from warehouse.tables import Warehouse

SAID = ("ads.claim", "ads.warning", "ads.model_run")


def installation_with_landed(home: Path) -> Installation:
    landing = home / "landing"
    deliver(landing, "household_register", [registered(1), registered(2, 1, relation_code="12"), registered(3)])
    deliver(landing, "inpatient_settlement", [bill(1, "16000.00"), bill(2, "15500.00"), bill(3, "9000.00")])
    deliver(landing, "inpatient_settlement", [bill(2, "400.00"), bill(3, "30000.00", 1)], sequence=2)
    return Installation(Settings(mode="demo", home=home, case_service_url=NOBODY))


def killed_look(home: Path, commits: int) -> None:
    """A look that the system kills in place of the commit after so many."""
    process = started(_look_that_dies, commits, env=environment(home))
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _look_that_dies(commits: int) -> None:
    commit, left = Warehouse.replace, count(commits, -1)

    def replace(*arguments: Any) -> None:
        if not next(left):
            os.kill(os.getpid(), signal.SIGKILL)
        commit(*arguments)

    setattr(Warehouse, "replace", replace)  # noqa: B010 -- a method, which mypy lets nobody assign
    sys.argv = ["shouwang", "watch", "--once"]
    main()


def what_is_kept(home: Path) -> dict[str, list[str]]:
    kept = kept_rows(home)
    return {name: kept[name] for name in kept if name in SAID or name.split(".")[0] in ("ods", "dwd", "dws")}


def test_landing_one_by_one_and_killed_gives_what_one_night_gives(tmp_path: Path) -> None:
    one_by_one, at_once = (installation_with_landed(tmp_path / name) for name in ("one_by_one", "at_once"))
    for department in departments_with_deliveries(at_once.settings.landing_folder, NIGHT_1):
        ingest_department(at_once, department, NIGHT_1)
    conform(at_once, NIGHT_1)
    warn(at_once, NIGHT_1)
    killed_look(one_by_one.settings.home, 30)

    reports = list(watch.look(one_by_one))
    assert {report["status"] for report in reports} == {"ingested"}
    assert list(watch.look(one_by_one)) == []
    kept = what_is_kept(one_by_one.settings.home)
    assert len(kept["ads.warning"]) > 1
    assert kept == what_is_kept(at_once.settings.home)

    conform(one_by_one, NIGHT_1)
    warn(one_by_one, NIGHT_1)
    assert what_is_kept(one_by_one.settings.home) == kept, "the night after it doubles nothing"
