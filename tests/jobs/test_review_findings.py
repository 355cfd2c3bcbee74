"""What might end a benefit goes to people for review, never to dispatch."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.dispatch import outbox
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.review_findings import review_models
from jobs.settings import Settings
from jobs.warn import models_of_the_night, warn
from schemas.delivery import departments_with_deliveries
from tests.jobs.landing import NIGHT_1, NIGHT_2, Row, deliver
from tests.jobs.people import identity_number, registered
from warning_models.loader import HelpModel, ReviewModel, load_models


def pension(n: int) -> Row:
    return {
        "aac001": f"Q{n}",
        "aac002": identity_number(n),
        "aac003": "周某",
        "aae140": "110",
        "aae003": "202610",
        "aae019": "3100",
        "aae116": "1",
    }


def cremation(n: int) -> Row:
    return {
        "cremation_no": f"H{n}",
        "psn_name": "周某",
        "certno": identity_number(n),
        "died_on": "2026-06-20",
        "cremated_on": "2026-06-23",
        "death_source": "1",
    }


def certificate_of_death(n: int) -> Row:
    return {
        "certificate_no": f"D{n}",
        "certno": identity_number(n),
        "psn_name": "周某",
        "died_on": "2026-06-20",
        "issued_on": "2026-06-21",
        "cause_chapter": "09",
    }


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Person 1 died by two sources, person 2 by one; both are still paid a pension, like person 3, who lives."""
    found = Installation(Settings(mode="demo", home=tmp_path))
    delivered: dict[str, Sequence[Row]] = {
        "household_register": [registered(n) for n in (1, 2, 3)],
        "pension_payment": [pension(n) for n in (1, 2, 3)],
        "cremation": [cremation(1), cremation(2)],
        "death_certificate": [certificate_of_death(1)],
    }
    for extract_class, rows in delivered.items():
        deliver(found.settings.landing_folder, extract_class, rows)
    for department in departments_with_deliveries(found.settings.landing_folder, NIGHT_1):
        for record in ingest_department(found, department, NIGHT_1):
            assert (record.status, record.rejected) == ("ingested", 0), record
    return found


def test_a_finding_is_listed_with_its_sources_once_and_nobody_is_warned_or_sent(installation: Installation) -> None:
    warned = warn(installation, NIGHT_1)
    findings = installation.warehouse.rows("ads.review_finding").to_pylist()
    key_of = installation.pseudonymiser.person_key
    by_person = {row["person_key"]: row for row in findings}
    assert by_person.keys() == {key_of(identity_number(1)), key_of(identity_number(2))}
    certain, doubtful = (by_person[key_of(identity_number(n))] for n in (1, 2))
    assert (certain["source_count"], certain["level"]) == (2, "orange")
    assert (doubtful["source_count"], doubtful["level"]) == (1, "yellow")
    assert all(row["finding_id"].startswith("R-W14-") for row in findings)
    assert not any(warned.report["claims"].values())
    assert outbox(installation, NIGHT_1) == []
    warn(installation, NIGHT_2)
    again = installation.warehouse.rows("ads.review_finding").to_pylist()
    assert [row["finding_id"] for row in again] == [row["finding_id"] for row in findings]


def test_a_second_run_leaves_the_same_findings(installation: Installation) -> None:
    warn(installation, NIGHT_1)
    before = installation.warehouse.rows("ads.review_finding").to_pylist()
    assert warn(installation, NIGHT_1).repeated
    assert installation.warehouse.rows("ads.review_finding").to_pylist() == before


def test_no_model_can_be_of_both_kinds() -> None:
    reviews, helps = review_models(), models_of_the_night()
    assert {model.number for model in reviews} == {"W14", "W15"}
    assert not {model.id for model in reviews} & {model.id for model in helps}
    assert all(isinstance(model, HelpModel | ReviewModel) for model in load_models())
    with pytest.raises(ValidationError):
        dataclasses.replace(reviews[0], kind="help")
    with pytest.raises(ValidationError):
        dataclasses.replace(helps[0], kind="review")
