"""What is known of every warning until a date: whom it was about, what became of it, what the visit found."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.claims.keeping import CLAIM, WARNING
from jobs.feedback import OUTCOMES
from jobs.installation import Installation
from jobs.layer_tables import register_layers
from schemas.divisions import divisions
from warehouse.tables import rows_until

DISPATCHED = ("opened", "joined")
FOUND = ("helped", "referred")
UNKNOWN = "unknown"
AGE_BANDS = ((0, "under 18"), (18, "18-44"), (45, "45-59"), (60, "60-79"), (80, "80 and over"))
_SEXES = {"1": "male", "2": "female"}
_TIERS = ("tekun", "dibao")
_PEOPLE = """
select person.person_key, person.sex, person.born_on, person.village_code
from dwd_person as person
join judged_person as judged on judged.person_key = person.person_key
"""


@dataclass(frozen=True)
class Judged:
    """One warning. `fate` and `outcome` are the latest known, None where there is none."""

    warning_id: str
    model_ids: frozenset[str]
    hardship: str
    level: str
    business_date: date
    person_key: str
    household_key: str | None
    county: str
    tier: str
    age_band: str
    sex: str
    area: str
    fate: str | None
    outcome: str | None
    closed_on: date | None

    @property
    def is_dispatched(self) -> bool:
        return self.fate in DISPATCHED

    @property
    def is_found(self) -> bool:
        """Whether the visit found somebody to help or refer."""
        return self.outcome in FOUND

    @property
    def days_to_help(self) -> int | None:
        """From the warning to the day on which help was told of."""
        if self.outcome != "helped" or self.closed_on is None:
            return None
        return (self.closed_on - self.business_date).days


def judged_until(installation: Installation, until: date) -> list[Judged]:
    """Every warning of the nights until a date, as known then; by id."""
    warnings = rows_of(installation, WARNING, until)
    people = _people(installation, {row["person_key"] for row in warnings})
    models = _models(rows_of(installation, CLAIM, until))
    fates = {row["warning_id"]: row["kind"] for row in _oldest_first(rows_of(installation, "ads.disposition", until))}
    outcomes = {row["warning_id"]: row for row in rows_of(installation, OUTCOMES, until, "known_on")}
    areas = {division.code: division.urban_rural_code for division in divisions()}
    return [
        _judged(row, models, people.get(row["person_key"], {}), fates, outcomes.get(row["warning_id"], {}), areas)
        for row in sorted(warnings, key=lambda row: str(row["warning_id"]))
    ]


def rows_of(installation: Installation, name: str, until: date, night: str = "business_date") -> list[dict[str, Any]]:
    """The rows of the nights until a date; none where there is no such table yet."""
    if not installation.warehouse.exists(name):
        return []
    rows: list[dict[str, Any]] = installation.warehouse.rows(name, rows_until(night, until)).to_pylist()
    return rows


def age_band(born_on: date | None, on: date) -> str:
    """The band in which a person's full years lie on a day."""
    if born_on is None:
        return UNKNOWN
    years = on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
    return next(name for start, name in reversed(AGE_BANDS) if years >= start or start == 0)


def tier_of(receiving: str | None) -> str:
    """The lowest tier among the assistance that a household has."""
    labels = (receiving or "").split(",")
    return next((tier for tier in _TIERS if tier in labels), "low_income" if receiving else "general")


def _judged(
    row: Mapping[str, Any],
    models: Mapping[str, frozenset[str]],
    person: Mapping[str, Any],
    fates: Mapping[str, str],
    outcome: Mapping[str, Any],
    areas: Mapping[str, str],
) -> Judged:
    village = row["village_code"] or ""
    return Judged(
        warning_id=row["warning_id"],
        model_ids=models.get(row["warning_id"], frozenset({row["model_id"]})),
        hardship=row["hardship"],
        level=row["level"],
        business_date=row["business_date"],
        person_key=row["person_key"],
        household_key=row["household_key"],
        county=village[:6] or UNKNOWN,
        tier=tier_of(row["receiving"]),
        age_band=age_band(person.get("born_on"), row["business_date"]),
        sex=_SEXES.get(person.get("sex") or "", UNKNOWN),
        area={"1": "urban", "2": "rural"}.get(areas.get(village, "")[:1], UNKNOWN),
        fate=fates.get(row["warning_id"]),
        outcome=outcome.get("outcome"),
        closed_on=outcome.get("closed_on"),
    )


def _people(installation: Installation, keys: set[str]) -> dict[str, dict[str, Any]]:
    with installation.engine() as engine:
        register_layers(engine, installation, "dwd")
        table = pa.table({"person_key": pa.array(sorted(keys), pa.string())})
        engine.register_table("judged_person", table)
        return {row["person_key"]: row for row in engine.query(_PEOPLE).to_pylist()}


def _models(claims: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for claim in claims:
        if claim["warning_id"]:
            found.setdefault(claim["warning_id"], set()).add(claim["model_id"])
    return {warning_id: frozenset(models) for warning_id, models in found.items()}


def _oldest_first(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield from sorted(rows, key=lambda row: row["business_date"])
