"""Deadlines: how open work orders stand against their clocks, county by county, for the day's follow-up."""

from datetime import date
from typing import Any

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.installation import Installation
from jobs.steps import Report, StepResult, run_step
from schemas.messages import UnitDeadlines
from warehouse.definitions import definition
from warehouse.tables import rows_where

log = structlog.get_logger(__name__)


def deadlines(installation: Installation, business_date: date) -> StepResult:
    """Keep the date's counts in ads.deadline; what is overdue is logged as a warning for each county.

    Raises CaseServiceUnreachableError where the case service does not answer.
    """
    return run_step(installation, business_date, "deadlines", None, lambda: _deadlines(installation, business_date))


def _deadlines(installation: Installation, business_date: date) -> Report:
    report = CaseServiceClient(installation.settings).deadlines()
    table = definition("ads.deadline")
    rows = [_row(county, business_date) for county in report.counties]
    installation.warehouse.replace_rows(
        table, pa.Table.from_pylist(rows, schema=table.schema), rows_where(business_date=business_date)
    )
    for county in report.counties:
        if county.overdue:
            log.warning("work orders overdue", county=county.unit_name, overdue=county.overdue)
    return {
        "open": sum(county.open for county in report.counties),
        "due_soon": sum(county.due_soon for county in report.counties),
        "overdue": sum(county.overdue for county in report.counties),
        "provisional": report.provisional,
    }


def _row(county: UnitDeadlines, business_date: date) -> dict[str, Any]:
    return {
        "business_date": business_date,
        "unit_code": county.unit_code,
        "unit_name": county.unit_name,
        "open_count": county.open,
        "due_soon_count": county.due_soon,
        "overdue_count": county.overdue,
        "unassigned_count": county.unassigned,
    }
