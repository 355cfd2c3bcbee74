"""What operators must be told of: one list for the command, for Airflow and for Prometheus.

Each alert says who must do what, and none names or counts a person's data.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain
from typing import Any, Literal

from prometheus_client.parser import text_string_to_metric_families

from jobs.approval import undecided
from jobs.case_service_client import CaseServiceClient
from jobs.doctor import Finding, machine, reachability
from jobs.errors import CaseServiceUnreachableError, SettingsError
from jobs.freshness import FRESHNESS
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.nightly import SHANGHAI, latest_night, night_report
from schemas.delivery import business_dates
from warehouse.tables import rows_where

Severity = Literal["critical", "warning"]
# Every alert that there can be. What is critical keeps warnings from people's doors.
KINDS: Mapping[str, Severity] = {
    "night_late": "critical",
    "night_met_problems": "warning",
    "source_late": "warning",
    "delivery_held": "warning",
    "warnings_jumped": "warning",
    "outbox_stuck": "critical",
    "messages_stuck": "warning",
    "disk": "critical",
    "case_service": "critical",
    "clock": "warning",
    "calendar": "warning",
}
# A night is for the day on which it starts, at one.
NIGHT_DUE = time(9)
JUMP_FROM = 20
JUMP_TIMES = 3
NIGHTS_BEFORE = 14
FEWEST_NIGHTS_BEFORE = 3
MESSAGES_WAIT = timedelta(hours=1)
OLDEST_MESSAGE = "shouwang_service_oldest_message_seconds"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that stands until somebody acts; `said` tells what it is and who must do what."""

    name: str
    severity: Severity
    said: str


def standing(installation: Installation, now: datetime) -> list[Alert]:
    """All alerts that stand at a moment, which has a time zone; the critical ones first."""
    found = chain(_of_nights(installation, now), _around(installation, now))
    alerts = [Alert(name, KINDS[name], said) for name, said in found]
    return sorted(alerts, key=lambda alert: alert.severity)


Said = Iterator[tuple[str, str]]


def _of_nights(installation: Installation, now: datetime) -> Said:
    night = latest_night(installation)
    yield from _late(installation, night, now)
    yield from _held(installation)
    if night is None:
        return
    report = night_report(installation, night)
    for problem in report["problems"]:
        said = f"The night of {night} met a problem: {problem}."
        yield "night_met_problems", f"{said} The data team must read its log and see who is to act."
    if count := report["undelivered"]:
        said = f"{count} warnings have not reached the case service. The system administrator must see to it, then run"
        yield "outbox_stuck", f"{said} 'shouwang dispatch'; nothing is lost."
    yield from _late_sources(installation)
    yield from _jumped(installation, night, report)


def _late(installation: Installation, night: date | None, now: datetime) -> Said:
    local = now.astimezone(SHANGHAI)
    due = local.date() if local.time() >= NIGHT_DUE else local.date() - timedelta(days=1)
    if (night is None and not business_dates(installation.settings.landing_folder)) or (night and night >= due):
        return
    last = f"the last one published is of {night}" if night else "none was ever published"
    said = f"The night of {due} is not published; {last}. The data team must look at the DAG nightly and run"
    yield "night_late", f"{said} 'shouwang nightly'; 'shouwang doctor' says what is missing."


def _held(installation: Installation) -> Said:
    waiting = [record.delivery_id for record in undecided(installation)]
    if waiting:
        named = ", ".join(waiting[:3]) + (", …" if len(waiting) > 3 else "")
        said = f"{len(waiting)} deliveries wait for a person ({named}). The data team must release or reject each"
        yield "delivery_held", f"{said}: 'shouwang deliveries list' says why they wait."
    night = latest_night(installation)
    broken = [
        record.delivery_id
        for record in (ledger.records(installation, business_date=night, status="held") if night else [])
        if not record.releasable
    ]
    for delivery_id in broken:
        said = f"{delivery_id} breaks its promises and cannot come in."
        yield "delivery_held", f"{said} The data team must ask the department to deliver again."


def _late_sources(installation: Installation) -> Said:
    if not installation.warehouse.exists(FRESHNESS):
        return
    for row in installation.warehouse.rows(FRESHNESS).to_pylist():
        if row["status"] == "late":
            said = f"{row['extract_class']} of {row['department']} covers only until {row['covers_until']}."
            who = "The data team must ask the department; models that rest on it are on hold meanwhile."
            yield "source_late", f"{said} {who}"


def _jumped(installation: Installation, night: date, report: Mapping[str, Any]) -> Said:
    before = _counts_before(installation, night)
    count = sum(report["warnings"].values())
    usual = sum(before) / len(before) if before else 0
    if len(before) >= FEWEST_NIGHTS_BEFORE and count > max(JUMP_FROM, JUMP_TIMES * usual):
        said = f"The night of {night} warned of {count} households, the {len(before)} nights before it of {usual:.0f}"
        query = "select model_id, count(*) from ads.warning group by all"
        who = f"The data team must look at which model and which delivery: 'shouwang query \"{query}\"'."
        yield "warnings_jumped", f"{said} each. {who}"


def _counts_before(installation: Installation, night: date) -> list[int]:
    rows = installation.warehouse.rows("ops.step", rows_where(step="warn")).to_pylist()
    earlier = sorted((row for row in rows if row["business_date"] < night), key=lambda row: row["business_date"])
    return [sum(json.loads(row["report"])["warnings"].values()) for row in earlier[-NIGHTS_BEFORE:]]


def _around(installation: Installation, now: datetime) -> Said:
    settings = installation.settings
    for check in (partial(machine.disk, settings), partial(reachability.case_service, settings, now)):
        for finding in check():
            if finding.state != "well":
                yield _name(finding), finding.said
    yield from _stuck_messages(installation)


def _name(finding: Finding) -> str:
    return finding.check.replace(" ", "_")


def _stuck_messages(installation: Installation) -> Said:
    try:
        metrics = CaseServiceClient(installation.settings).metrics()
    except (CaseServiceUnreachableError, SettingsError):
        # That the service is not well is an alert of its own; without a token there is nothing to ask.
        return
    oldest = {
        sample.name: sample.value for family in text_string_to_metric_families(metrics) for sample in family.samples
    }.get(OLDEST_MESSAGE, 0)
    if oldest > MESSAGES_WAIT.total_seconds():
        said = f"Messages to staff have waited for {oldest / 3600:.0f} hours to go out. The system administrator must"
        yield "messages_stuck", f"{said} see to the channels of SHOUWANG_CHANNELS_FILE; nothing is lost."
