"""The clock of the case service jumps: nobody is told twice, no order is doubled, and what is due is due as before."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from case_service import action_log
from case_service.tables import WorkOrder
from case_service.ticking import tick
from tests.case_service import made_up
from tests.case_service.clocks_case import INBOX_ONLY, order, told
from tests.case_service.conftest import opened_door
from tests.case_service.own_database import prepare_database

# An hour back, three weeks on (long overdue), four days back, a year on, and home again.
JUMPS = (timedelta(hours=-1), timedelta(days=21), timedelta(days=-4), timedelta(days=365), timedelta())


def test_a_clock_that_jumps_doubles_nothing(
    new_database: Callable[[], str], tmp_path: Path, account: Callable[[str, int, int, int], None]
) -> None:
    address, one = new_database(), made_up.warning()
    prepare_database(address, tmp_path)
    with opened_door(address, tmp_path) as door:
        start = door.clock.moment
        [opened] = door.put(one)
        number = str(opened["order_number"])
        worker = door.browser(made_up.WORKER)
        before = worker.get("/orders").text
        for _ in range(2):
            for jump in JUMPS:
                door.clock.moment = start + jump
                tick(door.engine, door.settings, INBOX_ONLY, door.clock)
                [again] = door.put(one)
                assert again == opened
        once = told(door)
        assert ("village", "overdue") in once, "the far future was truly seen"
        assert max(Counter(once).values()) == 1, "nobody is told the same twice"
        assert door.clock.moment == start
        after = door.browser(made_up.WORKER).get("/orders").text
        assert _due(after) == _due(before), "what is due follows from the clock as it is now"
        door.visit(number)
        with door.session() as session:
            orders = session.scalar(select(func.count()).select_from(WorkOrder)) or 0
            assert action_log.verify(session).broken_at is None
        assert order(door, number).status == "closed"
        account("clock jumps", 2 * len(JUMPS), 1 - min(orders, 1), max(orders, 1) - 1)


def _due(page: str) -> list[str]:
    return [line.strip() for line in page.splitlines() if 'class="due' in line]
