"""What Prometheus and the logs are told of the service: what happened, by route, and nothing about anybody."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from case_service.access_matrix import Right, access_matrix
from case_service.database import make_engine
from case_service.notifications.outbox import Telling, tell
from case_service.service_token import create_token
from case_service.settings import DEMO_SERVICE_TOKEN
from case_service.tables import WorkOrder
from case_service.tables.notifications import Happening
from jobs.alerts import standing
from jobs.installation import Installation
from jobs.settings import Settings as JobSettings
from tests.case_service import made_up
from tests.case_service.conftest import Door
from tests.case_service.running_service import running_case_service

BEARER = {"Authorization": f"Bearer {DEMO_SERVICE_TOKEN}"}
PEOPLE = (made_up.NAME, made_up.IDENTITY_NUMBER, made_up.PHONE, made_up.ADDRESS)

Metrics = dict[str, dict[tuple[str, ...], float]]


def read(text: str) -> Metrics:
    """Every sample by its name, and by its labels' values in the order of their names."""
    read: Metrics = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            read.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return read


def asked(door: Door) -> Metrics:
    answer = door.pipeline().get("/metrics")
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def test_only_a_token_with_the_right_reads_them(door: Door) -> None:
    with door.session() as session:
        may, may_not = (
            create_token(session, name, [right], door.clock())
            for name, right in (("prometheus", Right.METRICS_READ), ("nightly", Right.WARNINGS_WRITE))
        )
        session.commit()
    for token, status in ((may, 200), (may_not, 403), ("none", 401)):
        answer = door.anonymous().get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert door.browser("city").get("/metrics").status_code == 401


def test_requests_are_counted_by_the_template_of_their_route(door: Door, order_number: str) -> None:
    before = asked(door)["shouwang_service_requests_total"]
    worker = door.browser(made_up.WORKER)
    for path in (f"/orders/{order_number}", "/orders/GD00000000", "/no/such/page", "/static/shouwang.css"):
        worker.get(path)
    worker.request("BREW", "/orders")
    counted = asked(door)["shouwang_service_requests_total"]
    new = {labels: count - before.get(labels, 0) for labels, count in counted.items() if count > before.get(labels, 0)}
    assert new == {
        ("GET", "/orders/{number}", "200"): 1,
        ("GET", "/orders/{number}", "404"): 1,
        ("GET", "none", "404"): 1,
        ("GET", "/static", "200"): 1,
        ("other", "/orders", "405"): 1,
        ("GET", "/metrics", "200"): 1,
    }
    known = {route.partition(" ")[2] for route in access_matrix().routes}
    assert {route for _, route, _ in counted} <= known | {"none", "/static"}


def test_batches_and_sign_ins_are_told_taken_from_refused(door: Door) -> None:
    before = asked(door)["shouwang_service_requests_total"]
    door.put(made_up.warning())
    door.anonymous().put("/api/v1/warnings", json=made_up.batch(made_up.warning()))
    browser = door.anonymous()
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
    assert token
    browser.post("/sign-in", data={"form_token": token[1], "username": made_up.WORKER, "password": "wrong"})
    counted = asked(door)["shouwang_service_requests_total"]
    for labels in (
        ("PUT", "/api/v1/warnings", "200"),
        ("PUT", "/api/v1/warnings", "401"),
        ("POST", "/sign-in", "401"),
    ):
        assert counted[labels] - before.get(labels, 0) == 1, labels


def test_what_waits_and_what_is_late_is_read_from_the_database(door: Door, order_number: str) -> None:
    with door.session() as session:
        order = session.scalars(select(WorkOrder).where(WorkOrder.number == order_number)).one()
        telling = Telling(order.assignee_id or 0, order.id, Happening.NEW_ORDER, "delivered", None)
        tell(session, [telling], door.clock())
        session.commit()
    metrics = asked(door)
    assert metrics["shouwang_service_messages_waiting"] == {(): 1}
    assert metrics["shouwang_service_oldest_message_seconds"] == {(): 0}
    assert sum(metrics["shouwang_service_orders_open"].values()) == 1
    assert sum(metrics["shouwang_service_orders_overdue"].values()) == 0
    door.clock.moment += timedelta(days=30)
    later = asked(door)
    assert later["shouwang_service_oldest_message_seconds"] == {(): timedelta(days=30).total_seconds()}
    assert sum(later["shouwang_service_orders_overdue"].values()) == 1
    assert later["shouwang_service_connections_used"][()] >= 1
    assert later["shouwang_service_connections_most"][()] >= 16


def test_nothing_in_them_names_anybody(door: Door, order_number: str) -> None:
    door.visit(order_number)
    text = door.pipeline().get("/metrics").text
    assert not any(one in text for one in (*PEOPLE, made_up.WORKER, order_number))


def test_a_line_says_which_request_and_order_it_is_about(door: Door, order_number: str) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = door.browser(made_up.WORKER).get(f"/orders/{order_number}", headers={"X-Request-Id": "request-0001"})
        invented = door.browser(made_up.WORKER).get("/orders", headers={"X-Request-Id": "two\twords"})
        door.pipeline().get("/api/v1/outcomes", headers={"X-Run-Id": "scheduled__2026-11-19T01:00:00+08:00"})
        door.anonymous().get("/healthz")
    order, orders, outcomes = [line for line in lines if line["event"] == "answered"]
    assert answer.headers["X-Request-Id"] == order["request_id"] == "request-0001"
    assert (order["order_id"], order["route"], order["status"]) == (order_number, "/orders/{number}", 200)
    assert invented.headers["X-Request-Id"] == orders["request_id"] != "two\twords"
    assert "order_id" not in orders
    assert outcomes["run_id"] == "scheduled__2026-11-19T01:00:00+08:00"


def test_messages_that_wait_for_hours_are_an_alert_of_the_jobs(
    new_test_database: Callable[[], str], tmp_path: Path
) -> None:
    database, now = new_test_database(), datetime.now(UTC)
    # No tick settles the message meanwhile.
    with running_case_service(tmp_path, {"DATABASE_URL": database, "SHOUWANG_TICK_SECONDS": "0"}) as address:
        put = {"json": made_up.batch(made_up.warning()), "headers": BEARER, "trust_env": False}
        httpx.put(f"{address}/api/v1/warnings", **put).raise_for_status()
        engine = make_engine(database)
        with Session(engine) as session:
            order = session.scalars(select(WorkOrder)).one()
            telling = Telling(order.assignee_id or 0, order.id, Happening.NEW_ORDER, "delivered", None)
            tell(session, [telling], now - timedelta(hours=3))
            session.commit()
        engine.dispose()
        installation = Installation(JobSettings(mode="demo", home=tmp_path / "jobs", case_service_url=address))
        [alert] = [alert for alert in standing(installation, now) if alert.name == "messages_stuck"]
    assert "waited for 3 hours" in alert.said
    assert "The system administrator must" in alert.said


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A service of two processes, and its log."""
    home = tmp_path_factory.mktemp("sw")
    made_up.write_directory(home / "demo" / "directory")
    with running_case_service(home, {"SHOUWANG_PROCESSES": "2"}) as address:
        yield address, home / "case_service.log"


def test_whichever_process_is_asked_tells_for_all(several: tuple[str, Path]) -> None:
    address, _ = several
    for _ in range(12):
        # Each on a connection of its own, which either process may take.
        httpx.put(f"{address}/api/v1/warnings", json=made_up.batch(made_up.warning()), headers=BEARER, trust_env=False)
    seen = [read(httpx.get(f"{address}/metrics", headers=BEARER, trust_env=False).text) for _ in range(4)]
    for metrics in seen:
        assert metrics["shouwang_service_requests_total"][("PUT", "/api/v1/warnings", "200")] == 12
        assert metrics["shouwang_service_connections_most"] == {(): 40}


def test_every_line_of_a_running_service_is_json_and_names_nobody(several: tuple[str, Path]) -> None:
    address, log = several
    put = httpx.put(
        f"{address}/api/v1/warnings", json=made_up.batch(made_up.warning()), headers=BEARER, trust_env=False
    )
    text = log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"event", "level", "timestamp"} <= set.intersection(*(set(line) for line in lines))
    assert put.headers["X-Request-Id"] in {line.get("request_id") for line in lines}
    assert not any(one in text for one in PEOPLE)
