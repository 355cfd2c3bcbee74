"""A load of a whole city that is killed again and again ends as one that was left in peace."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.lineage import LAYERS
from tests.faults.killed_nights import kill_at_random_moments
from tests.journeys.conftest import FIRST, NOBODY, run_night
from tests.shared_homes import installation_at
from warehouse.definitions import definition
from warehouse.engines import open_engine
from warehouse.layers import register_layer_table

KILLS = 8
# What differs between equal nights: sealed blocks and who came first with a number, seconds.
NOT_COMPARED = ("vault.", "ops.step", "quarantine.sealed_row")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("city")
    command = [sys.executable, "-m", "demo_city", "build", "--home", str(home), "--scale", "city"]
    subprocess.run(command, check=True, capture_output=True)
    return home


def landed(city: Path, home: Path) -> Path:
    """A home with the first night's deliveries, linked and not copied."""
    shutil.copytree(city / "landing" / FIRST, home / "landing" / FIRST, copy_function=os.link)
    return home


def what_tables_say(home: Path, work: Path) -> dict[str, tuple[int, int]]:
    """For every table how many rows it has, and a sum over digests of them that no order changes."""
    installation, said = installation_at(home), {}
    with open_engine("duckdb", work_folder=work) as engine:
        for name in installation.warehouse.table_names():
            if name.startswith(NOT_COMPARED):
                continue
            if name.split(".")[0] in LAYERS:
                table = definition(name)
                register_layer_table(engine, installation.warehouse, table)
                view = table.sql_name
            else:
                view = name.replace(".", "_")
                schema = installation.warehouse.table(name).schema().as_arrow()
                engine.register_files(view, installation.warehouse.files(name), schema)
            [row] = engine.query(f"select count(*) as rows, sum(hash(said)) as digest from {view} as said").to_pylist()
            said[name] = (row["rows"], row["digest"])
    return said


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_city_size_load_killed_at_random_moments_equals_an_undisturbed_one(city: Path, tmp_path: Path) -> None:
    calm, disturbed = landed(city, tmp_path / "calm"), landed(city, tmp_path / "disturbed")
    started = time.monotonic()
    expected = run_night(calm, FIRST)
    seconds = time.monotonic() - started
    kill_at_random_moments(KILLS, disturbed, NOBODY, seconds, seed=random.Random(FIRST).randrange(1000))
    report = run_night(disturbed, FIRST)
    assert report["deliveries"] == expected["deliveries"]
    assert report["warnings"] == expected["warnings"]
    assert what_tables_say(disturbed, tmp_path / "work") == what_tables_say(calm, tmp_path / "work")
