"""Which date a delivery belongs to, what a look takes in, and what stays of what people were told."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs import watch
from jobs.alone import night_alone
from jobs.claims.keeping import CLAIM, WARNING
from jobs.dispatch import dispatch
from jobs.dispositions import dispositions, record_dispositions
from jobs.errors import BusyError
from jobs.ingest import ingest_department, ledger
from jobs.installation import Installation
from jobs.landed import waiting
from jobs.steps import recorded_step
from jobs.warn import warn_of_what_landed
from schemas.messages import Disposition, DispositionKind, WithheldReason
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import registered, settlement
from warehouse.tables import Warehouse

PAID = {"psn_part_amt": "16000.00", "psn_cash_pay": "16000.00", "medfee_sumamt": "90000.00"}
BILL = {**PAID, "inscp_scp_amt": "90000.00", "fund_pay_sumamt": "74000.00", "setl_date": "2026-11-10"}
CORRECTED = {"psn_part_amt": "400.00", "psn_cash_pay": "400.00", "fund_pay_sumamt": "89600.00"}


def bill_lands(installation: Installation, day: date, sequence: int, **changes: Any) -> None:
    rows = [settlement(1, **{**BILL, **changes})]
    deliver(installation.settings.landing_folder, "inpatient_settlement", rows, day, sequence=sequence)


@pytest.fixture
def registered_town(installation: Installation) -> Installation:
    """The first night took in the register: nobody is warned of."""
    deliver(installation.settings.landing_folder, "household_register", [registered(n) for n in range(4)])
    ingest_department(installation, "public_security", NIGHT_1)
    return installation


def rows(installation: Installation, name: str) -> list[dict[str, Any]]:
    return list(installation.warehouse.rows(name).to_pylist())


def test_a_delivery_belongs_to_its_folders_date_or_to_the_later_one_that_was_begun(
    registered_town: Installation,
) -> None:
    bill_lands(registered_town, NIGHT_1, 2)
    bill_lands(registered_town, NIGHT_2, 1, setl_id="S2")
    reports = list(watch.look(registered_town, until=NIGHT_1))
    assert [report["business_date"] for report in reports] == [str(NIGHT_1)]
    reports = list(watch.look(registered_town))
    assert [report["business_date"] for report in reports] == [str(NIGHT_2)]
    bill_lands(registered_town, NIGHT_1, 3, setl_id="S3")
    [late] = watch.look(registered_town)
    assert late["business_date"] == str(NIGHT_2), "what the first night knew never changes"
    assert list(watch.look(registered_town)) == []


def test_folders_that_no_night_took_anything_from_are_left_to_their_nights(registered_town: Installation) -> None:
    bill_lands(registered_town, NIGHT_1 - timedelta(days=1), 1)
    assert list(waiting(registered_town)) == []


def test_what_is_held_is_told_once_and_causes_no_work(registered_town: Installation) -> None:
    deliver(
        registered_town.settings.landing_folder,
        "inpatient_settlement",
        [settlement(1)],
        NIGHT_1,
        sequence=2,
        row_count=7,
    )
    [report] = watch.look(registered_town)
    assert report["status"] == "held"
    assert "held" in watch.told(report)
    assert recorded_step(registered_town, NIGHT_1, "conform") is None
    assert list(watch.look(registered_town)) == []


def test_a_line_says_what_came_in_and_what_came_of_it(registered_town: Installation) -> None:
    bill_lands(registered_town, NIGHT_1, 2)
    [report] = watch.look(registered_town)
    line = watch.told(report)
    assert line.startswith(f"{NIGHT_1} medical_insurance.inpatient_settlement.20261119.02: ingested, 1 received")
    assert f"{report['warnings']} warnings" in line
    assert report["warnings"] > 0
    assert "does not answer" in line, "nobody is there to tell, and it says so"


@pytest.mark.parametrize("commits", [3, *(pytest.param(commits, marks=pytest.mark.long) for commits in (0, 8, 14))])
def test_a_look_that_dies_between_two_commits_is_finished_by_the_next(
    registered_town: Installation, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    bill_lands(registered_town, NIGHT_1, 2)
    left: Iterator[int] = iter(range(commits))
    commit = Warehouse.replace

    def dies(self: Warehouse, *arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        commit(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Warehouse, "replace", dies)
        with pytest.raises(KeyboardInterrupt):
            list(watch.look(registered_town))
    [report] = watch.look(Installation(registered_town.settings))
    assert report["status"] == "ingested"
    assert len(ledger.records(registered_town, extract_class="inpatient_settlement")) == 1
    assert {row["person_key"] for row in rows(registered_town, WARNING)} != set()
    assert list(watch.look(registered_town)) == []


def test_while_a_night_runs_nothing_is_taken_in(registered_town: Installation) -> None:
    bill_lands(registered_town, NIGHT_1, 2)
    with night_alone(registered_town), pytest.raises(BusyError):
        list(watch.look(registered_town))
    assert len(list(waiting(registered_town))) == 1


def test_what_people_were_told_stays_though_later_data_overtake_it(registered_town: Installation) -> None:
    bill_lands(registered_town, NIGHT_1, 2)
    list(watch.look(registered_town))
    told, *withheld = sorted(row["warning_id"] for row in rows(registered_town, WARNING))
    answers = [
        Disposition(warning_id=told, kind=DispositionKind.OPENED, order_number="W1"),
        *(
            Disposition(
                warning_id=one,
                kind=DispositionKind.WITHHELD,
                reason=WithheldReason.WORKER_CAPACITY,
                expires_on=NIGHT_2,
            )
            for one in withheld
        ),
    ]
    record_dispositions(registered_town, NIGHT_1, answers)
    bill_lands(registered_town, NIGHT_1, 3, **CORRECTED)
    list(watch.look(registered_town))
    [kept] = rows(registered_town, WARNING)
    assert (kept["warning_id"], kept["overtaken"]) == (told, True)
    claims = rows(registered_town, CLAIM)
    assert told in {row["claim_id"] for row in claims}
    assert all(row["overtaken"] and row["warning_id"] == told for row in claims)
    assert [row["warning_id"] for row in dispositions(registered_town)] == [told], "nobody was told of the others"
    dispatch(registered_town, NIGHT_1)
    warn_of_what_landed(registered_town, NIGHT_1)
    assert [row["warning_id"] for row in rows(registered_town, WARNING)] == [told]


def test_it_ends_between_two_deliveries(installation: Installation, tmp_path: Path) -> None:
    code = "import sys; from jobs.cli import main; print('up', flush=True); sys.argv = ['shouwang', 'watch']; main()"
    told = {"SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(tmp_path)}

    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **told}, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        running.send_signal(signal.SIGTERM)
        assert running.wait(300) in (0, -signal.SIGTERM)
