"""How the last night went and what waits, as Prometheus reads it.

No metric names or counts a person's data; what is counted is the city's work. Times are seconds since 1970.
"""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from jobs.alerts import KINDS, standing
from jobs.case_service_process import health_of
from jobs.disk import free_bytes
from jobs.freshness import FRESHNESS
from jobs.installation import Installation
from jobs.nightly import latest_night, night_report

COUNTED = ("received", "accepted", "rejected", "unchanged")


def metrics_text(installation: Installation, now: datetime) -> str:
    """The metrics of the last night that ran, in Prometheus' text format; what is not known yet is left out."""
    registry = CollectorRegistry()
    _gauge(registry, "metrics_at", "When these metrics were taken").set(now.timestamp())
    _disk(installation, registry)
    _alerts(installation, now, registry)
    health = health_of(installation.settings.case_service_url)
    if health and health.calendar_until:
        said = "The last year whose days off the case service knows"
        _gauge(registry, "calendar_until", said).set(health.calendar_until)
    night = latest_night(installation)
    if night:
        _night(night_report(installation, night), night, registry)
        _sources(installation, registry)
    return generate_latest(registry).decode()


def _night(report: dict[str, Any], night: date, registry: CollectorRegistry) -> None:
    _gauge(registry, "night_date", "Business date of the last night").set(_seconds(night))
    _labelled(registry, "night_step_seconds", "How long a step took", "step", report["seconds"])
    deliveries = Counter(delivery["status"] for delivery in report["deliveries"])
    _labelled(registry, "night_deliveries", "Deliveries by what became of them", "status", deliveries)
    rows = {name: sum(delivery[name] for delivery in report["deliveries"]) for name in COUNTED}
    _labelled(registry, "night_rows", "Rows by what became of them", "result", rows)
    _labelled(registry, "night_warnings", "Warnings by the model that leads", "model", report["warnings"])
    _labelled(registry, "night_orders", "Warnings by what became of them", "kind", report["orders"])
    _labelled(registry, "waiting", "Warnings held back in all, by reason", "reason", report["waiting"])
    _gauge(registry, "undelivered", "Warnings that the case service has not taken").set(report["undelivered"])
    _gauge(registry, "night_problems", "Steps that met a problem").set(len(report["problems"]))
    _gauge(registry, "models_on_hold", "Models held in a county for a late source").set(len(report["holds"]))


def _alerts(installation: Installation, now: datetime, registry: CollectorRegistry) -> None:
    """How many alerts stand of each kind, those among them of which none does."""
    counts = Counter(alert.name for alert in standing(installation, now))
    gauge = _gauge(registry, "alerts", "Alerts that stand; 'shouwang alerts' tells them", "alert", "severity")
    for name, severity in KINDS.items():
        gauge.labels(name, severity).set(counts[name])


def _sources(installation: Installation, registry: CollectorRegistry) -> None:
    if not installation.warehouse.exists(FRESHNESS):
        return
    names = ("extract_class", "department")
    late = _gauge(registry, "source_late", "Whether a class is later than its contract allows", *names)
    until = _gauge(registry, "source_covers_until", "Until when a class covers", *names)
    for row in installation.warehouse.rows(FRESHNESS).to_pylist():
        if row["covers_until"]:
            labels = [row[name] for name in names]
            late.labels(*labels).set(row["status"] == "late")
            until.labels(*labels).set(_seconds(row["covers_until"]))


def _disk(installation: Installation, registry: CollectorRegistry) -> None:
    free = free_bytes(installation.settings.home)
    _gauge(registry, "disk_free_bytes", "Space left where the installation lies").set(free)


def _gauge(registry: CollectorRegistry, name: str, said: str, *labels: str) -> Gauge:
    return Gauge(name, said, labels, namespace="shouwang", registry=registry)


def _labelled(registry: CollectorRegistry, name: str, said: str, label: str, values: dict[str, Any]) -> None:
    gauge = _gauge(registry, name, said, label)
    for value_of_label, value in values.items():
        gauge.labels(value_of_label).set(value)


def _seconds(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
