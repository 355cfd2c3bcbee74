"""Ingest: from landed deliveries to row versions, department by department.

Idempotent by delivery: a delivery in the ledger is not read again; an interrupted one is done
again from the start and leaves the same rows.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from jobs.ingest.decisions import released_manifests
from jobs.ingest.department_night import DepartmentNight
from jobs.ingest.ledger import DeliveryRecord
from jobs.ingest.reconciliation import write_reconciliation_list
from jobs.installation import Installation
from schemas.delivery import finished_manifests


def ingest_department(installation: Installation, department: str, business_date: date) -> list[DeliveryRecord]:
    """Ingest all finished deliveries of a department for a date, and those of earlier dates released since.

    Returns their ledger lines, held ones among them; writes Data Docs and the reconciliation list.
    """
    found = [
        *released_manifests(installation, department, business_date),
        *finished_manifests(installation.settings.landing_folder, business_date, department),
    ]
    lines = ingest_deliveries(installation, department, business_date, found)
    write_reconciliation_list(installation, department, business_date)
    return lines


def ingest_landed(installation: Installation, department: str, business_date: date, manifest: Path) -> DeliveryRecord:
    """Ingest one delivery as known from the date on, in whichever folder it lies; returns its line of the ledger."""
    [line] = ingest_deliveries(installation, department, business_date, [manifest])
    # The department's list of the date is long; where nothing is wrong there is nothing to add to it.
    if line.rejected or line.status != "ingested":
        write_reconciliation_list(installation, department, business_date)
    return line


def ingest_deliveries(
    installation: Installation, department: str, business_date: date, manifests: Sequence[Path]
) -> list[DeliveryRecord]:
    """Ingest these deliveries of a department as known from the date on; writes Data Docs."""
    work = DepartmentNight(installation, department, business_date)
    try:
        lines = [work.ingest(path) for path in manifests]
        work.commit()
    except BaseException:
        installation.vault.forget()
        raise
    work.write_data_docs()
    return lines
