"""Clocks remind and escalate by the written plan of each order, each step once, on the official calendar."""

import threading
from datetime import date
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from case_service.clocks.plan import PLANS_FOLDER, Plan, keep_plans, kept_plans
from case_service.settings import UnsafeToStartError
from case_service.tables import ActionLogEntry, ClockPause, ClockStep, Message, Staff
from tests.case_service import made_up
from tests.case_service.clocks_case import at, order, tick_at, told
from tests.case_service.conftest import Door
from tests.case_service.made_up import SECOND_WORKER, WORKER, warning

# Delivered, the day before it is due, the day it is due, and the first, second and fourth working day after.
CALENDARS = [
    pytest.param("2025-11-21", "2025-11-27", "2025-11-28", ["2025-12-01", "2025-12-02", "2025-12-04"], id="plain"),
    pytest.param(
        "2026-02-13", "2026-02-26", "2026-02-27", ["2026-02-28", "2026-03-02", "2026-03-04"], id="Spring Festival"
    ),
    pytest.param(
        "2026-09-30", "2026-10-12", "2026-10-13", ["2026-10-14", "2026-10-15", "2026-10-19"], id="National Day"
    ),
    pytest.param(
        "2026-02-14", "2026-02-27", "2026-02-28", ["2026-03-02", "2026-03-03", "2026-03-05"], id="make-up Saturdays"
    ),
    pytest.param(
        "2026-12-28", "2027-01-04", "2027-01-05", ["2027-01-06", "2027-01-07", "2027-01-11"], id="no calendar yet"
    ),
]

COUNTY = ("yian", "yian2", "yian3")


@pytest.mark.parametrize(("delivered", "day_before", "due", "after"), CALENDARS)
def test_reminders_and_escalations_come_on_working_days(
    door: Door, delivered: str, day_before: str, due: str, after: list[str]
) -> None:
    door.clock.moment = at(delivered, "02:00")
    door.put(warning())
    assert tick_at(door, delivered, "08:29").steps_taken == 0, "nobody is woken at night"
    expected: list[tuple[str, str]] = []
    for day, new in [
        (delivered, [(WORKER, "new_order")]),
        (day_before, [(WORKER, "due_soon")]),
        (due, [(WORKER, "due_today")]),
        (after[0], [(WORKER, "overdue"), ("village", "overdue")]),
        (after[1], [("wusong", "overdue")]),
        (after[2], [(who, "overdue") for who in COUNTY]),
    ]:
        assert tick_at(door, day, "08:29").steps_taken == 0
        assert tick_at(door, day, "08:30").steps_taken == 1
        assert tick_at(door, day, "20:00").steps_taken == 0
        expected += new
        assert told(door) == expected
    with door.session() as session:
        steps = set(session.scalars(select(ClockStep.due_on)))
        entries = session.scalars(select(ActionLogEntry.action).where(ActionLogEntry.actor == "clock")).all()
    assert steps == {date.fromisoformat(delivered), date.fromisoformat(due)}
    assert list(entries) == ["escalated_to_community", "escalated_to_town", "escalated_to_county"]


def test_in_the_last_minute_of_the_last_day_nothing_is_overdue(door: Door, order_number: str) -> None:
    tick_at(door, "2025-11-28", "23:59:59")
    assert "今天截止" in door.browser(WORKER).get(f"/orders/{order_number}").text
    assert [what for _, what in told(door)] == ["new_order", "due_soon", "due_today"]
    tick_at(door, "2025-11-29", "00:00")
    assert "已超期" in door.browser(WORKER).get(f"/orders/{order_number}").text
    assert len(told(door)) == 3, "the escalation waits for the morning of the next working day"


def test_after_a_standstill_what_is_no_longer_true_is_not_said(door: Door, order_number: str) -> None:
    assert tick_at(door, "2025-12-10").steps_taken == 4
    assert sorted(told(door)) == sorted(
        [
            (WORKER, "new_order"), (WORKER, "overdue"), ("village", "overdue"), ("wusong", "overdue"),
            *((who, "overdue") for who in COUNTY),
        ]
    )  # fmt: skip


def test_a_closed_order_takes_no_step(door: Door, order_number: str) -> None:
    door.visit(order_number)
    assert tick_at(door, "2025-12-10").steps_taken == 0
    assert told(door) == []


def test_a_new_holder_is_told_once_and_the_clock_runs_on(door: Door, order_number: str) -> None:
    tick_at(door, "2025-11-24")
    browser = door.browser("village")
    form = {"form_token": browser.form_token, "worker": SECOND_WORKER}
    assert browser.post(f"/orders/{order_number}/assignment", data=form).status_code == 303
    tick_at(door, "2025-11-24", "10:00")
    tick_at(door, "2025-11-27")
    assert told(door) == [(WORKER, "new_order"), (SECOND_WORKER, "new_order"), (SECOND_WORKER, "due_soon")]


def test_where_a_level_has_nobody_the_next_one_above_is_told(door: Door, order_number: str) -> None:
    with door.session() as session:
        for username in ("village", "wusong", WORKER):
            session.scalars(select(Staff).where(Staff.username == username)).one().is_active = False
        session.commit()
    tick_at(door, "2025-12-02")
    assert set(told(door)) == {(who, what) for who in COUNTY for what in ("new_order", "overdue")}


def test_a_later_plan_changes_nothing_for_orders_that_run(door: Door, tmp_path: Path) -> None:
    (first,) = door.put(warning(household_key="first"))
    content = yaml.safe_load((PLANS_FOLDER / "1.yaml").read_text(encoding="utf-8"))
    content["version"] = 2
    content["steps"] = [
        {"name": "late", "since": "due", "working_days": 1, "at": "10:00", "tell": ["city"], "happening": "overdue"}
    ]
    (tmp_path / "2.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with door.session() as session:
        keep_plans(session, tmp_path, door.clock())
        session.commit()
    (second,) = door.put(warning(household_key="second"))
    queued = str(door.put(warning(household_key="queued", grid_code=None))[0]["order_number"])
    assert order(door, queued).plan_version is None
    browser = door.browser("village")
    browser.post(f"/orders/{queued}/assignment", data={"form_token": browser.form_token, "worker": WORKER})
    numbers = [str(one["order_number"]) for one in (first, second)] + [queued]
    assert [order(door, number).plan_version for number in numbers] == [1, 2, 2]
    tick_at(door, "2025-12-01", "10:00")
    assert sorted(told(door)) == [
        ("city", "overdue"), ("city", "overdue"), (WORKER, "new_order"), (WORKER, "overdue"), ("village", "overdue"),
    ]  # fmt: skip


def test_a_plan_in_use_cannot_be_changed_behind_its_orders(door: Door, tmp_path: Path) -> None:
    text = (PLANS_FOLDER / "1.yaml").read_text(encoding="utf-8")
    (tmp_path / "1.yaml").write_text(text.replace("working_days: 4", "working_days: 5"), encoding="utf-8")
    with door.session() as session, pytest.raises(UnsafeToStartError, match=r"write the change into 2\.yaml"):
        keep_plans(session, tmp_path, door.clock())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("working_days: -1", "'overdue' is for steps after the day"),
        ("name: delivered", "two steps have the same name"),
        ("tell: [mayor]", "tell"),
        ("version: 3", "must be named 3.yaml"),
        ("steps: [", "is not a plan"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(door: Door, tmp_path: Path, wrong: str, words: str) -> None:
    text = (PLANS_FOLDER / "1.yaml").read_text(encoding="utf-8").replace("version: 1", "version: 2")
    replaced = {
        "working_days: -1": ("working_days: 4", wrong),
        "name: delivered": ("name: due_today", wrong),
        "tell: [mayor]": ("tell: [county]", wrong),
        "version: 3": ("version: 2", wrong),
        "steps: [": ("steps:", wrong),
    }[wrong]
    (tmp_path / "2.yaml").write_text(text.replace(*replaced), encoding="utf-8")
    with door.session() as session, pytest.raises(UnsafeToStartError, match=words):
        keep_plans(session, tmp_path, door.clock())


def test_every_shipped_plan_is_kept_as_it_is(door: Door) -> None:
    with door.session() as session:
        kept = kept_plans(session).by_version
    files = {int(path.stem): yaml.safe_load(path.read_text(encoding="utf-8")) for path in PLANS_FOLDER.glob("*.yaml")}
    assert kept == {version: Plan.model_validate(content) for version, content in files.items()}


def post(door: Door, path: str, **fields: str) -> int:
    """What the village's supervisor is answered who posts a form now."""
    browser = door.browser("village")
    return browser.post(path, data={"form_token": browser.form_token} | fields).status_code


def test_more_time_brings_new_reminders_and_a_pause_silences_them(door: Door, order_number: str) -> None:
    tick_at(door, "2025-11-27")
    assert post(door, f"/orders/{order_number}/clock/pause", reason="away_for_treatment") == 303
    assert tick_at(door, "2025-12-03").steps_taken == 0
    page = door.browser("village").get(f"/orders/{order_number}").text
    assert "计时暂停" in page
    assert "全家在外地治疗" in page
    assert post(door, f"/orders/{order_number}/clock/resume", reason="已回家") == 303
    assert tick_at(door, "2025-12-03", "10:00").steps_taken == 1, "two days are left: today and tomorrow"
    tick_at(door, "2025-12-04")
    assert [what for who, what in told(door) if who == WORKER] == [
        "new_order", "due_soon", "clock_paused", "clock_resumed", "due_soon", "due_today",
    ]  # fmt: skip
    with door.session() as session:
        (pause,) = session.scalars(select(ClockPause))
    assert (pause.paused_on, pause.resumed_on) == (date(2025, 11, 27), date(2025, 12, 3))
    assert (pause.paused_by, pause.resumed_by, pause.resume_reason) == ("village", "village", "已回家")


def test_what_is_overdue_cannot_be_paused_nor_what_stands_already(door: Door, order_number: str) -> None:
    clock = f"/orders/{order_number}/clock"
    assert post(door, f"{clock}/pause", reason="tired") == 422
    assert post(door, f"{clock}/resume", reason="x") == 409
    assert [post(door, f"{clock}/pause", reason="disaster") for _ in range(2)] == [303, 409]
    assert post(door, f"{clock}/resume", reason="x") == 303
    door.clock.moment = at("2025-11-29")
    assert post(door, f"{clock}/pause", reason="disaster") == 409
    assert "暂停计时" not in door.browser("village").get(f"/orders/{order_number}").text
    door.visit(order_number)
    assert post(door, f"{clock}/pause", reason="disaster") == 409


def test_two_who_tick_at_once_take_each_step_once(door: Door) -> None:
    door.put(*(warning(household_key=f"h{n}") for n in range(40)))
    door.clock.moment = at("2025-12-01")
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        tick_at(door, "2025-12-01")

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tick_at(door, "2025-12-01")
    with door.session() as session:
        assert len(session.scalars(select(Message)).all()) == 40 * 3
        assert len(session.scalars(select(ClockStep)).all()) == 40 * 2


def test_made_up_people_are_named_in_no_step(door: Door, order_number: str) -> None:
    tick_at(door, "2025-12-10")
    with door.session() as session:
        entries = session.scalars(select(ActionLogEntry).where(ActionLogEntry.actor == "clock")).all()
        text = " ".join(str(one.details) + one.subject for one in entries)
    assert order_number in text
    assert made_up.NAME not in text
