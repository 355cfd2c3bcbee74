"""Until when each extract class reaches, and where it is later than its contract allows.

A delivery covers the whole city unless its manifest names counties. A class that never came in reaches nowhere and
is not late: it is not connected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from jobs.ingest import ledger
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from schemas.divisions import divisions

CITY = ""
_COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Coverage:
    """Until when a class reaches in the whole city, and in counties that deliver apart."""

    city: date | None = None
    counties: Mapping[str, date] = field(default_factory=dict)

    @property
    def until(self) -> date:
        """The day until which every county that ever delivered is covered."""
        apart = [max(day, self.city or day) for day in self.counties.values()]
        return min([*apart, *([self.city] if self.city else [])])


@dataclass(frozen=True)
class LateSource:
    """A class that reaches less far than its contract promises, in a county or in the whole city ('')."""

    extract_class: str
    county_code: str
    covered_until: date
    due_on: date


def coverage(installation: Installation, business_date: date) -> dict[str, Coverage]:
    """Of each class that ever came in, as known on a date."""
    known = [
        record for record in ledger.records(installation, status="ingested") if record.business_date <= business_date
    ]
    return coverage_of(known)


def coverage_of(records: Iterable[DeliveryRecord]) -> dict[str, Coverage]:
    """Of each class that the ingested deliveries are of."""
    cities: dict[str, date] = {}
    counties: dict[str, dict[str, date]] = {}
    for record in records:
        of_class = counties.setdefault(record.extract_class, {})
        if record.counties is None:
            cities[record.extract_class] = _later(cities.get(record.extract_class), record.period_end)
        for county in (record.counties or "").split(",") if record.counties else ():
            of_class[county] = _later(of_class.get(county), record.period_end)
    return {name: Coverage(cities.get(name), apart) for name, apart in counties.items()}


def late_sources(covered: Mapping[str, Coverage], latencies: Mapping[str, int], on: date) -> list[LateSource]:
    """Where a class reaches less far than so many days before the date.

    A county that delivers apart is judged by its own deliveries too; where none is in time, the whole city is late.
    """
    return [
        LateSource(name, county, until, until + timedelta(days=latencies[name]))
        for name, reach in sorted(covered.items())
        for county, until in _late_in(reach, on - timedelta(days=latencies[name])).items()
    ]


def _late_in(reach: Coverage, needed: date) -> dict[str, date]:
    """The counties, or '' for all, in which a class does not reach the day, and until when it does."""
    apart = {county: max(day, reach.city or day) for county, day in reach.counties.items()}
    late = {county: day for county, day in sorted(apart.items()) if day < needed}
    if reach.city is not None and reach.city >= needed:
        return {}
    if len(late) == len(apart):
        return {CITY: reach.until}
    if reach.city is None:
        return late
    return {county: apart.get(county, reach.city) for county in _counties() if county not in apart or county in late}


def _later(one: date | None, other: date) -> date:
    return max(one or other, other)


def _counties() -> list[str]:
    return [division.code[:_COUNTY_DIGITS] for division in divisions() if division.level == "county"]
