"""A small made-up city, built once, and nights run over copies of it as people run them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.installation import Installation
from jobs.lineage import classes_read, layer_tables, upstream
from jobs.settings import Settings
from tests.case_service.running_service import running_case_service
from tests.jobs.layers_anew import said_rows
from warning_models.loader import load_models

PEOPLE = 1500
READ_BY_MODELS = {name for model in load_models() for name in model.inputs}
CLASSES_BEHIND_WARNINGS = {
    contract.extract_class
    for table in layer_tables()
    if table.sql_name in READ_BY_MODELS
    for item in upstream(table)
    for contract in classes_read(item)
}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a city of 1,500 people with two nights of deliveries; copy it, never write to it."""
    home = tmp_path_factory.mktemp("city")
    command = [sys.executable, "-m", "demo_city", "build", "--home", str(home), "--people", str(PEOPLE)]
    subprocess.run(command, check=True, capture_output=True)
    return home


@pytest.fixture(scope="session")
def copy_city(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Copies the city under a name and returns its home; of its deliveries those that bear on warnings."""

    def copy(name: str) -> Path:
        home = tmp_path_factory.mktemp(name)
        shutil.copytree(small_city / "landing", home / "landing", ignore=_beside_the_point)
        shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
        return home

    return copy


@pytest.fixture(scope="session")
def two_nights(copy_city: Callable[[str], Path]) -> Path:
    """A home in which both nights ran, and nobody answered; others add nights of their own after these."""
    home = copy_city("two_nights")
    run_night(home, "2026-11-19", SHOUWANG_LINEAGE_EVENTS="file")
    run_night(home, "2026-11-20")
    return home


def _beside_the_point(_folder: str, names: list[str]) -> list[str]:
    """Files of classes that no model rests on: a night takes a second for each delivery."""
    stems = {name: name.split(".")[0].rsplit("_", 2)[0] for name in names if "." in name}
    return [name for name, extract_class in stems.items() if extract_class not in CLASSES_BEHIND_WARNINGS]


@pytest.fixture(scope="session")
def case_service_at(tmp_path_factory: pytest.TempPathFactory, small_city: Path) -> Iterator[Callable[..., str]]:
    """Starts a case service with the city's directory and an empty database of its own, and gives its address.

    What it is given by name is added to the service's environment.
    """
    running = []

    def start(**env: str) -> str:
        home = tmp_path_factory.mktemp("service")
        shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
        service = running_case_service(home, env)
        running.append(service)
        return service.__enter__()

    yield start
    for service in running:
        service.__exit__(None, None, None)


def environment(home: Path, case_service_url: str = NOBODY, **more: str) -> dict[str, str]:
    """What a night needs to know; another test's Airflow is none of it."""
    around = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    told = {"SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), "SHOUWANG_CASE_SERVICE_URL": case_service_url}
    return {**around, **told, **more}


def run_night(home: Path, day: str | None, case_service_url: str = NOBODY, **more: str) -> dict[str, Any]:
    """`shouwang nightly --json` for a date, or for none; returns what it printed."""
    chosen = ["--date", day] if day else []
    command = [sys.executable, "-m", "jobs", "nightly", *chosen, "--json"]
    done = subprocess.run(command, env=environment(home, case_service_url, **more), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def installation_at(home: Path) -> Installation:
    return Installation(Settings(mode="demo", home=home))


def kept_rows(home: Path) -> dict[str, list[str]]:
    """Everything a night keeps, as sorted text by table: versions, quarantine, ledger, warnings, their fate.

    Leaves out what differs between equal nights: sealed blocks and their names, seconds, order numbers.
    """
    installation = installation_at(home)
    kept = {}
    for name in installation.warehouse.table_names():
        rows = said_rows(installation.warehouse, name)
        for row in rows:
            for varying in ("sealed", "block", "seconds", "order_number"):
                row.pop(varying, None)
        if name == "ops.step":
            rows = [row for row in rows if row["step"] in ("conform", "warn")]
        if name.startswith("vault."):
            # Whichever department comes first brings a number; with workers side by side two may.
            rows = [dict(items) for items in {tuple(_without_delivery(row)) for row in rows}]
        kept[name] = sorted(map(str, rows))
    return kept


def _without_delivery(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return [item for item in row.items() if item[0] != "delivery_id"]
