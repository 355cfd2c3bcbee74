"""Deliveries land between two nights: they become work orders at once, and the nights around double nothing."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_1, deliver
from tests.jobs.people import settlement
from tests.journeys.conftest import FIRST, SECOND, environment, kept_rows, land, run_night
from tests.shared_homes import installation_at

PATIENTS = 12
KILLS = 2
# What lands on either day: a night takes a second for each delivery, a look three. No household is known to get by.
LANDING = ("inpatient_settlement", "household_register", "dibao", "employee_pension_contribution", "death_certificate")
WATCH = ("watch", "--once", "--json")
SAID = ("ads.claim", "ads.warning", "ads.model_run")


@pytest.fixture(scope="module")
def service(case_service_at: Callable[[], str]) -> str:
    return case_service_at()


@pytest.fixture(scope="module")
def home(small_city: Path, service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first night, whose warnings were told; the tests go on from each other, as days do."""
    home = tmp_path_factory.mktemp("lived")
    land(small_city, home, FIRST, LANDING)
    shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
    run_night(home, FIRST, service)
    return home


def bills_land(home: Path, landing: Path) -> set[str]:
    """Bills of people of whom nobody was warned, beyond what any income carries, on the first day; returns whose."""
    installation = installation_at(home)
    rows = installation.warehouse.rows("dwd.person").to_pylist()
    warned = set(installation.warehouse.rows("ads.claim")["household_key"].to_pylist())
    living = {row["household_key"]: row["person_key"] for row in rows if row["status"] == "living"}
    people = [living[key] for key in sorted(key for key in living if key and key not in warned)[:PATIENTS]]
    numbers = installation.vault.numbers_of(set(people))
    paid = {"psn_part_amt": "600000.00", "psn_cash_pay": "600000.00", "fund_pay_sumamt": "300000.00"}
    whole = {"medfee_sumamt": "900000.00", "inscp_scp_amt": "900000.00"}
    days = {"adm_date": "2026-11-01", "dscg_date": "2026-11-12", "setl_date": "2026-11-12"}
    bills = [
        settlement(at, setl_id=f"LANDED{at}", certno=numbers[person]) | paid | whole | days
        for at, person in enumerate(people)
    ]
    deliver(landing, "inpatient_settlement", bills, NIGHT_1, sequence=77)
    return set(people)


def watch(home: Path, url: str) -> list[dict[str, Any]]:
    """`shouwang watch --once --json`; what it said of each delivery."""
    done = shouwang(*WATCH, env=environment(home, url))
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(home: Path) -> dict[str, list[str]]:
    kept = kept_rows(home)
    return {name: kept[name] for name in SAID}


def test_what_lands_becomes_orders_within_the_call_and_the_night_doubles_nothing(home: Path, service: str) -> None:
    people = bills_land(home, home / "landing")
    [report] = watch(home, service)
    assert report["received"] == report["accepted"] == PATIENTS
    assert report["business_date"] == FIRST
    assert report["warnings"] == sum(report["orders"].values()) == PATIENTS
    assert report["orders"]["opened"] > 0
    warehouse = installation_at(home).warehouse
    warned = {
        row["warning_id"]: row for row in warehouse.rows("ads.warning").to_pylist() if row["person_key"] in people
    }
    fates = {row["warning_id"]: row for row in warehouse.rows("ads.disposition").to_pylist()}
    assert len(warned) == PATIENTS
    assert all(fates[one]["order_number"] for one in warned if fates[one]["kind"] != "withheld")
    assert not any(row["overtaken"] for row in warned.values())

    before = kept_rows(home)
    assert watch(home, service) == []
    night = run_night(home, FIRST, service)
    assert night["changed"] == {"row_versions": 0, "warnings": 0, "orders": 0}
    after = kept_rows(home)
    for name in (*SAID, "ads.disposition"):
        assert after[name] == before[name]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_landing_one_by_one_and_killed_gives_what_one_night_gives(
    small_city: Path, home: Path, service: str, tmp_path: Path
) -> None:
    at_once = tmp_path / "at_once"
    shutil.copytree(home / "landing", at_once / "landing")
    run_night(at_once, FIRST)
    for place in (home, at_once):
        land(small_city, place, SECOND, LANDING)
    run_night(at_once, SECOND)

    rng = random.Random(4)
    kills = 0
    while kills < KILLS:
        started = subprocess.Popen(
            [sys.executable, "-m", "jobs", *WATCH],
            env=environment(home, service),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            started.wait(rng.uniform(4, 14))
            break
        except subprocess.TimeoutExpired:
            started.send_signal(signal.SIGKILL)
            started.wait()
            kills += 1
    assert kills
    watch(home, service)
    assert watch(home, service) == []
    assert said(home) == said(at_once)

    warehouse = installation_at(home).warehouse
    told = [row["warning_id"] for row in warehouse.rows("ads.disposition").to_pylist() if row["kind"] != "withheld"]
    assert len(told) == len(set(told))
    run_night(home, SECOND, service)
    assert said(home) == said(at_once)
    one_by_one, whole = kept_rows(home), kept_rows(at_once)
    layers = [name for name in one_by_one if name.split(".")[0] in ("dwd", "dws", "ods")]
    assert {name: one_by_one[name] for name in layers} == {name: whole[name] for name in layers}
