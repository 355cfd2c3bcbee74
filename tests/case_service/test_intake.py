"""What becomes of warnings."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from case_service.tables import Case, Contact, ReceivedWarning, WorkOrder
from case_service.tables.casework import OrderStatus
from schemas.messages import Contact as SentContact
from schemas.messages import Level
from tests.case_service.conftest import Door
from tests.case_service.made_up import (
    BUSINESS_DATE,
    GRID_WITHOUT_WORKER,
    IDENTITY_NUMBER,
    NAME,
    PHONE,
    VILLAGE,
    WORKER,
    batch,
    grouped_claim,
    household,
    warning,
)


def test_a_first_warning_opens_a_case_and_a_delivered_home_visit(door: Door) -> None:
    (answer,) = door.put(first := warning())
    assert answer["kind"] == "opened"
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        assert (order.number, order.case.number) == (answer["order_number"], answer["case_number"])
        assert (order.status, order.assignee.username) == (OrderStatus.OPEN, WORKER)
        assert order.delivered_at == door.clock()
        assert [one.warning_id for one in order.warnings] == [first.warning_id]


def test_a_warning_about_several_members_keeps_them_all_and_shows_the_household(door: Door) -> None:
    other = SentContact(name="章老太", identity_number="34070619540101000Y")
    door.put(warning(household=household(), also=[grouped_claim()], other_contacts={"person-2": other}))
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        assert sorted(contact.person_key for contact in order.case.contacts) == ["person-1", "person-2"]
        stored = str(order.warnings[0].claim)
        assert not any(secret in stored for secret in ("章老太", "34070619540101000Y", NAME, IDENTITY_NUMBER))
        path = f"/orders/{order.number}"
    page = door.browser(WORKER).get(path).text
    assert "新办肢体二级残疾证" in page
    assert "章老太" in page
    said = re.sub(r"<[^>]+>|\s", "", page)
    assert "户籍登记3人" in said
    assert f"户主{NAME}46岁·有工资缴费·已知月收入4,001.00元" in said
    assert "父母章老太71岁·60岁以上·重度残疾·数据里没有看到收入" in said
    assert "女11岁·未成年几名" in said
    assert "几名成员合计：个人自付累计25,000.00元" in said


def test_later_warnings_join_and_raise_the_level(door: Door) -> None:
    first, second, third = door.put(
        warning(level=Level.YELLOW),
        warning(level=Level.RED, person_key="person-2"),
        warning(household_key="household-2"),
    )
    assert [first["kind"], second["kind"], third["kind"]] == ["opened", "joined", "opened"]
    assert first["order_number"] == second["order_number"] != third["order_number"]
    (fourth,) = door.put(warning())
    assert (fourth["kind"], fourth["order_number"]) == ("joined", first["order_number"])
    with door.session() as session:
        order = session.scalars(select(WorkOrder).where(WorkOrder.number == first["order_number"])).one()
        assert order.level is Level.RED
        assert sorted(contact.person_key for contact in order.case.contacts) == ["person-1", "person-2"]


def test_a_repeated_batch_gets_the_same_answer_and_changes_nothing(door: Door) -> None:
    warnings = [warning(), warning(), warning(household_key="household-2")]
    first = door.put(*warnings, warnings[0])
    assert first[0] == first[3]
    assert door.put(*warnings, warnings[0]) == first
    with door.session() as session:
        assert session.scalar(select(func.count(WorkOrder.id))) == 2
        assert session.scalar(select(func.count(Contact.id))) == 2


def test_a_repeat_after_closing_still_gets_the_first_answer(door: Door) -> None:
    first = door.put(one := warning())
    door.visit(str(first[0]["order_number"]), outcome="resolved_by_itself")
    assert door.put(one) == first


def test_parallel_batches_open_one_case_per_household(door: Door) -> None:
    warnings = [warning(household_key=f"household-{n % 7}", person_key=f"person-{n % 7}") for n in range(40)]
    batches = [warnings[n:] + warnings[:n] for n in range(0, 40, 5)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: door.put(*one), batches))
    by_id = [{str(one["warning_id"]): one for one in answer} for answer in answers]
    assert all(one == by_id[0] for one in by_id)
    with door.session() as session:
        assert session.scalar(select(func.count(Case.id))) == 7
        assert session.scalar(select(func.count(WorkOrder.id))) == 7
        assert session.scalar(select(func.count(ReceivedWarning.warning_id))) == 40


@pytest.mark.parametrize(
    ("grid_code", "village_code", "queued_at"),
    [
        (None, VILLAGE, VILLAGE),
        (GRID_WITHOUT_WORKER, VILLAGE, VILLAGE),
        (f"{VILLAGE}999", VILLAGE, VILLAGE),
        (None, "340706100999", "340706100000"),
        (None, "340706999999", "340706000000"),
        (None, "110101001001", "340700000000"),
    ],
)
def test_without_a_worker_the_order_waits_in_the_nearest_queue(
    door: Door, grid_code: str | None, village_code: str, queued_at: str
) -> None:
    door.put(warning(grid_code=grid_code, village_code=village_code))
    with door.session() as session:
        order = session.scalars(select(WorkOrder)).one()
        assert (order.status, order.unit_code, order.delivered_at) == (OrderStatus.UNASSIGNED, queued_at, None)


@pytest.mark.parametrize("outcome", ["resolved_by_itself", "already_receiving", "duplicate"])
def test_a_recent_visit_that_found_no_hardship_withholds(door: Door, outcome: str) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), outcome=outcome)
    (answer,) = door.put(again := warning(), business_date=BUSINESS_DATE + timedelta(days=10))
    assert answer == {
        "warning_id": again.warning_id,
        "kind": "withheld",
        "order_number": None,
        "case_number": None,
        "reason": "recent_visit_found_no_hardship",
        "expires_on": (BUSINESS_DATE + timedelta(days=90)).isoformat(),
    }
    with door.session() as session:
        assert session.scalar(select(func.count(Case.id))) == 1


@pytest.mark.parametrize("outcome", ["helped", "referred", "refused", "moved_or_absent", "data_error"])
def test_any_other_outcome_withholds_nothing(door: Door, outcome: str) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), outcome=outcome, data_error_field="income")
    assert door.put(warning())[0]["kind"] == "opened"


def test_a_higher_level_is_never_withheld(door: Door) -> None:
    door.visit(str(door.put(warning(level=Level.ORANGE))[0]["order_number"]), outcome="resolved_by_itself")
    answers = door.put(warning(level=Level.YELLOW), warning(level=Level.RED), warning(level=Level.YELLOW))
    assert [one["kind"] for one in answers] == ["withheld", "opened", "joined"]


def test_a_later_visit_that_found_hardship_overtakes_the_earlier(door: Door) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), outcome="resolved_by_itself")
    door.clock.moment += timedelta(days=20)
    door.visit(str(door.put(warning(level=Level.RED))[0]["order_number"]), outcome="helped")
    assert door.put(warning(), business_date=BUSINESS_DATE + timedelta(days=21))[0]["kind"] == "opened"


def test_a_withheld_warning_is_reconsidered_once_it_expires(door: Door) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), outcome="resolved_by_itself")
    first = door.put(waiting := warning())
    expires_on = date.fromisoformat(str(first[0]["expires_on"]))
    assert door.put(waiting, business_date=expires_on - timedelta(days=1)) == first
    (answer,) = door.put(waiting, business_date=expires_on)
    assert answer["kind"] == "opened"
    assert door.put(waiting, business_date=expires_on + timedelta(days=1)) == [answer]


def test_a_death_withholds_for_that_person_only(door: Door) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), outcome="deceased")
    (same,) = door.put(warning())
    assert (same["kind"], same["reason"]) == ("withheld", "recent_visit_found_deceased")
    assert door.put(warning(person_key="person-2"))[0]["kind"] == "opened"


def test_a_death_in_an_order_about_several_people_withholds_nothing(door: Door) -> None:
    first, _ = door.put(warning(), warning(person_key="person-2"))
    door.visit(str(first["order_number"]), outcome="deceased")
    assert door.put(warning(person_key="person-2"))[0]["kind"] == "opened"


def test_every_warning_opens_a_work_order_joins_an_open_case_or_is_withheld_with_a_reason_that_expires(
    door: Door,
) -> None:
    door.visit(str(door.put(warning(household_key="quiet"))[0]["order_number"]), outcome="duplicate")
    night = [
        *(warning(household_key=f"household-{n}") for n in range(5)),
        *(warning(household_key=f"household-{n}", grid_code=None) for n in range(3)),
        *(warning(household_key="quiet") for _ in range(2)),
        warning(village_code="999999999999", household_key="nowhere", grid_code="9" * 15),
    ]
    kinds = [one["kind"] for one in door.put(*night)]
    assert (kinds.count("opened"), kinds.count("joined"), kinds.count("withheld")) == (6, 3, 2)
    assert len(kinds) == len(night)
    with door.session() as session:
        stored = session.scalars(
            select(ReceivedWarning).where(ReceivedWarning.warning_id.in_([one.warning_id for one in night]))
        ).all()
        assert len(stored) == len(night)
        assert all(one.order_id or (one.withheld_reason and one.expires_on) for one in stored)


def test_nothing_that_identifies_is_stored_in_the_clear(door: Door) -> None:
    door.visit(str(door.put(warning())[0]["order_number"]), note=f"见到了{NAME}本人")
    with door.session() as session:
        for table in ("contact", "received_warning", "visit", "action_log", "household_case", "work_order"):
            rows = session.connection().exec_driver_sql(f"select t::text from {table} t").scalars().all()
            stored = " ".join(rows)
            assert not any(secret in stored for secret in (NAME, IDENTITY_NUMBER, PHONE)), table
            assert not any(secret.encode().hex() in stored for secret in (NAME, IDENTITY_NUMBER, PHONE)), table


def test_a_full_batch_is_taken_in_within_seconds(door: Door) -> None:
    warnings = [warning(household_key=f"household-{n}", person_key=f"person-{n}") for n in range(500)]
    started = time.monotonic()
    answers = door.put(*warnings)
    assert time.monotonic() - started < 20
    assert {one["kind"] for one in answers} == {"opened"}
    assert door.put(*warnings) == answers


def test_only_the_pipeline_may_put(door: Door) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic demo"}):
        response = door.anonymous().put("/api/v1/warnings", json=batch(warning()), headers=headers)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == 401


def test_what_breaks_the_contract_is_a_problem_that_repeats_nothing_personal(door: Door) -> None:
    body = batch(warning())
    body["warnings"][0]["level"] = NAME
    response = door.pipeline().put("/api/v1/warnings", json=body)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert response.json()["errors"][0]["pointer"] == "/body/warnings/0/level"
    assert NAME not in response.text
    too_many = batch()
    too_many["warnings"] = [warning().model_dump(mode="json")] * 501
    assert door.pipeline().put("/api/v1/warnings", json=too_many).status_code == 422
