"""How fresh every source is, told to the people who work with the warnings: `ads.freshness` and the ledger."""

from collections.abc import Mapping
from datetime import date

import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.coverage import coverage
from jobs.errors import CaseServiceUnreachableError
from jobs.installation import Installation
from jobs.layer_state import holds_state_of
from jobs.source_holds import standing_holds
from schemas.divisions import divisions
from schemas.loader import contracts
from schemas.messages import ClassFreshness, FreshnessReport, ModelHold, SourceDate, SourceStatus, Text
from warning_models.loader import WarningModel, load_models

log = structlog.get_logger(__name__)


def covered_until(installation: Installation, business_date: date) -> dict[str, date]:
    """Until when each class that ever came in reached, as known on a date."""
    return {name: reach.until for name, reach in coverage(installation, business_date).items()}


def sources_of(model: WarningModel, covered: Mapping[str, date]) -> list[SourceDate]:
    """What a model's warnings rest on, and until when each reached."""
    known = contracts()
    return [
        SourceDate(title=Text(zh=known[name].title, en=known[name].title_en), covers_until=covered.get(name))
        for name in model.sources
    ]


def send_freshness(installation: Installation, business_date: date) -> str | None:
    """Tell the case service of the date's freshness; returns what is wrong where it cannot be reached.

    What could not be told is made up for by the next night's, which says all that this one would. Where the
    layers hold another date by now, that one was told or will be.
    """
    if not installation.warehouse.exists("ads.freshness") or not holds_state_of(installation, business_date):
        return None
    try:
        CaseServiceClient(installation.settings).put_freshness(_report(installation, business_date))
    except CaseServiceUnreachableError as problem:
        log.error("freshness not told", reason=str(problem))
        return str(problem)
    return None


def _report(installation: Installation, business_date: date) -> FreshnessReport:
    rows = {row["extract_class"]: row for row in installation.warehouse.rows("ads.freshness").to_pylist()}
    classes = [
        ClassFreshness(
            extract_class=name,
            title=Text(zh=contract.title, en=contract.title_en),
            department=contract.department,
            department_title=contract.department_title,
            status=SourceStatus(rows[name]["status"]),
            covers_until=rows[name]["covers_until"],
            delivered_on=rows[name]["delivered_on"],
            row_count=rows[name]["row_count"],
        )
        for name, contract in sorted(contracts().items(), key=lambda item: item[1].number)
        if name in rows
    ]
    return FreshnessReport(business_date=business_date, classes=classes, holds=_holds(installation, business_date))


def _holds(installation: Installation, business_date: date) -> list[ModelHold]:
    models = {model.id: model for model in load_models()}
    counties = {division.code[:6]: division.name for division in divisions() if division.level == "county"}
    return [
        ModelHold(
            extract_class=hold.extract_class,
            model_title=models[hold.model_id].title,
            county=counties.get(hold.county_code, hold.county_code) or None,
            held_from=hold.held_from,
        )
        for hold in standing_holds(installation, business_date)
        if hold.model_id in models
    ]
