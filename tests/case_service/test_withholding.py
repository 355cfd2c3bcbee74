"""When warnings wait: for a decision, for a visit's quiet days, or for next week; and that none is ever lost."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from case_service.tables import Case, ReceivedWarning, WorkOrder
from case_service.tables.casework import CaseStatus, Matter, Origin
from schemas.messages import Disposition, DispositionKind, Level, OutcomeKind, WarningMessage, WithheldReason
from tests.case_service.conftest import NOVEMBER_MORNING, Door
from tests.case_service.made_up import (
    BUSINESS_DATE,
    GRID,
    OTHER_GRID,
    OTHER_VILLAGE,
    OTHER_WORKER,
    SECOND_GRID,
    SECOND_WORKER,
    VILLAGE,
    WORKER,
    grouped_claim,
    warning,
)

FRIDAY, MONDAY = BUSINESS_DATE, BUSINESS_DATE + timedelta(days=3)


def kinds(answers: list[dict[str, object]]) -> list[object]:
    return [one["reason"] or one["kind"] for one in answers]


def test_no_worker_is_given_more_visits_than_a_week_holds_and_the_next_week_goes_on(door: Door) -> None:
    door.settings.visits_per_week = 2
    night = [warning(household_key=f"h{n}") for n in range(4)]
    answers = door.put(*night, warning(household_key="h9", grid_code=SECOND_GRID))
    assert kinds(answers) == ["opened", "opened", *["worker_capacity_this_week"] * 2, "opened"]
    assert [one["expires_on"] for one in answers[2:4]] == [MONDAY.isoformat()] * 2
    assert kinds(door.put(warning(household_key="later"), business_date=FRIDAY + timedelta(days=2))) == [
        "worker_capacity_this_week"
    ]
    assert kinds(door.put(*night[2:], business_date=MONDAY)) == ["opened", "opened"]


def test_red_is_never_held_back_and_fills_the_week_too(door: Door) -> None:
    door.settings.visits_per_week = 1
    answers = door.put(*(warning(household_key=f"red-{n}", level=Level.RED) for n in range(3)), warning())
    assert kinds(answers) == ["opened", "opened", "opened", "worker_capacity_this_week"]


def test_what_joins_an_open_visit_takes_no_place_in_the_week(door: Door) -> None:
    door.settings.visits_per_week = 1
    assert kinds(door.put(warning(), warning(person_key="person-2"), warning())) == ["opened", "joined", "joined"]


def test_where_nobody_is_named_yet_the_queue_takes_all(door: Door) -> None:
    door.settings.visits_per_week = 1
    assert kinds(door.put(*(warning(household_key=f"h{n}", grid_code=None) for n in range(3)))) == ["opened"] * 3


def test_supervisors_see_how_many_wait_and_why(door: Door) -> None:
    door.settings.visits_per_week = 1
    door.visit(str(door.put(warning(household_key="seen"))[0]["order_number"]), outcome="resolved_by_itself")
    door.put(warning(household_key="seen"), *(warning(household_key=f"h{n}") for n in range(3)))
    for unit in ("city", "village"):
        page = " ".join(door.browser(unit).get("/supervision").text.split())
        assert "<dt>近期走访未发现困难</dt><dd>1</dd>" in page
        assert "<dt>网格员本周走访已满，按困难程度排队</dt><dd>3</dd>" in page
        assert "共 4 条" in page
    assert "暂缓的预警" not in door.browser("far").get("/supervision").text


def apply_for_help(door: Door, household_key: str = "household-1") -> None:
    with door.session() as session:
        session.add(
            Case(
                number=f"GA-{household_key}",
                household_key=household_key,
                matter=Matter.HARDSHIP,
                origin=Origin.APPLICATION,
                unit_code=VILLAGE,
                status=CaseStatus.OPEN,
                opened_at=door.clock(),
            )
        )
        session.commit()


def test_an_open_application_answers_a_warning_for_thirty_days_at_a_time(door: Door) -> None:
    apply_for_help(door)
    (first,) = door.put(waiting := warning())
    assert (first["reason"], first["expires_on"]) == ("application_open", "2025-12-21")
    assert kinds(door.put(waiting, business_date=date(2025, 12, 21))) == ["application_open"]


def test_what_is_red_is_visited_beside_an_open_application_which_stays_open(door: Door) -> None:
    apply_for_help(door)
    (answer,) = door.put(warning(level=Level.RED))
    assert (answer["kind"], answer["case_number"]) == ("opened", "GA-household-1")
    assert kinds(door.put(warning())) == ["joined"]
    door.visit(str(answer["order_number"]), outcome="resolved_by_itself")
    with door.session() as session:
        assert session.scalars(select(Case.status)).one() is CaseStatus.OPEN
    assert kinds(door.put(warning())) == ["application_open"]


def visited(door: Door, **told: Any) -> None:
    """A visit found no hardship after a warning that told so much."""
    door.visit(str(door.put(warning(**told))[0]["order_number"]), outcome="resolved_by_itself")


@pytest.mark.parametrize(("figure", "fate"), [("31999.99", "withheld"), ("32000", "opened")])
def test_quiet_days_end_where_the_leading_figure_has_doubled(door: Door, figure: str, fate: str) -> None:
    visited(door, leading_figure=Decimal(16_000))
    assert door.put(warning(leading_figure=Decimal(figure)))[0]["kind"] == fate


def test_the_figure_of_another_model_says_nothing_about_doubling(door: Door) -> None:
    visited(door, leading_figure=Decimal(16_000))
    assert door.put(warning(model_id="another", leading_figure=Decimal(90_000)))[0]["kind"] == "withheld"


@pytest.mark.parametrize(("days", "fate"), [(0, "withheld"), (1, "opened")])
def test_quiet_days_end_with_what_happened_after_the_visit(door: Door, days: int, fate: str) -> None:
    visited(door)
    later = BUSINESS_DATE + timedelta(days=days)
    assert door.put(warning(happened_on=later), business_date=BUSINESS_DATE + timedelta(days=9))[0]["kind"] == fate
    among = warning(household_key="h2", also=[grouped_claim(happened_on=later)])
    visited(door, household_key="h2")
    assert door.put(among, business_date=BUSINESS_DATE + timedelta(days=9))[0]["kind"] == fate


def test_a_disposition_says_why_and_until_when_or_which_order() -> None:
    Disposition(warning_id="w", kind=DispositionKind.OPENED, order_number="GD1")
    for wrong in (
        {"kind": "withheld"},
        {"kind": "withheld", "reason": "worker_capacity_this_week"},
        {"kind": "withheld", "reason": "because", "expires_on": "2026-01-01"},
        {"kind": "opened"},
        {"kind": "joined", "order_number": "GD1", "reason": "worker_capacity_this_week"},
    ):
        with pytest.raises(ValueError, match="validation error"):
            Disposition.model_validate({"warning_id": "w", **wrong})


GRIDS = {GRID: (VILLAGE, WORKER), SECOND_GRID: (VILLAGE, SECOND_WORKER), OTHER_GRID: (OTHER_VILLAGE, OTHER_WORKER)}
FOUND = [OutcomeKind.RESOLVED_BY_ITSELF, OutcomeKind.HELPED, OutcomeKind.DECEASED, OutcomeKind.MOVED_OR_ABSENT]
_stretches = count(1)

told = st.fixed_dictionaries(
    {
        "level": st.sampled_from(list(Level)),
        "household": st.integers(0, 6),
        "person": st.integers(0, 1),
        "grid": st.sampled_from([*GRIDS, None]),
        "figure": st.sampled_from([None, 1_000, 1_500, 2_500, 9_000]),
        "happened": st.sampled_from([None, -20, 0]),
        "quiet_days": st.sampled_from([0, 10, 90]),
    }
)
nights = st.lists(
    st.fixed_dictionaries(
        {
            "days_on": st.integers(1, 9),
            "warnings": st.lists(told, max_size=8),
            "visits": st.lists(st.sampled_from(FOUND), max_size=3),
            "again": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


@dataclass
class Town:
    """Some random nights of one town, and what became of every warning so far."""

    door: Door
    name: str
    day: date
    waiting: dict[str, WarningMessage] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def warning_of(self, told: dict[str, Any]) -> WarningMessage:
        household = f"{self.name}-{told['household']}"
        happened = told["happened"]
        return warning(
            level=told["level"],
            household_key=household,
            person_key=f"{household}-{told['person']}",
            grid_code=told["grid"],
            village_code=GRIDS[told["grid"]][0] if told["grid"] else VILLAGE,
            leading_figure=told["figure"],
            happened_on=self.day + timedelta(days=happened) if happened is not None else None,
            quiet_days=told["quiet_days"],
        )

    def night(self, new: list[WarningMessage]) -> list[tuple[WarningMessage, Disposition]]:
        """Put what is new and what waits, most urgent first, as dispatch does."""
        batch = sorted([*self.waiting.values(), *new], key=lambda one: list(Level).index(one.level))
        self.sent |= {one.warning_id for one in batch}
        answers = [Disposition.model_validate(one) for one in self.door.put(*batch, business_date=self.day)]
        assert [one.warning_id for one in answers] == [one.warning_id for one in batch]
        judged = list(zip(batch, answers, strict=True))
        self.waiting = {one.warning_id: one for one, answer in judged if answer.kind is DispositionKind.WITHHELD}
        return judged

    def visit(self, outcomes: list[OutcomeKind]) -> None:
        with self.door.session() as session:
            orders = session.scalars(
                select(WorkOrder)
                .join(WorkOrder.case)
                .where(Case.household_key.startswith(self.name), WorkOrder.status == "open")
                .order_by(WorkOrder.id)
            ).all()
            held = [(order.number, order.assignee.username) for order in orders if order.assignee]
        for (number, worker), outcome in zip(held, outcomes, strict=False):
            self.door.visit(number, worker, outcome=outcome)


@given(nights, st.integers(1, 3))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_a_night_brings_warnings_are_opened_joined_or_withheld_with_a_reason_that_expires(
    door: Door, told_nights: list[dict[str, Any]], capacity: int
) -> None:
    door.settings.visits_per_week = capacity
    stretch = next(_stretches)
    town = Town(door, f"town{stretch}", BUSINESS_DATE + timedelta(weeks=20 * stretch))
    for told_night in told_nights:
        town.day += timedelta(days=told_night["days_on"])
        door.clock.moment = NOVEMBER_MORNING + (town.day - BUSINESS_DATE)
        new = [town.warning_of(told) for told in told_night["warnings"]]
        was_waiting = set(town.waiting)
        judged = town.night(new)
        check_night(judged, town.day)
        check_weeks(town, judged, new, capacity)
        if told_night["again"]:
            repeated = door.put(*(one for one, _ in judged), business_date=town.day)
            assert [Disposition.model_validate(one) for one in repeated] == [answer for _, answer in judged]
        assert was_waiting <= {one.warning_id for one, _ in judged}
        town.visit(told_night["visits"])
    with door.session() as session:
        stored = session.scalars(select(ReceivedWarning).where(ReceivedWarning.household_key.startswith(town.name)))
        assert {row.warning_id for row in stored} == town.sent, "none is ever dropped"


def check_night(judged: list[tuple[WarningMessage, Disposition]], day: date) -> None:
    counts = Counter(answer.kind for _, answer in judged)
    assert sum(counts.values()) == len(judged)
    for one, answer in judged:
        if answer.kind is DispositionKind.WITHHELD:
            assert answer.reason in WithheldReason
            assert answer.expires_on is not None
            assert answer.expires_on > day
            assert not (one.level is Level.RED and answer.reason is WithheldReason.WORKER_CAPACITY)


def check_weeks(
    town: Town, judged: list[tuple[WarningMessage, Disposition]], new: list[WarningMessage], capacity: int
) -> None:
    """No worker's week is fuller than it may be but for what is red, and who waits is less urgent than who was seen."""
    monday = town.day - timedelta(days=town.day.weekday())
    with town.door.session() as session:
        rows = session.scalars(
            select(ReceivedWarning).where(
                ReceivedWarning.household_key.startswith(town.name),
                ReceivedWarning.disposition == DispositionKind.OPENED,
                ReceivedWarning.disposed_on >= monday,
            )
        ).all()
        opened = Counter(row.unit_code for row in rows)
        red = Counter(row.unit_code for row in rows if row.level is Level.RED)
    for grid in GRIDS:
        assert opened[grid] - red[grid] <= capacity
        held = [
            one
            for one, answer in judged
            if one.grid_code == grid and answer.reason is WithheldReason.WORKER_CAPACITY and one in new
        ]
        if held:
            assert opened[grid] >= capacity, "nobody is held back while there is room"
