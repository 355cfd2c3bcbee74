"""Whole nights over a made-up city: complete, repeatable, and equal whatever happened on the way."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.stories.story import story
from schemas.messages import WithheldReason
from tests.journeys.conftest import (
    FIRST,
    NOBODY,
    SECOND,
    environment,
    kept_rows,
    printed,
    run_night,
    truth_that_blocks_its_readers,
)
from tests.shared_homes import copy_home, installation_at
from warning_models.loader import load_models

MODELS = {model.id for model in load_models() if model.kind == "help" and model.status == "active"}
REVIEWS = {model.id for model in load_models() if model.kind == "review"}
REPORT_KEYS = {"business_date", "engine", "deliveries", "warnings", "claims", "shadow", "review_findings", "orders"}
DELIVERY_KEYS = {"extract_class", "delivery_id", "received", "accepted", "rejected", "unchanged"}

CopyCity = Callable[..., Path]
StartService = Callable[..., str]


@pytest.fixture(scope="module")
def undisturbed(both_nights_told: Path, two_nights: Path, case_service_at: StartService) -> Path:
    """A home in which both nights ran undisturbed, with a case service that answered and goes on answering."""
    (two_nights / "url").write_text(case_service_at(both_nights_told / "service"))
    return two_nights


@pytest.fixture(scope="module")
def alone(small_city: Path, first_night_warned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first night without a case service, and with a truth that nobody could read."""
    home = copy_home(first_night_warned, tmp_path_factory.mktemp("alone") / "home")
    truth_that_blocks_its_readers(small_city, home)
    run_night(home, FIRST)
    return home


def test_a_night_reports_what_it_promises(small_city: Path, undisturbed: Path) -> None:
    report = printed(undisturbed, FIRST)
    assert report.keys() >= REPORT_KEYS
    assert report["warnings"].keys() == report["claims"].keys() == MODELS
    assert report["review_findings"].keys() == REVIEWS
    assert report["orders"].keys() == {"opened", "joined", "withheld"}
    assert report["seconds"].keys() == {"ingest", "conform", "warn", "dispatch", "feedback", "publish"}
    assert all(delivery.keys() >= DELIVERY_KEYS for delivery in report["deliveries"])
    accounts = pq.read_table(small_city / "demo" / "truth" / "deliveries.parquet").to_pylist()
    landed = {row["delivery_id"] for row in accounts if str(row["landed_on"]) == FIRST}
    assert {delivery["delivery_id"] for delivery in report["deliveries"]} == landed
    assert all(delivery["status"] == "ingested" for delivery in report["deliveries"])


def test_every_row_received_is_accepted_rejected_or_unchanged(undisturbed: Path) -> None:
    for day in (FIRST, SECOND):
        for item in printed(undisturbed, day)["deliveries"]:
            assert item["received"] == item["accepted"] + item["rejected"] + item["unchanged"], item


def test_every_claim_is_in_one_warning_of_its_household_and_hardship(undisturbed: Path) -> None:
    warehouse = installation_at(undisturbed).warehouse
    warnings = {row["warning_id"]: row for row in warehouse.rows("ads.warning").to_pylist()}
    claims = warehouse.rows("ads.claim").to_pylist()
    assert len({claim["claim_id"] for claim in claims}) == len(claims) >= len(warnings)
    assert {claim["warning_id"] for claim in claims} == warnings.keys()
    for claim in claims:
        warning = warnings[claim["warning_id"]]
        for told in ("household_key", "hardship", "business_date"):
            assert claim[told] == warning[told]
    for warning_id in warnings:
        assert warning_id in {claim["claim_id"] for claim in claims}, "a warning bears the id of the claim that leads"
    of_night = [(row["household_key"], row["hardship"], row["business_date"]) for row in warnings.values()]
    assert len(set(of_night)) == len(of_night)


def test_every_warning_is_opened_joined_or_withheld_with_a_reason_that_expires(undisturbed: Path) -> None:
    warehouse = installation_at(undisturbed).warehouse
    warnings = warehouse.rows("ads.warning").to_pylist()
    dispositions = warehouse.rows("ads.disposition").to_pylist()
    for day in (FIRST, SECOND):
        tonight = [row for row in dispositions if str(row["business_date"]) == day]
        found = {row["warning_id"] for row in warnings if str(row["business_date"]) == day}
        answered = [row["warning_id"] for row in tonight]
        assert len(answered) == len(set(answered))
        assert found <= set(answered), "none of the night's warnings is without an answer"
        report = printed(undisturbed, day)
        assert sum(report["orders"].values()) == len(tonight)
        assert sum(report["withheld"].values()) == report["orders"]["withheld"]
        assert report["undelivered"] == 0
    for row in dispositions:
        if row["kind"] == "withheld":
            assert row["reason"] in set(WithheldReason)
            assert row["expires_on"] > row["business_date"]
        else:
            assert row["order_number"]
    assert {row["warning_id"] for row in dispositions} == {row["warning_id"] for row in warnings}


def test_the_story_of_a_warning_of_every_model_can_be_told(undisturbed: Path) -> None:
    """After the second night, so that the first must be looked at as it was."""
    installation = installation_at(undisturbed)
    claims = installation.warehouse.rows("ads.claim").to_pylist()
    one_of_each = {claim["model_id"]: claim["claim_id"] for claim in claims}
    assert len(one_of_each) >= 5
    for claim_id in one_of_each.values():
        found = story(installation, claim_id)
        assert {claim["worked_out_again"] for claim in found["claims"]} == {"the same"}
        assert all(claim["conditions"] and claim["rows"] and claim["parameters"] for claim in found["claims"])
        assert found["dispositions"]


def test_a_second_run_changes_nothing_and_says_so(undisturbed: Path) -> None:
    before, url = kept_rows(undisturbed), (undisturbed / "url").read_text()
    for day in (FIRST, None):
        said = printed(undisturbed, day or SECOND)
        report = run_night(undisturbed, day, url)
        assert report["changed"] == {"row_versions": 0, "warnings": 0, "orders": 0}
        for key in ("deliveries", "warnings", "claims", "orders", "withheld", "undelivered"):
            assert report[key] == said[key], key
    assert report["business_date"] == SECOND, "without a date the latest with deliveries is meant"
    assert kept_rows(undisturbed) == before


def test_exactly_the_rows_that_the_truth_calls_wrong_are_rejected(small_city: Path, undisturbed: Path) -> None:
    truth = pq.read_table(small_city / "demo" / "truth" / "wrong_rows.parquet").to_pylist()
    wrong = {(row["delivery_id"], row["line"]) for row in truth if row["kind"] != "messy_but_right"}
    found = installation_at(undisturbed).warehouse.rows("quarantine.row").to_pylist()
    assert {(row["delivery_id"], row["line"]) for row in found} == wrong


def _hardships(small_city: Path, kinds: set[str], column: str, *, left_out: bool) -> set[str]:
    """Whom the truth knows to be in a hardship: those to be found, or those whose registers show that they get by."""
    hardships = pq.read_table(small_city / "demo" / "truth" / "hardship.parquet").to_pylist()
    return {row[column] for row in hardships if row["kind"] in kinds and bool(row["left_out_for"]) == left_out}


def _planted(small_city: Path, kinds: set[str], column: str = "identity_number") -> set[str]:
    found = _hardships(small_city, kinds, column, left_out=False)
    assert found, f"nobody is in {kinds}"
    return found


TRUTH_OF_MODEL = {
    "medical_cost_over_limit": {"medical_year_over_limit", "medical_over_limit_across_years"},
    "disability_newly_certified": {"disability", "disability_worsened"},
    "income_dropped": {"income_drop", "pension_stopped"},
    "child_without_parental_care": {"child_without_care"},
    "unemployment_benefit_ending": {"benefit_ending"},
    "work_unsteady": {"work_on_and_off", "business_closed"},
    "schooling_at_risk": {"left_school", "student_without_aid"},
}
TRUTH_OF_HOUSEHOLDS = {
    "breadwinner_died": {"breadwinner_died"},
    "accident_struck": {"accident"},
    "custody_family": {"custody_family"},
}
# Where a payment or an income was wrongly written and left out, others look as if they had none.
AT_LEAST = {
    "entitlement_unclaimed": {"entitlement_unclaimed", "whole_household_meets_tekun"},
    "medical_burden_heavy": {"medical_burden"},
}


@pytest.mark.parametrize("model", TRUTH_OF_MODEL)
def test_a_model_finds_exactly_those_who_fell_into_the_hardship(
    model: str, small_city: Path, undisturbed: Path
) -> None:
    installation = installation_at(undisturbed)
    planted = {installation.pseudonymiser.person_key(number) for number in _planted(small_city, TRUTH_OF_MODEL[model])}
    assert _claimed_of(undisturbed, model, "person_key") == planted


@pytest.mark.parametrize("model", [*TRUTH_OF_HOUSEHOLDS, *AT_LEAST])
def test_a_model_finds_every_household_that_was_struck(model: str, small_city: Path, undisturbed: Path) -> None:
    kinds = (TRUTH_OF_HOUSEHOLDS | AT_LEAST)[model]
    key_of = installation_at(undisturbed).pseudonymiser.household_key
    planted = {key_of(number) for number in _planted(small_city, kinds, "household_no")}
    found = _claimed_of(undisturbed, model, "household_key")
    assert planted <= found
    if model in TRUTH_OF_HOUSEHOLDS:
        assert found == planted


def test_households_that_visibly_get_by_are_left_out(small_city: Path, undisturbed: Path) -> None:
    key_of = installation_at(undisturbed).pseudonymiser.person_key
    by_reason = {"car": 0, "business": 0, "income": 0}
    for model, kinds in TRUTH_OF_MODEL.items():
        numbers = _hardships(small_city, kinds, "identity_number", left_out=True)
        numbers -= _hardships(small_city, kinds, "identity_number", left_out=False)
        assert not _claimed_of(undisturbed, model, "person_key") & {key_of(number) for number in numbers}
    for row in pq.read_table(small_city / "demo" / "truth" / "hardship.parquet").to_pylist():
        if row["left_out_for"] in by_reason:
            by_reason[row["left_out_for"]] += 1
    assert all(by_reason.values()), "each reason has somebody who must not be found"


def _claimed_of(home: Path, model: str, column: str) -> set[str]:
    rows = installation_at(home).warehouse.rows("ads.claim").to_pylist()
    return {row[column] for row in rows if row["model_id"] == model}


def test_who_is_paid_after_death_is_found_for_review_and_never_warned_of(small_city: Path, undisturbed: Path) -> None:
    installation = installation_at(undisturbed)
    dead = pq.read_table(small_city / "demo" / "truth" / "deaths.parquet").to_pylist()
    still_paid = {
        installation.pseudonymiser.person_key(row["identity_number"])
        for row in dead
        if row["still_paid_pension_payment"] or row["still_paid_subsidy_payment"]
    }
    findings = installation.warehouse.rows("ads.review_finding").to_pylist()
    found = {row["person_key"] for row in findings if row["model_id"] == "benefit_while_dead_or_held"}
    assert still_paid <= found
    assert {row["model_id"] for row in findings} <= REVIEWS
    warnings = installation.warehouse.rows("ads.warning").to_pylist()
    assert {row["model_id"] for row in warnings} <= MODELS
    assert not {row["finding_id"] for row in findings} & {row["warning_id"] for row in warnings}
    dispositions = installation.warehouse.rows("ads.disposition").to_pylist()
    assert not {row["finding_id"] for row in findings} & {row["warning_id"] for row in dispositions}


def test_without_the_case_service_warnings_wait_and_are_delivered_once(
    alone: Path, case_service_at: StartService, tmp_path: Path
) -> None:
    report = printed(alone, FIRST)
    warned = sum(report["warnings"].values())
    assert report["orders"]["opened"] == report["orders"]["joined"] == 0
    assert report["undelivered"] + report["orders"]["withheld"] == warned > 0
    assert any("does not answer" in problem for problem in report["problems"])
    home, url = copy_home(alone, tmp_path / "home"), case_service_at()
    later = run_night(home, FIRST, url)
    assert sum(later["orders"].values()) == warned
    assert later["undelivered"] == 0
    again = run_night(home, FIRST, url)
    assert again["orders"] == later["orders"]
    assert again["changed"]["orders"] == 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_spark_gives_the_same_warnings(copy_city: CopyCity, undisturbed: Path) -> None:
    home = copy_city("spark")
    for day in (FIRST, SECOND):
        assert run_night(home, day, SHOUWANG_ENGINE="spark")["engine"] == "spark"
    for table, key in (("ads.warning", "warning_id"), ("ads.claim", "claim_id")):
        on_spark = installation_at(home).warehouse.rows(table).sort_by(key).to_pylist()
        on_duckdb = installation_at(undisturbed).warehouse.rows(table).sort_by(key).to_pylist()
        assert on_spark == on_duckdb


def test_no_job_reads_the_truth(alone: Path) -> None:
    """Nor did the steps before: see `first_night_warned`."""
    assert {path.is_fifo() for path in (alone / "demo" / "truth").glob("*.parquet")} == {True}
    assert sum(printed(alone, FIRST)["warnings"].values()) > 0
    assert printed(alone, FIRST)["published"]


def test_nothing_delivered_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jobs", "nightly"]
    done = subprocess.run(command, env=environment(tmp_path, NOBODY), capture_output=True, check=False)
    assert done.returncode == 1
    assert "shouwang demo" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
