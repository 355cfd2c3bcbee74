"""What each process of the service counts while it answers.

Labels are route templates, methods and statuses, never what somebody sent. Where several processes answer, they count
in files of a folder of their own (`PROMETHEUS_MULTIPROC_DIR`, set before this module is imported), so that whichever
of them is asked tells for all.
"""

import os
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy import Engine, event

from case_service.database import is_alive

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
NO_ROUTE = "none"

REQUESTS = Counter(
    "shouwang_service_requests", "Requests answered, by route, method and status", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "shouwang_service_request_seconds", "How long answers took, by route", ["route"], buckets=SECONDS
)
CONNECTIONS_USED = Gauge(
    "shouwang_service_connections_used", "Connections to the database in use", multiprocess_mode="livesum"
)
CONNECTIONS_MOST = Gauge(
    "shouwang_service_connections_most", "Connections to the database that there can be", multiprocess_mode="livesum"
)


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer. Methods that HTTP does not have are one."""
    REQUESTS.labels(route, method if method in METHODS else "other", str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def count_connections(engine: Engine, most: int) -> None:
    """Count from here on how many connections of this process are in use."""
    CONNECTIONS_USED.set(0)
    CONNECTIONS_MOST.set(most)
    event.listen(engine, "checkout", lambda *_: CONNECTIONS_USED.inc())
    event.listen(engine, "checkin", lambda *_: CONNECTIONS_USED.dec())


def counted() -> str:
    """What all processes counted since the service started, as Prometheus' text."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return generate_latest(REGISTRY).decode()
    for file in Path(folder).glob("gauge_live*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not is_alive(pid):
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry).decode()
