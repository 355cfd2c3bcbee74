"""The service ticks by itself while it answers, and a tick that fails is not its last."""

import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from case_service import ticking
from case_service.settings import read_settings
from case_service.ticking import Ticker, tick
from tests.case_service.clocks_case import INBOX_ONLY, told
from tests.case_service.conftest import Door
from tests.case_service.made_up import WORKER

LONGEST_WAIT = 240


def test_it_goes_on_whatever_failed_and_ends_when_it_is_told_to(
    door: Door, order_number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_ticked, calls = threading.Event(), iter(range(1_000))

    def ticks(*given: object) -> object:
        if next(calls) == 0:
            raise ValueError("a message that cannot be made")
        done = tick(*given)
        has_ticked.set()
        return done

    monkeypatch.setattr(ticking, "tick", ticks)
    ticker = Ticker(door.engine, read_settings(mode="demo", tick_seconds=1), INBOX_ONLY, door.clock)
    with capture_logs() as lines:
        ticker.start()
        assert has_ticked.wait(LONGEST_WAIT)
        ticker.stop()
    assert not ticker.is_alive()
    assert [line["log_level"] for line in lines if line["event"] == "tick failed"] == ["error"]
    assert told(door) == [(WORKER, "new_order")]


def test_it_is_left_to_a_timer_where_the_settings_say_so(door: Door, tmp_path: Path) -> None:
    settings = read_settings(mode="demo", home=tmp_path, tick_seconds=0)
    with ticking.ticking(door.engine, settings):
        assert "ticker" not in {thread.name for thread in threading.enumerate()}
    with ticking.ticking(door.engine, read_settings(mode="demo", home=tmp_path)):
        assert "ticker" in {thread.name for thread in threading.enumerate()}
    assert "ticker" not in {thread.name for thread in threading.enumerate()}
