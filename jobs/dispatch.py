"""Dispatch: warnings become work for people. The only job that opens the vault.

The outbox is what ads.warning holds and ads.disposition does not answer yet: a warning is in it
from the moment it exists until the case service has said what became of it. With the service
down nothing is lost and nothing is sent twice, because a repeated PUT gets the first answer. With
the warnings goes how fresh every source is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import inf
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from jobs.case_service_client import CaseServiceClient
from jobs.claims.grouping import URGENCY
from jobs.conform import ensure_conformed
from jobs.controls.send import send_controls
from jobs.dispositions import dispositions, forget_withheld, record_dispositions, standing_dispositions
from jobs.errors import CaseServiceUnreachableError
from jobs.freshness_told import send_freshness
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from jobs.review_sending import send_findings
from jobs.source_holds import on_hold, standing_holds
from jobs.steps import Report, StepResult, run_step
from jobs.warning_messages import claims_of, messages_of
from jobs.withheld import Help, help_known, placed, withheld
from schemas.messages import DispositionKind, WithheldReason
from warehouse.engines import open_engine
from warehouse.tables import rows_until
from warning_models.loader import HelpModel, load_models

log = structlog.get_logger(__name__)

Row = dict[str, Any]


def dispatch(installation: Installation, business_date: date) -> StepResult:
    """Deliver the outbox as of the date.

    Reports orders opened, joined and withheld, why so many were withheld tonight and why so many wait in all, and
    what is still undelivered.
    """
    return run_step(installation, business_date, "dispatch", None, lambda: _dispatch(installation, business_date))


def outbox(installation: Installation, business_date: date) -> list[Row]:
    """Warnings up to the date that nobody has answered yet, or whose withholding has run out."""
    if not installation.warehouse.exists("ads.warning"):
        return []
    warnings = installation.warehouse.rows("ads.warning", rows_until("business_date", business_date))
    settled = pa.array(_settled_ids(installation, business_date), pa.string())
    # Nearly all are settled, and turning them into rows of Python would take longer than all else here.
    waiting = warnings.filter(pc.invert(pc.is_in(warnings["warning_id"], value_set=settled)))
    return sorted(waiting.to_pylist(), key=_by_need)


def _standing_ids(installation: Installation, business_date: date) -> set[str]:
    if not installation.warehouse.exists("ads.warning"):
        return set()
    until = rows_until("business_date", business_date)
    return set(installation.warehouse.rows("ads.warning", until, ["warning_id"])["warning_id"].to_pylist())


def _by_need(row: Row) -> tuple[int, float, date, str]:
    """Most urgent first; then by score, those without one last; then the one that has waited longest."""
    score = row["score"] if row["score"] is not None else -inf
    return URGENCY[row["level"]], -score, row["business_date"], row["warning_id"]


def _settled_ids(installation: Installation, business_date: date) -> set[str]:
    return {
        row["warning_id"]
        for row in dispositions(installation)
        if row["kind"] != DispositionKind.WITHHELD
        or row["expires_on"] > business_date
        or row["business_date"] >= business_date
    }


def _dispatch(installation: Installation, business_date: date) -> Report:
    forget_withheld(installation, business_date, _standing_ids(installation, business_date))
    waiting = outbox(installation, business_date)
    undelivered = _dispose(installation, business_date, waiting) if waiting else None
    controls = send_controls(installation, business_date)
    reviews = send_findings(installation, business_date)
    untold = send_freshness(installation, business_date)
    tonight = dispositions(installation, business_date)
    counts = {kind.value: sum(row["kind"] == kind for row in tonight) for kind in DispositionKind}
    return {
        **counts,
        "withheld_tonight": _by_reason(tonight),
        "waiting": _by_reason(standing_dispositions(installation, business_date)),
        "controls": controls,
        "reviews": reviews,
        "undelivered": len(outbox(installation, business_date)),
        "problem": undelivered or untold,
    }


def _by_reason(answers: Iterable[Row]) -> dict[str, int]:
    """How many are withheld for each reason, in the order of the vocabulary."""
    counts = Counter(row["reason"] for row in answers if row["kind"] == DispositionKind.WITHHELD)
    return {reason.value: counts[reason.value] for reason in WithheldReason if counts[reason.value]}


def _dispose(installation: Installation, business_date: date, waiting: Sequence[Row]) -> str | None:
    """Withhold what must wait for what is known here, deliver the rest; returns what kept it from delivery."""
    claims = claims_of(installation, waiting)
    known = _known(installation, business_date, waiting, claims)
    models = {model.id: model for model in load_models() if isinstance(model, HelpModel)}
    rows = [placed(row, known) for row in waiting]
    held = [withheld(row, claims[row["warning_id"]], models, known, business_date) for row in rows]
    record_dispositions(installation, business_date, [ground for ground in held if ground])
    delivered = [row for row, ground in zip(rows, held, strict=True) if ground is None]
    return _deliver(installation, business_date, delivered) if delivered else None


def _known(
    installation: Installation,
    business_date: date,
    waiting: Sequence[Row],
    claims: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Help:
    ensure_conformed(installation, business_date)
    standing = standing_holds(installation, business_date)
    # A few people are looked up; a cluster would take longer to start.
    with open_engine("duckdb", work_folder=installation.settings.work_folder) as engine:
        register_layers(engine, installation, "dwd", "dws")
        every_claim = [claim for group in claims.values() for claim in group]
        return help_known(engine, waiting, every_claim, business_date, on_hold(standing))


def _deliver(installation: Installation, business_date: date, rows: Sequence[Row]) -> str | None:
    """PUT the warnings; returns what is wrong where the service cannot be reached."""
    messages = messages_of(installation, rows)
    try:
        for answers in CaseServiceClient(installation.settings).put_warnings(business_date, messages):
            record_dispositions(installation, business_date, answers)
            for one in answers:
                log.info("warning taken", warning_id=one.warning_id, kind=one.kind.value, order_id=one.order_number)
    except CaseServiceUnreachableError as problem:
        log.error("warnings stay in the outbox", reason=str(problem))
        return str(problem)
    return None
