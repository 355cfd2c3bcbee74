"""The database draws the bounds of scope once more: what forgets the query helper still sees nobody outside it."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select, text, true, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from case_service import access
from case_service.row_security import NOBODY, PIPELINE, SYSTEM, Looker, Looking, ServiceSession, looking_as_system
from case_service.tables import Base, Case, ClockPause, Contact, Outcome, ReceivedWarning, Visit, WorkOrder
from tests.case_service import made_up
from tests.case_service.conftest import Door, opened_door
from tests.case_service.made_up import CITY, GRID, OTHER_GRID, OTHER_VILLAGE, VILLAGE, WORKER, WUSONG, YIAN, warning

ABOUT_PEOPLE = (WorkOrder, Case, Contact, ReceivedWarning, ClockPause, Visit, Outcome)
# These hold nobody's case: how the service works, who works in it, and what staff did.
ABOUT_NOBODY = {
    "action_log",
    "calendar_day",
    "calendar_edition",
    "calendar_override",
    "channel_hold",
    "clock_plan",
    "dispatch_rule",
    "freshness_told",
    "recovery_code",
    "service_token",
    "sign_in_session",
    "staff",
    "staff_address",
    "submission_receipt",
    "unit",
}
VILLAGE_PATH = f"{CITY}/{YIAN}/{WUSONG}/{VILLAGE}/"
OTHER_VILLAGE_PATH = f"{CITY}/{YIAN}/{WUSONG}/{OTHER_VILLAGE}/"
SHUNAN_PATH = f"{CITY}/{YIAN}/{made_up.SHUNAN}/"


@pytest.fixture(scope="module")
def door(new_test_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Three orders in one village, one in the next; of each village one visited, one clock paused, one withheld."""
    with opened_door(new_test_database(), tmp_path_factory.mktemp("rows")) as door:
        there = {"village_code": OTHER_VILLAGE, "grid_code": OTHER_GRID}
        put = door.put(*(warning(household_key=f"h{n}") for n in range(3)), warning(household_key="o", **there))
        door.visit(str(put[0]["order_number"]), outcome="resolved_by_itself")
        door.visit(str(put[3]["order_number"]), made_up.OTHER_WORKER, outcome="resolved_by_itself")
        door.put(warning(household_key="h0"), warning(household_key="o", **there))
        with door.session() as session:
            for order in session.scalars(select(WorkOrder)):
                session.add(ClockPause(order_id=order.id, paused_on=made_up.BUSINESS_DATE, reason="x"))
            session.commit()
        yield door


def seen(door: Door, looking: Looking) -> dict[str, int]:
    """How many rows of each table somebody sees who asks for all of them."""
    with ServiceSession(door.engine) as session:
        session.looking = looking
        return {table.__tablename__: len(session.scalars(select(table)).all()) for table in ABOUT_PEOPLE}


def worker_looking(door: Door, username: str) -> Looking:
    with door.session() as session:
        staff = session.execute(text("select id from staff where username = :name"), {"name": username}).scalar_one()
    return Looking(Looker.ASSIGNEE, VILLAGE_PATH, str(staff))


EVERYTHING = {
    "work_order": 4,
    "household_case": 4,
    "contact": 4,
    "received_warning": 6,
    "clock_pause": 4,
    "visit": 2,
    "outcome": 2,
}
IN_VILLAGE = EVERYTHING | {
    "work_order": 3,
    "household_case": 3,
    "contact": 3,
    "received_warning": 4,
    "clock_pause": 3,
    "visit": 1,
    "outcome": 1,
}
NEXT_VILLAGE = {name: EVERYTHING[name] - IN_VILLAGE[name] for name in EVERYTHING}
NOTHING = dict.fromkeys(EVERYTHING, 0)


@pytest.mark.parametrize(
    ("looking", "expected"),
    [
        (NOBODY, NOTHING),
        (Looking(Looker.SUBTREE), NOTHING),
        (Looking(Looker.SUBTREE, f"{CITY}/"), EVERYTHING),
        (Looking(Looker.SUBTREE, f"{CITY}/{YIAN}/"), EVERYTHING),
        (Looking(Looker.SUBTREE, VILLAGE_PATH), IN_VILLAGE),
        (Looking(Looker.SUBTREE, OTHER_VILLAGE_PATH), NEXT_VILLAGE),
        (Looking(Looker.SUBTREE, SHUNAN_PATH), NOTHING),
        (Looking(Looker.ASSIGNEE, VILLAGE_PATH), NOTHING),
        (PIPELINE, EVERYTHING),
        (SYSTEM, EVERYTHING),
    ],
)
def test_a_query_without_any_filter_yields_what_lies_in_scope(
    door: Door, looking: Looking, expected: dict[str, int]
) -> None:
    assert seen(door, looking) == expected


def test_a_worker_sees_the_orders_they_hold_in_their_village_and_what_belongs_to_these(door: Door) -> None:
    holder = worker_looking(door, WORKER)
    assert seen(door, holder) == IN_VILLAGE | {"received_warning": 3}, "what is withheld lies with the supervisors"
    assert seen(door, worker_looking(door, made_up.SECOND_WORKER)) == NOTHING
    assert seen(door, replace(holder, path=OTHER_VILLAGE_PATH)) == NOTHING


@pytest.mark.parametrize("viewer", ["shunan", "far", made_up.SECOND_WORKER])
def test_a_page_whose_query_forgot_the_filter_shows_nobody(
    door: Door, viewer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "in_scope", lambda _: true())
    with door.session() as session:
        number = session.scalars(select(WorkOrder.number).where(WorkOrder.unit_code == GRID)).first()
    assert door.browser(viewer).get(f"/orders/{number}").status_code == 404
    page = "/orders" if viewer == made_up.SECOND_WORKER else "/supervision"
    assert "章" not in door.browser(viewer).get(page).text


def test_nothing_is_written_outside_scope(door: Door) -> None:
    with ServiceSession(door.engine) as session:
        session.looking = Looking(Looker.SUBTREE, OTHER_VILLAGE_PATH)
        outside = update(WorkOrder).where(WorkOrder.unit_code == GRID).values(level="red").returning(WorkOrder.id)
        assert session.scalars(outside).all() == []
        order_id = session.scalars(select(WorkOrder.id)).one()
        leads_out = update(WorkOrder).where(WorkOrder.id == order_id).values(unit_code=GRID)
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.execute(leads_out)
        session.rollback()
        with looking_as_system(session):
            assert session.scalars(leads_out.returning(WorkOrder.id)).all() == [order_id]
        assert session.scalars(select(WorkOrder.id)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "delete from work_order",
        "truncate work_order",
        "update action_log set actor = 'x'",
        "delete from action_log",
        "truncate action_log",
        "alter table action_log disable trigger user",
        "alter table work_order disable row level security",
        "select * from alembic_version",
        "create table public.mine ()",
    ],
)
def test_the_services_role_may_not(door: Door, statement: str) -> None:
    with ServiceSession(door.engine) as session:
        session.looking = SYSTEM
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            session.execute(text(statement))


def test_every_table_about_people_has_policies(door: Door) -> None:
    with door.session() as session:
        protected = set(
            session.scalars(text("select relname from pg_class where relrowsecurity and relkind in ('r', 'p')"))
        )
    assert protected == set(Base.metadata.tables) - ABOUT_NOBODY


def test_the_policies_leave_the_indexes_in_use(door: Door) -> None:
    with ServiceSession(door.engine) as session:
        session.looking = worker_looking(door, WORKER)
        session.execute(text("set local enable_seqscan = off"))
        held = "select * from work_order where assignee_id = 1 and status = 'open'"
        plan = "\n".join(session.scalars(text(f"explain {held}")))
    assert "Index Scan using ix_work_order_" in plan
    assert "ix_unit_path" in plan


@pytest.mark.parametrize("lost", ["select pg_terminate_backend(pg_backend_pid())", "select 1 / 0"])
def test_what_the_database_refuses_while_the_system_looks_is_told_as_it_was(door: Door, lost: str) -> None:
    with ServiceSession(door.engine) as session:
        session.looking = worker_looking(door, WORKER)
        with pytest.raises(DBAPIError, match=re.escape(lost)), looking_as_system(session):
            session.execute(text(lost))
        session.rollback()
        assert len(session.scalars(select(WorkOrder)).all()) == seen(door, session.looking)["work_order"] < 4


def test_a_savepoint_that_is_lost_takes_along_what_was_told_in_it(door: Door) -> None:
    with ServiceSession(door.engine) as session:
        session.looking = worker_looking(door, WORKER)
        bounded = len(session.scalars(select(WorkOrder)).all())
        with suppress(DBAPIError), session.begin_nested(), looking_as_system(session):
            assert len(session.scalars(select(WorkOrder)).all()) == 4
            session.execute(text("select 1 / 0"))
        assert len(session.scalars(select(WorkOrder)).all()) == bounded < 4
