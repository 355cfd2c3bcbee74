"""A city whose first night ran and whose warnings were told to a case service, and what lands there by day."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.ours import installation_at
from benchmarks.race import BenchmarkError, free_address, own_environment
from benchmarks.settlements import EXTRACT_CLASS, land_settlements
from benchmarks.usage import cpu_seconds
from benchmarks.warners import export_layers
from jobs import watch
from jobs.case_service_process import case_service
from jobs.installation import Installation
from schemas.delivery import department_folder
from schemas.loader import contracts

SETTLEMENTS = 1000
_MARK = "lived.json"


def lived_in(city: Path, night: date, tell: Callable[[str], None]) -> None:
    """Run the city's first night, work orders and all, unless it ran; write its layers as plain files."""
    if (city / _MARK).is_file():
        return
    tell(f"the night of {night} in {city}")
    command = [sys.executable, "-m", "jobs", "nightly", "--date", night.isoformat(), "--start-case-service", "--json"]
    done = subprocess.run(command, env=_environment(city), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"The night of {night} in {city} failed: {done.stderr[-2000:]}")
    report = json.loads(done.stdout.splitlines()[-1])
    if report["undelivered"]:
        raise BenchmarkError(
            f"{report['undelivered']} warnings of {city} reached no case service: {report['problems']}"
        )
    export_layers(installation_at(city, city / "landing", "duckdb"), city / "layers")
    (city / _MARK).write_text(json.dumps(report["orders"]), encoding="utf-8")


def watching(city: Path, landing: Path) -> Installation:
    """The city's installation, with a case service of its own to be started, as a watch has it."""
    os.environ.update(_environment(city))
    installation = installation_at(city, landing, "duckdb")
    return Installation(
        installation.settings.model_copy(update={"case_service_url": os.environ["SHOUWANG_CASE_SERVICE_URL"]})
    )


def land_and_look(installation: Installation, business_date: date) -> dict[str, Any]:
    """Land settlements and take them through to work orders; says what a look of a running watch cost.

    What the city's later nights delivered is left where it lies.
    """
    # The layers' files do not tell of what lands: the next run begins with the night.
    (installation.settings.home / _MARK).unlink(missing_ok=True)
    with case_service(installation):
        # A watch that has only just begun imports and opens what it needs but once.
        _land(installation, business_date)
        list(watch.look(installation, until=business_date))
        _land(installation, business_date)
        before = cpu_seconds()
        [report] = watch.look(installation, until=business_date)
        cpu = cpu_seconds() - before
    if report["status"] != "ingested" or report["problem"]:
        raise BenchmarkError(f"What landed in {installation.settings.home} became no order: {watch.told(report)}")
    return {"look_s": sum(report["seconds"].values()), "look_cpu_s": cpu, "look": report}


def _land(installation: Installation, business_date: date) -> None:
    department = contracts()[EXTRACT_CLASS].department
    folder = department_folder(installation.settings.landing_folder, business_date, department)
    sequence = 50 + len(list(folder.glob(f"{EXTRACT_CLASS}_{business_date:%Y%m%d}_[5-9]?.ok")))
    land_settlements(installation, business_date, SETTLEMENTS, sequence)


def _environment(city: Path) -> dict[str, str]:
    told = {"SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(city), "SHOUWANG_CASE_SERVICE_URL": free_address()}
    return {**own_environment(), **told}
