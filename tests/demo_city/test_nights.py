"""What comes on which night: a year before the first, half a percent on each after it, snapshots by the month."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo_city.__main__ import main
from demo_city.build import CityRefusedError, build
from demo_city.cadence import is_delivered, next_delivery, nights_of, told_until
from demo_city.employment import rolled
from demo_city.facts import City, imagine
from demo_city.period import FIRST_NIGHT, CityPlan
from demo_city.planning import PlannedDelivery, regular_deliveries
from demo_city.truth import hardships
from demo_city.truth_of_costs import counted_costs
from schemas.loader import contracts
from tests.demo_city.conftest import USUAL

YEAR = CityPlan(people=1500, seed=5, first_night=FIRST_NIGHT, nights=366)
MONTH = CityPlan(people=1500, seed=5, first_night=FIRST_NIGHT, nights=32)
ROWS_OF_THE_CITY = 7_030_000
PEOPLE_OF_THE_CITY = 1_310_000


@pytest.fixture(scope="module")
def city() -> City:
    return imagine(USUAL)


@pytest.fixture(scope="module")
def usual(city: City) -> Sequence[PlannedDelivery]:
    return list(regular_deliveries(city))


@pytest.fixture(scope="module")
def month() -> Sequence[PlannedDelivery]:
    return list(regular_deliveries(imagine(MONTH)))


def new_or_changed(first: PlannedDelivery, second: PlannedDelivery) -> int:
    """How many rows of the second delivery the first does not have likewise."""
    before, after = first.facts.drop(columns="night", errors="ignore"), second.facts
    if not set(before.columns) >= set(after.columns) - {"night"}:
        # The register's first snapshot is the population itself; its increments say what changed.
        return len(after)
    after = after[before.columns].drop_duplicates()
    both = pd.concat([before.drop_duplicates(), after]).astype(str)
    return int((~both.duplicated(keep=False)).to_numpy()[-len(after) :].sum())


def test_the_first_night_brings_the_rows_of_a_real_city(usual: Sequence[PlannedDelivery]) -> None:
    rows = sum(len(each.facts) for each in usual if each.night == 0)

    assert rows == pytest.approx(ROWS_OF_THE_CITY * USUAL.people / PEOPLE_OF_THE_CITY, rel=0.01)


def test_the_second_night_changes_half_a_percent(usual: Sequence[PlannedDelivery]) -> None:
    first = {each.extract_class: each for each in usual if each.night == 0}
    changed = sum(new_or_changed(first[each.extract_class], each) for each in usual if each.night == 1)
    rows = sum(len(each.facts) for each in usual if each.night == 0)

    assert changed / rows == pytest.approx(0.005, abs=0.0006)


def test_facts_reach_back_a_year(city: City) -> None:
    since = np.datetime64(USUAL.first_night - timedelta(days=365))
    days = {
        "inpatient_settlement": city.inpatient["setl_date"],
        "chronic_outpatient_settlement": city.chronic["setl_date"],
        "general_outpatient_month": city.outpatient["ym"],
        "employment_register": city.registered["register_date"],
        "register_event": city.others["register_event"]["event_date"],
        "medical_aid": city.others["medical_aid"]["pay_date"].dropna(),
        "temporary_aid": city.others["temporary_aid"]["award_date"],
        "traffic_casualty": city.others["traffic_casualty"]["accident_date"],
        "death_certificate": city.others["death_certificate"]["died_on"],
        "disaster_event": city.others["disaster_event"]["event_date"],
    }
    for extract_class, on in days.items():
        assert on.min() < pd.Timestamp(since) + pd.Timedelta(days=25), extract_class
    assert len(city.contributed.months) == 12


def test_only_this_years_costs_count(city: City) -> None:
    assert counted_costs(city, 1)["on"].min() >= pd.Timestamp(USUAL.first_night.replace(month=1, day=1))


def test_snapshots_come_once_a_month_and_increments_every_night(month: Sequence[PlannedDelivery]) -> None:
    by_class = {name: [each for each in month if each.extract_class == name] for name in contracts()}
    nights_whole = {each.night for each in by_class["insured_person"] if each.mode == "full"}

    assert {MONTH.dates[night] for night in nights_whole} == {FIRST_NIGHT, date(2026, 12, 8)}
    assert {each.night for each in by_class["insured_person"]} == set(range(MONTH.nights))
    assert {each.night for each in by_class["household_register"] if each.mode == "full"} == {0}
    assert {each.night for each in by_class["dibao"]} == {0, 1, 8, 15, 22, 29}
    assert {each.night for each in by_class["inpatient_settlement"]} == set(range(MONTH.nights))


def test_a_snapshot_has_what_increments_told_before(month: Sequence[PlannedDelivery]) -> None:
    insured = [each for each in month if each.extract_class == "insured_person"]
    whole = next(each for each in insured if each.mode == "full" and each.night)
    told = pd.concat([each.facts for each in insured if each.night < whole.night])
    latest = told.drop_duplicates("row", keep="last").set_index("row")["psn_insu_stas"]
    now = whole.facts.set_index("row")["psn_insu_stas"]

    assert len(now) == len(latest)
    assert (now == latest.loc[now.index]).mean() > 0.98


def test_the_month_after_is_told_with_its_contributions(month: Sequence[PlannedDelivery]) -> None:
    snapshots = [each for each in month if each.extract_class == "employee_pension_contribution"]

    assert [each.facts["aae003"].iloc[0].date() for each in snapshots] == [
        date(2026, 4, 1), date(2026, 10, 1), date(2026, 11, 1),
    ]  # fmt: skip
    closed = max(each.facts["ym"].max() for each in month if each.extract_class == "general_outpatient_month")
    assert closed == pd.Timestamp("2026-11-01")


def test_a_break_lasts_and_a_late_month_heals(city: City) -> None:
    later = rolled(city.contributed, 2)

    assert (later.months[:10] == city.contributed.months[2:]).all()
    before, after = (set(each.person[each.is_breaking]) for each in (city.contributed, later))
    assert after - set(city.planted.dead) == before


def test_what_is_known_waits_for_the_next_delivery() -> None:
    assert nights_of(MONTH, "register_event")[:3] == (0, 1, 8)
    assert next_delivery(MONTH, "register_event", np.array([0, 1, 2, 8, 30])).tolist() == [0, 1, 8, 8, MONTH.nights]
    assert told_until(MONTH, "dibao", 7) == 1
    assert not is_delivered(MONTH, "register_event", 2)


@pytest.mark.parametrize("plan", [MONTH, pytest.param(YEAR, marks=pytest.mark.long)])
def test_every_night_has_deliveries_and_hardships_come_to_the_end(plan: CityPlan) -> None:
    city = imagine(plan)
    planned = list(regular_deliveries(city))

    assert {each.night for each in planned} == set(range(plan.nights))
    seen = hardships(city)["first_visible_on"].dt.date
    assert seen.max() > plan.first_night + timedelta(days=plan.nights * 4 // 5)


def test_more_than_a_year_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CityRefusedError, match="between one night and 366"):
        build(tmp_path, CityPlan(1000, 1, FIRST_NIGHT, 367), lambda _: None)
    assert main(["build", "--home", str(tmp_path), "--people", "1000", "--nights", "0"]) == 2
    assert "one night" in capsys.readouterr().err
