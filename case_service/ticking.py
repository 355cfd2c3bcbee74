"""What the service does by itself: steps of the clocks, then the messages that wait to go out.

A tick may be run as often as wanted, by several processes at once, and be killed at any moment: each step is taken
once, and what was not sent is sent by the next tick.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Engine

from case_service.clock import now
from case_service.clocks.steps import take_steps
from case_service.notifications.channels.configured import Channels, channels_of
from case_service.notifications.sender import Sent, send_waiting
from case_service.official_calendar import due_rule
from case_service.row_security import SYSTEM, ServiceSession
from case_service.settings import Settings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did."""

    steps_taken: int
    sent: Sent


def tick(engine: Engine, settings: Settings, channels: Channels, clock: Callable[[], datetime]) -> Ticked:
    """Take the steps that are ripe, then send what waits."""
    with ServiceSession(engine) as session:
        session.looking = SYSTEM
        steps_taken = take_steps(session, due_rule(session, settings), clock())
    return Ticked(steps_taken, send_waiting(engine, channels, settings.address, clock))


class Ticker(threading.Thread):
    """Ticks while the service answers requests. A tick that fails is told of, and the next one tries again."""

    def __init__(self, engine: Engine, settings: Settings, channels: Channels, clock: Callable[[], datetime]) -> None:
        super().__init__(name="ticker", daemon=True)
        self._engine, self._settings, self._channels, self._clock = engine, settings, channels, clock
        self._stopped = threading.Event()

    def run(self) -> None:
        """Tick until stopped."""
        while not self._stopped.wait(self._settings.tick_seconds):
            try:
                tick(self._engine, self._settings, self._channels, self._clock)
            except Exception:  # whatever it was, the clocks must not stand still for it
                log.exception("tick failed", again_in_seconds=self._settings.tick_seconds)

    def stop(self) -> None:
        """Let the tick that runs end, and start no other."""
        self._stopped.set()
        if self.is_alive():
            self.join()


@contextmanager
def ticking(engine: Engine, settings: Settings) -> Iterator[None]:
    """Tick in the background, unless the settings leave it to a timer."""
    ticker = Ticker(engine, settings, channels_of(settings, now), now)
    if settings.tick_seconds:
        ticker.start()
    try:
        yield
    finally:
        ticker.stop()
