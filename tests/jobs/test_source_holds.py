"""A source later than its contract allows puts its models on hold where it is late, and nowhere else."""

from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.conform import conform
from jobs.coverage import Coverage, LateSource, late_sources
from jobs.installation import Installation
from jobs.source_holds import SourceHold, holds_after, on_hold, record_holds, recorded_holds
from jobs.warn import night_models, warn
from schemas.divisions import divisions
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, registered, settlement
from tests.warehouse.test_layers_on_both_engines import ingest_night, pension
from warning_models.loader import WarningModel

LOST, STILL_AT_WORK = 30, 31
COUNTIES = [division.code[:6] for division in divisions() if division.level == "county"]
HERE, THERE = COUNTIES[0], COUNTIES[1]


def claimed(installation: Installation, night: date) -> set[tuple[str, str]]:
    rows = installation.warehouse.rows("ads.claim").to_pylist()
    return {(row["model_id"], row["person_key"]) for row in rows if row["business_date"] == night}


def test_a_late_contributions_file_makes_no_claim_and_the_true_claims_come_when_it_arrives(
    installation: Installation,
) -> None:
    """Until August both look jobless; what came in time says that one of them was paid again."""
    landing = installation.settings.landing_folder
    both = (LOST, STILL_AT_WORK)
    deliver(landing, "household_register", [registered(n) for n in both])
    deliver(
        landing, "employee_pension_contribution", [pension(n, "202605", "111111") for n in both],
        period_end=date(2026, 5, 31),
    )  # fmt: skip
    deliver(
        landing, "employee_pension_contribution", [pension(n, "202608", "000111") for n in both],
        sequence=2, period_end=date(2026, 8, 31),
    )  # fmt: skip
    ingest_night(installation, NIGHT_1)
    conform(installation, NIGHT_1)
    report = warn(installation, NIGHT_1).report
    assert set(report["claims"].values()) == {0}
    assert {hold["model_id"] for hold in report["holds"]} >= {"employment_lost", "income_dropped"}
    assert all(hold["extract_class"] == "employee_pension_contribution" for hold in report["holds"])
    runs = {row["model_id"]: row for row in installation.warehouse.rows("ads.model_run").to_pylist()}
    assert runs["employment_lost"]["hit_count"] == 2, "the models did look, and were not believed"

    rows = [pension(LOST, "202610", "000001"), pension(STILL_AT_WORK, "202610", "110001")]
    deliver(landing, "employee_pension_contribution", rows, NIGHT_2, period_end=date(2026, 10, 31))
    ingest_night(installation, NIGHT_2)
    conform(installation, NIGHT_2)
    report = warn(installation, NIGHT_2).report
    assert report["holds"] == []
    assert {hold["model_id"] for hold in report["released"]} >= {"employment_lost", "income_dropped"}
    key = installation.pseudonymiser.person_key(identity_number(LOST))
    assert {one for one in claimed(installation, NIGHT_2) if one[0] == "employment_lost"} == {("employment_lost", key)}
    spans = {(hold.model_id, hold.held_from, hold.held_until) for hold in recorded_holds(installation)}
    assert ("employment_lost", NIGHT_1, NIGHT_2) in spans
    again = warn(installation, NIGHT_1).report
    assert again["claims"] == dict.fromkeys(again["claims"], 0), "that night is still what it was"
    assert {(hold.model_id, hold.held_from, hold.held_until) for hold in recorded_holds(installation)} == spans


def test_a_county_that_delivers_in_time_goes_on_where_the_others_are_late(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    long_ago = NIGHT_1 - timedelta(days=30)
    deliver(landing, "inpatient_settlement", [settlement(1)], period_end=long_ago)
    deliver(landing, "inpatient_settlement", [settlement(2)], sequence=2, counties=[HERE])
    ingest_night(installation, NIGHT_1)
    held = on_hold(record_holds(installation, NIGHT_1, night_models()))
    assert ("medical_cost_over_limit", "") not in held
    assert {county for model, county in held if model == "medical_cost_over_limit"} == set(COUNTIES) - {HERE}
    conform(installation, NIGHT_1)
    fresh = {row["extract_class"]: row for row in installation.warehouse.rows("ads.freshness").to_pylist()}
    assert fresh["inpatient_settlement"]["status"] == "late", "as late as the county that is latest"


def test_a_full_delivery_of_some_counties_is_refused(installation: Installation) -> None:
    with pytest.raises(ValueError, match="covers the whole city"):
        deliver(installation.settings.landing_folder, "household_register", [registered(1)], counties=[HERE])


LATENCY = {"a": 10}
ON = date(2026, 11, 20)
IN_TIME, LATE, OLDER = ON - timedelta(days=10), ON - timedelta(days=11), ON - timedelta(days=40)


@pytest.mark.parametrize(
    ("reach", "late"),
    [
        (Coverage(IN_TIME), {}),
        (Coverage(LATE), {"": LATE}),
        (Coverage(IN_TIME, {HERE: OLDER}), {}),
        (Coverage(LATE, {HERE: OLDER}), {"": LATE}),
        (Coverage(None, {HERE: IN_TIME, THERE: LATE}), {THERE: LATE}),
        (Coverage(None, {HERE: LATE, THERE: OLDER}), {"": OLDER}),
        (Coverage(OLDER, {HERE: IN_TIME, THERE: LATE}),
         {county: LATE if county == THERE else OLDER for county in COUNTIES if county != HERE}),
    ],
)  # fmt: skip
def test_where_a_class_is_late(reach: Coverage, late: dict[str, date]) -> None:
    found = late_sources({"a": reach}, LATENCY, ON)
    assert {one.county_code: one.covered_until for one in found} == late
    assert all(one.due_on == one.covered_until + timedelta(days=10) < ON for one in found)


def models_of(sources: Sequence[str]) -> list[WarningModel]:
    return [cast("WarningModel", SimpleNamespace(id=f"model_{name}", sources=[name])) for name in sources]


late_nights = st.lists(st.sets(st.sampled_from(["a", "b"])), min_size=1, max_size=8)


@given(late_nights, st.data())
def test_holds_tell_of_every_night_what_was_late_however_often_nights_run_again(
    nights: list[set[str]], data: st.DataObject
) -> None:
    models = models_of(["a", "b"])
    days = [ON + timedelta(days=at) for at in range(len(nights))]
    found = {
        day: [LateSource(name, "", ON - timedelta(days=90), ON - timedelta(days=80)) for name in sorted(late)]
        for day, late in zip(days, nights, strict=True)
    }
    holds: list[SourceHold] = []
    for day in days:
        holds = holds_after(holds, found[day], models, day)
    for day in data.draw(st.lists(st.sampled_from(days), max_size=4)):
        assert holds_after(holds, found[day], models, day) == holds
    for day, late in zip(days, nights, strict=True):
        assert {hold.model_id for hold in holds if hold.stands_on(day)} == {f"model_{name}" for name in late}
