"""Feedback: what was found at the door comes back and judges the models.

Outcomes are read from the case service after the last one known and kept in ods.case_outcome;
from them follow yield and data errors by model in ads.model_performance.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.errors import CaseServiceUnreachableError
from jobs.installation import Installation
from jobs.layer_tables import register_layers, write_layer_table
from jobs.steps import Report, StepResult, run_step
from schemas.messages import OutcomeMessage
from warehouse.definitions import definition
from warehouse.engines.engine import Engine

log = structlog.get_logger(__name__)

OUTCOMES = "ods.case_outcome"
PERFORMANCE = "ads.model_performance"
NOTHING_WARNED: dict[str, Any] = {
    "warned": 0,
    "closed": 0,
    "helped": 0,
    "referred": 0,
    "data_error": 0,
    "yield_ratio": None,
}
CURSOR_MARK = "shouwang.cursor"
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def feedback(installation: Installation, business_date: date) -> StepResult:
    """Fetch new outcomes and recompute model performance; reports how many came."""
    return run_step(installation, business_date, "feedback", None, lambda: _feedback(installation, business_date))


def model_performance(installation: Installation) -> dict[tuple[str, int], dict[str, Any]]:
    """By model and version: warned, closed, helped, referred, data_error, and yield_ratio where anything was closed."""
    if not installation.warehouse.exists(PERFORMANCE):
        return {}
    rows = installation.warehouse.rows(PERFORMANCE).to_pylist()
    return {(row["model_id"], row["model_version"]): {name: row[name] for name in NOTHING_WARNED} for row in rows}


def _feedback(installation: Installation, business_date: date) -> Report:
    problem = None
    received = 0
    try:
        received = _fetch_outcomes(installation, business_date)
    except CaseServiceUnreachableError as unreachable:
        log.error("no outcomes read", reason=str(unreachable))
        problem = str(unreachable)
    with installation.engine() as engine:
        _rebuild_performance(engine, installation, business_date)
    return {"outcomes": received, "problem": problem}


def _fetch_outcomes(installation: Installation, business_date: date) -> int:
    table = definition(OUTCOMES)
    installation.warehouse.ensure(table)
    known = set(installation.warehouse.rows(OUTCOMES, columns=["outcome_id"])["outcome_id"].to_pylist())
    cursor = installation.warehouse.snapshot_properties(OUTCOMES).get(CURSOR_MARK)
    received = 0
    for outcomes, next_cursor in CaseServiceClient(installation.settings).outcomes_after(cursor):
        new = [outcome for outcome in outcomes if outcome.outcome_id not in known]
        _keep(installation, business_date, new, next_cursor)
        received += len(new)
    return received


def _keep(
    installation: Installation, business_date: date, outcomes: Sequence[OutcomeMessage], cursor: str | None
) -> None:
    if not outcomes:
        return
    table = definition(OUTCOMES)
    rows = pa.Table.from_pylist([_row(outcome, business_date) for outcome in outcomes], schema=table.schema)
    installation.warehouse.replace_rows(table, rows, None, {CURSOR_MARK: cursor} if cursor else None)
    for outcome in outcomes:
        log.info("outcome read", outcome=outcome.outcome.value, order_id=outcome.order_number)


def _row(outcome: OutcomeMessage, business_date: date) -> dict[str, Any]:
    return {
        "known_on": business_date,
        "outcome_id": outcome.outcome_id,
        "warning_id": outcome.warning_id,
        "model_id": outcome.model_id,
        "order_number": outcome.order_number,
        "outcome": outcome.outcome.value,
        "data_error_field": outcome.data_error_field,
        "delivered_on": _day(outcome.delivered_at),
        "visited_on": _day(outcome.visited_at) if outcome.visited_at else None,
        "closed_on": _day(outcome.closed_at),
    }


def _day(moment: datetime) -> date:
    return moment.astimezone(_SHANGHAI).date()


def _rebuild_performance(engine: Engine, installation: Installation, business_date: date) -> None:
    register_layers(engine, installation, "ads")
    outcomes = definition(OUTCOMES)
    engine.register_files(outcomes.sql_name, installation.warehouse.files(OUTCOMES), outcomes.schema)
    write_layer_table(engine, installation, PERFORMANCE, business_date)
