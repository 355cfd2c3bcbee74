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
from schemas.delivery import departments_with_deliveries
from schemas.loader import contracts
from warehouse.definitions import layer_definitions
from warehouse.engines.engine import EngineName

LAYERS = ("dwd", "dws")
# What a night imports only when it first needs it.
LATE_IMPORTS = {
    "duckdb": ("great_expectations", "great_expectations.expectations"),
    "spark": ("great_expectations", "great_expectations.expectations", "pyspark.sql"),
}


def installation_at(home: Path, landing: Path, engine: EngineName) -> Installation:
    """An installation apart from any that the environment names, opened as far as a night opens it first."""
    for name in LATE_IMPORTS[engine]:
        importlib.import_module(name)
    configure_logging(quiet=False)
    contracts()
    installation = Installation(Settings(mode="demo", home=home, landing=landing, engine=engine, catalog_uri=None))
    installation.warehouse.table_names()
    return installation


def run_night(installation: Installation, business_date: date) -> dict[str, Any]:
    """From landing to dws; returns the seconds of each step. A date without deliveries is only conformed."""
    seconds = {}
    for department in departments_with_deliveries(installation.settings.landing_folder, business_date):
        started = time.perf_counter()
        ingest(installation, business_date, department)
        seconds[f"ingest.{department}"] = time.perf_counter() - started
    phases = {"ingest": sum(seconds.values())}
    started = time.perf_counter()
    LATER_STEPS["conform"](installation, business_date)
    phases["conform"] = time.perf_counter() - started
    return {"phases": phases, "steps": seconds | {"conform": phases["conform"]}}


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
