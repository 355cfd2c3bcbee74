"""A small made-up city, built once, and nights run over copies of it as people run them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.lineage import classes_read, layer_tables, upstream
from tests.case_service.running_service import running_case_service
from tests.forked_commands import shouwang
from tests.jobs.layers_anew import rows_of_tables
from tests.shared_homes import copy_folder, copy_home, installation_at, made_once
from warning_models.loader import load_models

PEOPLE = 1500
FIRST, SECOND = "2026-11-19", "2026-11-20"
READ_BY_MODELS = {name for model in load_models() for name in model.inputs}
CLASSES_BEHIND_WARNINGS = {
    contract.extract_class
    for table in layer_tables()
    if table.sql_name in READ_BY_MODELS
    for item in upstream(table)
    for contract in classes_read(item)
}
# Of four departments one class each, some with everybody in it: a night takes most of its time for deliveries.
OF_FOUR_DEPARTMENTS = ("household_register", "dibao", "inpatient_settlement", "disability_certificate")
NOBODY = "http://127.0.0.1:9"
SIDE_BY_SIDE = {"SHOUWANG_WORKERS": "2"}
# Steps of one run, as under Airflow, that tell of what they read and write.
FIRST_RUN = {"SHOUWANG_LINEAGE_EVENTS": "file", "AIRFLOW_CTX_DAG_RUN_ID": FIRST}


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a city of 1,500 people with two nights of deliveries; copy it, never write to it."""

    def build(home: Path) -> None:
        command = [sys.executable, "-m", "demo_city", "build", "--home", str(home), "--people", str(PEOPLE)]
        subprocess.run(command, check=True, capture_output=True)

    return made_once(tmp_path_factory, "city", build)


@pytest.fixture(scope="session")
def copy_city(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Copies the city under a name and returns its home; of its deliveries those of the classes told.

    Where none are told, those that bear on warnings.
    """

    def copy(name: str, classes: Iterable[str] = CLASSES_BEHIND_WARNINGS) -> Path:
        home = tmp_path_factory.mktemp(name)
        for day in (FIRST, SECOND):
            land(small_city, home, day, classes)
        shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
        return home

    return copy


def land(small_city: Path, home: Path, day: str, classes: Iterable[str] | None = None) -> None:
    """The city's deliveries of a day land at a home: all of them, or those of some classes."""

    def others(_folder: str, names: list[str]) -> list[str]:
        stems = {name: name.split(".")[0].rsplit("_", 2)[0] for name in names if "." in name}
        return [name for name, extract_class in stems.items() if classes is not None and extract_class not in classes]

    shutil.copytree(small_city / "landing" / day, home / "landing" / day, ignore=others)


@pytest.fixture(scope="session")
def first_night_warned(small_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in its first night, up to its warnings: nobody was told yet. Copy it, never write to it.

    Meanwhile its truth could not be read.
    """

    def run(home: Path) -> None:
        land(small_city, home, FIRST)
        shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
        truth_that_blocks_its_readers(small_city, home)
        for step in ("ingest", "conform", "warn"):
            done = shouwang(step, "--date", FIRST, env=environment(home, **FIRST_RUN))
            assert done.returncode == 0, done.stderr[-3000:]
        shutil.rmtree(home / "demo" / "truth")

    return made_once(tmp_path_factory, "first_night_warned", run)


def truth_that_blocks_its_readers(small_city: Path, home: Path) -> None:
    """The truth's files as pipes that nobody writes to: whoever opens one waits for ever."""
    for path in (small_city / "demo" / "truth").rglob("*"):
        pipe = home / "demo" / "truth" / path.relative_to(small_city / "demo" / "truth")
        if path.is_file():
            pipe.parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(pipe)


@pytest.fixture(scope="session")
def first_night_told(small_city: Path, first_night_warned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `home` after its first night, and the `service` that was told of all warnings; copy them, never write here."""

    def run(folder: Path) -> None:
        home = copy_home(first_night_warned, folder / "home")
        shutil.copytree(small_city / "demo" / "directory", folder / "service" / "demo" / "directory")
        with running_case_service(folder / "service") as url:
            run_night(home, FIRST, url, **FIRST_RUN)

    return made_once(tmp_path_factory, "first_night_told", run)


@pytest.fixture(scope="session")
def both_nights_told(small_city: Path, first_night_told: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the first night, and the second after it with the same service; copy them, never write here."""

    def run(folder: Path) -> None:
        home = copy_home(first_night_told / "home", folder / "home")
        land(small_city, home, SECOND)
        copy_folder(first_night_told / "service", folder / "service")
        with running_case_service(folder / "service") as url:
            run_night(home, SECOND, url, **SIDE_BY_SIDE)

    return made_once(tmp_path_factory, "both_nights_told", run)


@pytest.fixture(scope="module")
def two_nights(both_nights_told: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the module's own in which both nights ran, and nobody visited anybody yet."""
    return copy_home(both_nights_told / "home", tmp_path_factory.mktemp("two_nights") / "home")


@pytest.fixture(scope="module")
def after_first_night(
    first_night_told: Path, case_service_at: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A home of the module's own after its first night, and the address of a case service that was told of it."""
    home = copy_home(first_night_told / "home", tmp_path_factory.mktemp("after_first_night") / "home")
    return home, case_service_at(first_night_told / "service")


@pytest.fixture(scope="session")
def case_service_at(tmp_path_factory: pytest.TempPathFactory, small_city: Path) -> Iterator[Callable[..., str]]:
    """Starts a case service with the city's directory and a database of its own, and gives its address.

    The database is empty, or that of a service that was stopped. What is given by name is added to the service's
    environment.
    """
    running = []

    def start(goes_on_from: Path | None = None, **env: str) -> str:
        home = tmp_path_factory.mktemp("service") / "home"
        if goes_on_from:
            copy_folder(goes_on_from, home)
        else:
            shutil.copytree(small_city / "demo" / "directory", home / "demo" / "directory")
        service = running_case_service(home, env)
        running.append(service)
        return service.__enter__()

    yield start
    for service in running:
        service.__exit__(None, None, None)


def environment(home: Path, case_service_url: str = NOBODY, **more: str) -> dict[str, str]:
    """What a night needs to know; another test's Airflow is none of it.

    Departments come one after the other unless `more` says otherwise: other tests run beside this one.
    """
    around = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    told = {"SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), "SHOUWANG_CASE_SERVICE_URL": case_service_url}
    return {**around, **told, "SHOUWANG_WORKERS": "1", **more}


def run_night(home: Path, day: str | None, case_service_url: str = NOBODY, **more: str) -> dict[str, Any]:
    """`shouwang nightly --json` for a date, or for none; returns what it printed, which is kept with what it wrote."""
    chosen = ["--date", day] if day else []
    done = shouwang("nightly", *chosen, "--json", env=environment(home, case_service_url, **more))
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    night = home / "printed" / report["business_date"]
    night.parent.mkdir(exist_ok=True)
    night.with_suffix(".json").write_text(done.stdout, encoding="utf-8")
    night.with_suffix(".log").write_text(done.stderr, encoding="utf-8")
    return report


def printed(home: Path, day: str) -> dict[str, Any]:
    """What the last run of a night printed."""
    report: dict[str, Any] = json.loads((home / "printed" / f"{day}.json").read_bytes())
    return report


def kept_rows(home: Path) -> dict[str, list[str]]:
    """Everything a night keeps, as sorted text by table: versions, quarantine, ledger, warnings, their fate.

    Leaves out what differs between equal nights: sealed blocks and their names, seconds, order numbers.
    """
    installation = installation_at(home)
    kept = {}
    for name, rows in rows_of_tables(installation.warehouse, installation.warehouse.table_names()).items():
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
