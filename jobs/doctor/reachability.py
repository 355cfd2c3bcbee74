"""What answers: the warehouse's catalog, departments' databases, the case service, its clock and its calendar."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from jobs.case_service_process import health_of
from jobs.doctor.finding import Finding
from jobs.errors import ShouwangError
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.sources.addresses import is_configured, sourced_contracts, url_of
from jobs.sources.database import Reading

SECONDS_APART = 30
# The State Council publishes a year's days off in October or November of the year before.
CALENDAR_AHEAD = timedelta(days=30)


def warehouse(settings: Settings) -> Iterator[Finding]:
    """Whether the catalog opens and names its tables."""
    try:
        count = len(Installation(settings).warehouse.table_names())
    except (SQLAlchemyError, OSError) as error:
        first = str(error).splitlines()[0]
        yield Finding(
            "warehouse", "wrong", f"The catalog does not open ({first}): see SHOUWANG_CATALOG_URI and its server."
        )
        return
    yield Finding("warehouse", "well", f"{count} tables")


def sources(settings: Settings) -> Iterator[Finding]:
    """Whether each department's database that is configured answers."""
    servers = {one.source.server: (one, one.source) for one in sourced_contracts() if one.source}
    for server, (contract, source) in servers.items():
        if not is_configured(settings, server):
            yield Finding("sources", "well", f"{server} ({contract.department_title}) is not connected; files are read")
            continue
        try:
            Reading(contract, source, url_of(settings, server)).check()
        except ShouwangError as error:
            yield Finding("sources", "wrong", f"{error}.")
        else:
            yield Finding("sources", "well", f"{server} answers")


def case_service(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether the case service is well, agrees on the time, and knows the calendar of the days to come."""
    url = settings.case_service_url
    health = health_of(url)
    if health is None:
        yield Finding(
            "case service",
            "wrong",
            f"Nothing answers at {url}: the system administrator must start it ('shouwang serve') or set "
            "SHOUWANG_CASE_SERVICE_URL. Warnings wait meanwhile and are not lost.",
        )
        return
    if not health.is_well:
        said = f"{url} is not well: {health.status}. The system administrator must see to its PostgreSQL."
        yield Finding("case service", "wrong", said)
        return
    yield Finding("case service", "well", f"{url} answers")
    yield _clock(health.at, now)
    yield _calendar(health.calendar_until, now)


def _clock(told: datetime, now: datetime) -> Finding:
    apart = abs((told - now).total_seconds())
    if apart > SECONDS_APART:
        return Finding(
            "clock",
            "wrong",
            f"This machine and the case service are {apart:.0f} seconds apart: the system administrator must let both "
            "keep time (NTP), or orders are due at a wrong hour.",
        )
    return Finding("clock", "well", "as the case service's")


def _calendar(until: int | None, now: datetime) -> Finding:
    needed = (now + CALENDAR_AHEAD).year
    if until is None or until < needed:
        return Finding(
            "calendar",
            "wrong" if until is None or until < now.year else "doubtful",
            f"The calendar goes to {until}: the system administrator must import the State Council's notice of "
            f"{needed} (page 日历); until then orders into that year are due provisionally.",
        )
    return Finding("calendar", "well", f"published to {until}")
