"""What operators are told stands for as long as it is so, says who must do what, and reaches their group."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest

from jobs.alerts import KINDS, standing
from jobs.doctor import machine
from jobs.errors import DeliveriesHeldError, OperatorsNotToldError
from jobs.installation import Installation
from jobs.nightly import SHANGHAI, ingest
from jobs.operators import MOST_BYTES, SIGNED, tell_operators, told_of_failure
from jobs.settings import Settings
from jobs.steps import record_step
from tests.case_service.conftest import NOVEMBER_MORNING
from tests.case_service.providers import BOT_KEY, Provider, running_provider
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import on_dibao


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def told(installation: Installation, now: datetime) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for alert in standing(installation, now):
        assert alert.severity == KINDS[alert.name]
        assert re.search("(data team|administrator) must", alert.said), alert.said
        found.setdefault(alert.name, []).append(alert.said)
    return found


def night(installation: Installation, day: date, warned: int = 0, undelivered: int = 0, problem: str = "") -> None:
    """What a night records of itself."""
    record_step(installation, day, "warn", {"warnings": {"a": warned}})
    record_step(installation, day, "dispatch", {"undelivered": undelivered, "problem": problem})
    record_step(installation, day, "publish", {"file": "latest"})


def test_a_new_installation_hears_only_that_nobody_answers(installation: Installation) -> None:
    assert told(installation, at(NIGHT_1, 12)).keys() == {"case_service"}


def test_a_night_is_late_from_nine_on_and_not_before(installation: Installation) -> None:
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(1)], NIGHT_1)
    assert "none was ever published" in told(installation, at(NIGHT_1, 9))["night_late"][0]
    night(installation, NIGHT_1)
    assert "night_late" not in told(installation, at(NIGHT_1, 23))
    assert "night_late" not in told(installation, at(NIGHT_2, 8))
    assert f"The night of {NIGHT_2} is not published" in told(installation, at(NIGHT_2, 9))["night_late"][0]


def test_what_a_night_left_undone_is_told(installation: Installation) -> None:
    night(installation, NIGHT_1, undelivered=7, problem="the case service does not answer")
    found = told(installation, at(NIGHT_1, 10))
    assert "7 warnings have not reached" in found["outbox_stuck"][0]
    assert "the case service does not answer" in found["night_met_problems"][0]
    night(installation, NIGHT_1)
    assert not {"outbox_stuck", "night_met_problems"} & told(installation, at(NIGHT_1, 10)).keys()


@pytest.mark.parametrize(
    ("before", "tonight", "jumps"),
    [
        ([5, 5, 5], 16, False),
        ([10, 10, 10], 30, False),
        ([10, 10, 10], 31, True),
        ([0, 0, 0], 21, True),
        ([10, 10], 900, False),
    ],
)
def test_warnings_jump_where_they_are_many_and_thrice_as_many_as_usual(
    installation: Installation, before: list[int], tonight: int, jumps: bool
) -> None:
    for days, count in enumerate([*before, tonight]):
        night(installation, NIGHT_1 + timedelta(days=days), warned=count)
    last = NIGHT_1 + timedelta(days=len(before))
    assert ("warnings_jumped" in told(installation, at(last, 10))) is jumps


def test_a_held_delivery_is_told_until_somebody_decided(installation: Installation) -> None:
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(n) for n in range(10)], NIGHT_1)
    ingest(installation, NIGHT_1, "civil_affairs")
    deliver(installation.settings.landing_folder, "dibao", [on_dibao(n) for n in range(6)], NIGHT_2)
    held = ingest(installation, NIGHT_2, "civil_affairs").report["held"]
    assert held
    [said] = told(installation, at(NIGHT_2, 10))["delivery_held"]
    assert all(delivery_id in said for delivery_id in held)


def test_space_that_runs_out_is_told(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "disk" not in told(installation, at(NIGHT_1, 10))
    monkeypatch.setattr(machine, "LEAST_FREE", 10**18)
    assert "free or add space" in told(installation, at(NIGHT_1, 10))["disk"][0]


@pytest.fixture
def group() -> Iterator[Provider]:
    with running_provider(lambda: NOVEMBER_MORNING) as provider:
        yield provider


def settings_for(group: Provider, key: str = BOT_KEY) -> Settings:
    return Settings(mode="demo", operators_webhook=f"{group.address}/cgi-bin/webhook/send?key={key}")


def test_the_group_is_told_and_what_is_too_long_is_cut(group: Provider) -> None:
    assert tell_operators(settings_for(group), "夜" * MOST_BYTES)
    [text] = group.texts()
    assert text.startswith(f"{SIGNED}夜夜")
    assert len(text.encode()) <= MOST_BYTES


def test_a_group_that_does_not_take_it_is_an_error_without_the_key(group: Provider) -> None:
    with pytest.raises(OperatorsNotToldError, match=r"93000.*SHOUWANG_OPERATORS_WEBHOOK"):
        tell_operators(settings_for(group, "another-key"), "x")
    group.outage = (502, {})
    with pytest.raises(OperatorsNotToldError) as refused:
        tell_operators(settings_for(group), "x")
    assert BOT_KEY not in str(refused.value)


def test_without_a_group_nobody_is_told(tmp_path: object) -> None:
    assert tell_operators(Settings(mode="demo", home=f"{tmp_path}"), "x") is False


def test_of_an_error_that_is_not_ours_only_the_kind_is_told() -> None:
    ours = told_of_failure("nightly", "ingest", "medical", DeliveriesHeldError("medical.x is held"))
    assert ours == "nightly: ingest (medical) 失败 failed: medical.x is held"
    others = told_of_failure("nightly", "conform", "", ValueError("cannot read 欧阳䶮"))
    assert "ValueError" in others
    assert "欧阳䶮" not in others
