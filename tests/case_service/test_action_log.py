"""The record of actions can be added to and never changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from case_service import action_log
from case_service.action_log import Action
from case_service.row_security import ServiceSession
from case_service.tables import ActionLogEntry
from tests.case_service.conftest import Door
from tests.case_service.made_up import IDENTITY_NUMBER, NAME, WORKER


def actions(door: Door) -> list[tuple[str, str, str, str | None]]:
    with door.session() as session:
        entries = session.scalars(select(ActionLogEntry).order_by(ActionLogEntry.sequence))
        return [(one.actor, one.action, one.subject, one.purpose) for one in entries]


def test_every_reading_of_personal_data_is_recorded_with_its_purpose(door: Door, order_number: str) -> None:
    browser = door.browser(WORKER)
    browser.get("/orders")
    browser.get(f"/orders/{order_number}")
    data = {"form_token": browser.form_token, "person": "person-1", "purpose": "check_identity_at_door"}
    browser.post(f"/orders/{order_number}/identity-number", data=data)
    door.browser("city").get(f"/orders/{order_number}")
    door.browser("city").get("/supervision")
    assert actions(door) == [
        ("warning_pipeline", "warning_opened", order_number, None),
        (WORKER, "names_read", WORKER[1:], "planning_visits"),
        (WORKER, "file_read", order_number, "preparing_visit"),
        (WORKER, "identity_number_read", order_number, "check_identity_at_door"),
        ("city", "masked_file_read", order_number, "following_up"),
    ]


def test_no_identity_number_leaves_except_to_the_worker_who_holds_the_open_order_and_that_is_logged(
    door: Door, order_number: str
) -> None:
    browser = door.browser(WORKER)
    page = browser.get(f"/orders/{order_number}").text
    assert NAME in page
    assert IDENTITY_NUMBER not in page
    assert "340706********000Y" in page
    data = {"form_token": browser.form_token, "person": "person-1", "purpose": "check_identity_at_door"}
    whole = browser.post(f"/orders/{order_number}/identity-number", data=data)
    part = browser.post(f"/orders/{order_number}/identity-number", data=data, headers={"HX-Request": "true"})
    assert IDENTITY_NUMBER in whole.text
    assert part.text.strip() == f'<b class="identity-number">{IDENTITY_NUMBER}</b>'
    assert [one[1] for one in actions(door)].count("identity_number_read") == 2
    without_purpose = data | {"purpose": "curiosity"}
    assert browser.post(f"/orders/{order_number}/identity-number", data=without_purpose).status_code == 422


def test_visits_assignments_and_sign_ins_are_recorded(door: Door, order_number: str) -> None:
    supervisor = door.browser("village")
    data = {"form_token": supervisor.form_token, "worker": WORKER}
    supervisor.post(f"/orders/{order_number}/assignment", data=data)
    door.visit(order_number)
    assert [one[:2] for one in actions(door)[1:]] == [("village", "order_reassigned"), (WORKER, "visit_recorded")]


@pytest.mark.parametrize(
    "change", ["update action_log set actor = 'x'", "delete from action_log", "truncate action_log"]
)
def test_the_database_refuses_to_change_the_record(door: Door, order_number: str, change: str) -> None:
    with door.session() as session, pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(change))


def test_verifying_finds_a_change_behind_our_back(door: Door, order_number: str) -> None:
    with door.session() as session:
        action_log.record(session, datetime.now(UTC), [Action("a", "b", "c"), Action("d", "e", "f")])
        session.commit()
        whole = action_log.verify(session)
        assert (whole.entry_count, whole.broken_at) == (3, None)
        session.execute(text("alter table action_log disable trigger user"))
        session.execute(text("update action_log set actor = 'x' where sequence = 2"))
        session.expire_all()
        assert action_log.verify(session).broken_at == 2
        session.rollback()
        session.execute(text("alter table action_log disable trigger user"))
        session.execute(text("delete from action_log where sequence = 2"))
        session.expire_all()
        assert action_log.verify(session).broken_at == 3
        session.rollback()


def test_whoever_records_at_once_is_chained_and_nothing_is_lost(door: Door) -> None:
    """Eight writers with ten transactions each, of which every fourth is taken back, under the service's own role."""
    start = Barrier(8)

    def write(writer: int) -> None:
        start.wait()
        for at in range(10):
            with ServiceSession(door.engine) as session:
                recorded = [Action(f"写者{writer}", "b", f"{at}/{n}", None, {"乙": n, "a": [1.5]}) for n in range(3)]
                action_log.record(session, datetime.now(UTC), recorded)
                session.rollback() if at % 4 == 3 else session.commit()

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))
    expected = {
        (f"写者{writer}", f"{at}/{n}") for writer in range(8) for at in range(10) if at % 4 < 3 for n in range(3)
    }
    written = actions(door)
    assert {(actor, subject) for actor, _, subject, _ in written} == expected
    assert len(written) == len(expected)
    with door.session() as session:
        assert action_log.verify(session).entry_count == len(expected)
        assert action_log.verify(session).broken_at is None


def test_the_service_adds_to_the_record_only_by_what_chains_it(door: Door) -> None:
    entry = "insert into action_log values (1, now(), 'a', 'b', 'c', null, '{}', repeat('0', 64), 'x')"
    with ServiceSession(door.engine) as session, pytest.raises(DBAPIError, match="permission denied"):
        session.execute(text(entry))
