"""Control visits: drawn by lot, the same whoever draws, of households of whom nobody was warned, and never yield."""

from datetime import date
from pathlib import Path

import pytest

from jobs.conform import conform
from jobs.controls.draw import ControlVisit, control_visits, draw_controls
from jobs.controls.plan import OFF, control_plan
from jobs.controls.send import control_dispositions, message, send_controls
from jobs.dispatch import dispatch, outbox
from jobs.errors import SettingsError
from jobs.evaluation.judged import judged_until
from jobs.evaluation.missed import estimate, missed
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.warn import warn
from schemas.messages import CONTROL_VISIT, Contact
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import registered, settlement
from tests.jobs.test_shadow import BILL
from tests.shared_homes import copy_home

PEOPLE = range(1, 31)
PLAN = """
near_limit: {unit: visits, description: x, values: {2025-01-01: {value: 1, reference: x}}}
never_warned: {unit: visits, description: x, values: {2025-01-01: {value: 3, reference: x}}}
band: {unit: ratio, description: x, values: {2025-01-01: {value: 0.80, reference: x}}}
"""


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty people living alone; one far over the limit, two just under it. Four visits were drawn."""
    home = tmp_path_factory.mktemp("town")
    (home / "controls.yaml").write_text(PLAN, encoding="utf-8")
    town = at(home)
    landing = town.settings.landing_folder
    deliver(landing, "household_register", [registered(n) for n in PEOPLE])
    under = dict.fromkeys(("medfee_sumamt", "inscp_scp_amt", "psn_part_amt", "psn_cash_pay"), "8500.00")
    bills = [settlement(1, **BILL), *(settlement(n, **under, fund_pay_sumamt="0.00") for n in (2, 3))]
    deliver(landing, "inpatient_settlement", bills)
    for department in ("public_security", "medical_insurance"):
        ingest_department(town, department, NIGHT_1)
    conform(town, NIGHT_1)
    warn(town, NIGHT_1)
    return home


def at(home: Path) -> Installation:
    nobody = "http://127.0.0.1:9"
    return Installation(Settings(mode="demo", home=home, controls=home / "controls.yaml", case_service_url=nobody))


@pytest.fixture
def town(after_a_night: Path, tmp_path: Path) -> Installation:
    """That town, to go on from."""
    return at(copy_home(after_a_night, tmp_path / "home"))


@pytest.fixture
def drawn(town: Installation) -> list[ControlVisit]:
    return control_visits(town, NIGHT_1)


def households(visits: list[ControlVisit]) -> set[str]:
    return {visit.household_key for visit in visits}


def test_the_lot_falls_on_households_of_whom_nobody_was_warned(town: Installation, drawn: list[ControlVisit]) -> None:
    warned = set(town.warehouse.rows("ads.warning")["household_key"].to_pylist())
    assert sorted(visit.stratum for visit in drawn) == ["near_limit", *["never_warned"] * 3]
    assert not households(drawn) & warned
    by_stratum = {visit.stratum: visit.population for visit in drawn}
    assert sum(by_stratum.values()) == len(PEOPLE) - len(warned) < len(PEOPLE)


def test_who_draws_again_draws_the_same_and_another_night_draws_others(
    town: Installation, drawn: list[ControlVisit]
) -> None:
    draw_controls(town, NIGHT_1, [], "so that it is drawn and not taken over")
    never_warned = [visit for visit in drawn if visit.stratum == "never_warned"]
    assert len(households(control_visits(town, NIGHT_1)) & households(never_warned)) >= 2, "one who was near may be now"
    warn(town, NIGHT_1)
    assert control_visits(town, NIGHT_1) == drawn
    warn(town, NIGHT_2)
    later = [visit for visit in control_visits(town, NIGHT_2) if visit.business_date == NIGHT_2]
    assert len(later) >= 3
    assert not households(later) & households(drawn)


def test_another_installation_draws_another_lot(town: Installation, drawn: list[ControlVisit]) -> None:
    other = Installation(town.settings.model_copy(update={"person_key": "the key of another installation"}))
    draw_controls(other, NIGHT_1, [], "anew")
    again = control_visits(other, NIGHT_1)
    assert len(again) == 3, "without models nobody is near a limit"
    assert households(again) != {visit.household_key for visit in drawn if visit.stratum == "never_warned"}


def test_a_control_says_of_itself_what_it_is_and_waits_where_nobody_answers(
    town: Installation, drawn: list[ControlVisit]
) -> None:
    sent = message(drawn[0], Contact(name="王", identity_number="x"), NIGHT_1)
    assert (sent.model_id, sent.warning_id[:2], sent.model_title.zh) == (CONTROL_VISIT, "C-", "抽样走访")
    report = dispatch(town, NIGHT_1).report
    assert report["controls"]["undelivered"] == len(drawn)
    assert control_dispositions(town, NIGHT_1) == []
    assert send_controls(town, NIGHT_2)["undelivered"] == len(drawn), "none is dropped"


def test_controls_are_neither_warnings_nor_yield(town: Installation, drawn: list[ControlVisit]) -> None:
    ids = {visit.control_id for visit in drawn}
    assert not ids & {row["warning_id"] for row in outbox(town, NIGHT_1)}
    assert not ids & {item.warning_id for item in judged_until(town, NIGHT_1)}
    assert [row["visited"] for row in missed(town, NIGHT_1)] == [0, 0]
    assert missed(town, NIGHT_1)[0]["missed"] is None


def test_those_missed_are_estimated_from_those_found() -> None:
    visits = [ControlVisit(f"C-{n}", NIGHT_1, "never_warned", 10_000, f"h{n}", f"p{n}", "v", None) for n in range(50)]
    outcomes = {f"C-{n}": "resolved_by_itself" for n in range(40)} | {"C-1": "helped", "C-2": "refused"}
    row = estimate("never_warned", visits, outcomes)
    assert (row["drawn"], row["visited"], row["not_met"], row["found"]) == (50, 39, 1, 1)
    assert row["missed"]["value"] == pytest.approx(10_000 / 39, abs=0.1)
    assert 0 < row["missed"]["low"] < row["missed"]["value"] < row["missed"]["high"] < 10_000
    assert not row["is_small"]


def test_nobody_is_drawn_in_earnest_without_a_file_and_a_poor_file_is_refused(tmp_path: Path) -> None:
    in_earnest = Settings(mode="production", home=tmp_path)
    assert control_plan(in_earnest, NIGHT_1) == OFF
    assert control_plan(Settings(mode="demo", home=tmp_path), NIGHT_1).is_on
    file = tmp_path / "controls.yaml"
    file.write_text(PLAN.replace("band", "bind"), encoding="utf-8")
    chosen = in_earnest.model_copy(update={"controls": file})
    with pytest.raises(SettingsError, match="band has no value on 2026-11-19"):
        control_plan(chosen, NIGHT_1)
    with pytest.raises(SettingsError, match="has no value on 2024-01-01"):
        control_plan(chosen, date(2024, 1, 1))
