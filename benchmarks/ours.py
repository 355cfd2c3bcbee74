"""The pipeline itself, through the functions that a night calls: every department's ingest, then conform."""

import importlib
import time
from datetime import date
from pathlib import Path
from typing import Any

from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.logs import configure_logging
from jobs.nightly import LATER_STEPS, ingest
from jobs.settings import Settings
from jobs.side_by_side import ingest_side_by_side
from schemas.delivery import departments_with_deliveries
from schemas.loader import contracts
from warehouse.definitions import layer_definitions
from warehouse.engines.engine import EngineName

LAYERS = ("dwd", "dws")
# What a night imports only when it first needs it: in its own process, or in those it ingests with.
ALONE = ("great_expectations", "great_expectations.expectations")
SPARK = ("pyspark.sql",)


def installation_at(home: Path, landing: Path, engine: EngineName) -> Installation:
    """An installation apart from any that the environment names, started up as far as a night starts up first."""
    configure_logging(quiet=False)
    contracts()
    installation = Installation(Settings(mode="demo", home=home, landing=landing, engine=engine, catalog_uri=None))
    installation.warehouse.table_names()
    late = (*(ALONE if installation.settings.workers == 1 else ()), *(SPARK if engine == "spark" else ()))
    for name in late:
        importlib.import_module(name)
    ingest_side_by_side(_nothing, installation, date.min, ("one", "another"), _nothing)
    return installation


def _nothing(*_: object) -> None:
    """Work that only starts up the processes that do it."""


def run_night(installation: Installation, business_date: date) -> dict[str, Any]:
    """From landing to dws; returns the seconds of both phases, and after how many seconds each step had ended.

    A date without deliveries is only conformed.
    """
    departments = departments_with_deliveries(installation.settings.landing_folder, business_date)
    ended: dict[str, float] = {}
    started = time.perf_counter()
    if departments:
        ingest_side_by_side(
            ingest,
            installation,
            business_date,
            departments,
            lambda department: ended.update({f"ingest.{department}": time.perf_counter() - started}),
        )
    ingested = time.perf_counter()
    LATER_STEPS["conform"](installation, business_date)
    conformed = time.perf_counter()
    phases = {"ingest": ingested - started, "conform": conformed - ingested}
    return {"phases": phases, "ended": ended | {"conform": conformed - started}}


def what_it_made(installation: Installation, business_date: date) -> dict[str, Any]:
    """How the night's rows ended, by delivery, and where its tables lie."""
    records = ledger.records(installation, business_date=business_date)
    tables = [name for layer in LAYERS for name in layer_definitions(layer)]
    return {
        "rows": sum(record.received for record in records),
        "changed_rows": sum(record.accepted + record.deleted for record in records),
        "held": {record.delivery_id: record.held_reason for record in records if record.status == "held"},
        "counts": {
            record.delivery_id: {
                "received": record.received,
                "accepted": record.accepted,
                "rejected": record.rejected,
                "unchanged": record.unchanged,
            }
            for record in records
        },
        "tables": {name: installation.warehouse.files(name) for name in tables},
    }
