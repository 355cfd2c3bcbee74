"""Whatever dies at whatever moment: run again, the night equals one that nobody disturbed."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from jobs.demo_visits import answer_open_orders
from tests.faults.killed_nights import kill_at_random_moments
from tests.faults.orders import Dispatched, Orders, orders_in
from tests.faults.rehearsal import Rehearsal, Rows, lost_and_doubled
from tests.jobs.landing import NIGHT_1
from tests.journeys.conftest import FIRST, OF_FOUR_DEPARTMENTS, SIDE_BY_SIDE, kept_rows, run_night

Account = Callable[[str, int, int, int], None]
NewService = Callable[[], Orders]


def published_rows(home: Path) -> Rows:
    """All that analysts see in the newest published file, and what lies beside it."""
    latest = home / "warehouse" / "published" / "latest"
    with duckdb.connect(str(latest / "shouwang.duckdb"), read_only=True) as published:
        named = "select table_schema || '.' || table_name from information_schema.tables"
        names = [name for (name,) in published.execute(named).fetchall()]
        rows = {name: sorted(map(str, published.execute(f"select * from {name}").fetchall())) for name in names}
    return {**rows, "files": [str(path.relative_to(latest)) for path in sorted(latest.rglob("*"))]}


def killed_steps(
    warned: Rehearsal, dispatched: Dispatched, new_service: NewService, account: Account, times: dict[str, int]
) -> None:
    """Dispatch, then feedback and publish over its answered orders, each killed so many times on its way."""
    rng, service = random.Random(20261119), new_service()
    try:
        warned.kill("dispatch", NIGHT_1, service.url, times["dispatch"], dispatched.seconds, rng)
        warned.run("dispatch", NIGHT_1, service.url)
        account("dispatch killed", times["dispatch"], *lost_and_doubled(dispatched.rows, warned.rows()))
        orders = lost_and_doubled(dispatched.orders, orders_in(service))
        account("dispatch killed: orders", times["dispatch"], *orders)
        answer_open_orders(warned.installation(service.url), NIGHT_1, 0.7)
        said: dict[str, Callable[[], Rows]] = {
            "feedback": warned.rows, "publish": lambda: published_rows(warned.home),
        }  # fmt: skip
        for step, rows in said.items():
            warned.keep()
            seconds = warned.run(step, NIGHT_1, service.url)
            expected = rows()
            warned.again()
            warned.kill(step, NIGHT_1, service.url, times[step], seconds, rng)
            warned.run(step, NIGHT_1, service.url)
            account(f"{step} killed", times[step], *lost_and_doubled(expected, rows()))
    finally:
        warned.again_from_the_start()


@pytest.mark.timeout(1200)
def test_steps_killed_a_few_times(
    warned: Rehearsal, dispatched: Dispatched, new_service: NewService, account: Account
) -> None:
    killed_steps(warned, dispatched, new_service, account, {"dispatch": 2, "feedback": 2, "publish": 2})


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_steps_killed_a_hundred_times(
    warned: Rehearsal, dispatched: Dispatched, new_service: NewService, account: Account
) -> None:
    killed_steps(warned, dispatched, new_service, account, {"dispatch": 50, "feedback": 25, "publish": 25})


def killed_nights(calm: Path, disturbed: Path, new_service: NewService, account: Account, times: int) -> None:
    """The whole night, killed so many times on its way."""
    undisturbed, service = new_service(), new_service()
    started = time.monotonic()
    expected = run_night(calm, FIRST, undisturbed.url, **SIDE_BY_SIDE)
    seconds = time.monotonic() - started
    kill_at_random_moments(times, disturbed, service.url, seconds, seed=20261119)
    report = run_night(disturbed, FIRST, service.url, **SIDE_BY_SIDE)
    account("night killed", times, *lost_and_doubled(kept_rows(calm), kept_rows(disturbed)))
    account("night killed: orders", times, *lost_and_doubled(orders_in(undisturbed), orders_in(service)))
    for key in ("deliveries", "warnings", "orders"):
        assert report[key] == expected[key]


@pytest.mark.timeout(1800)
def test_a_night_killed_at_a_random_moment_equals_an_undisturbed_one(
    copy_city: Callable[..., Path], new_service: NewService, account: Account
) -> None:
    calm, disturbed = (copy_city(name, OF_FOUR_DEPARTMENTS) for name in ("calm", "disturbed"))
    killed_nights(calm, disturbed, new_service, account, times=1)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_night_killed_at_a_hundred_random_moments_equals_an_undisturbed_one(
    copy_city: Callable[..., Path], new_service: NewService, account: Account
) -> None:
    killed_nights(copy_city("calm"), copy_city("disturbed"), new_service, account, times=100)
