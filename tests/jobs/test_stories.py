"""`shouwang warnings explain` tells the whole story of a warning, and never who it is about."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.conform import conform
from jobs.dispatch import dispatch
from jobs.errors import StoryError
from jobs.installation import Installation
from jobs.settings import Settings
from jobs.stories.listing import warnings_listed
from jobs.stories.story import story
from jobs.stories.telling import told
from jobs.warn import warn
from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, registered, settlement
from tests.journeys.conftest import environment
from tests.warehouse.test_layers_on_both_engines import ingest_night
from warehouse.definitions import definition

PATIENT, SPOUSE = 30, 31


def bill(n: int, amount: str, line: int = 0, day: str = "2026-10-10") -> dict[str, Any]:
    return settlement(
        n, setl_id=f"S{n}{line}", psn_part_amt=amount, medfee_sumamt=amount, inscp_scp_amt=amount,
        fund_pay_sumamt="0.00", psn_cash_pay=amount, setl_date=day, dscg_date=day, adm_date=day,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of a couple of whom both paid too much in the first, and the patient much more in the second."""
    home = tmp_path_factory.mktemp("stories")
    landing = home / "landing"
    deliver(landing, "household_register", [registered(PATIENT), registered(SPOUSE, PATIENT, relation_code="12")])
    deliver(landing, "inpatient_settlement", [bill(99, "10.00"), bill(PATIENT, "16000.00"), bill(SPOUSE, "15500.00")])
    deliver(landing, "inpatient_settlement", [bill(PATIENT, "30000.00", 1, "2026-11-19")], NIGHT_2)
    installation = installation_in(home)
    for night in (NIGHT_1, NIGHT_2):
        ingest_night(installation, night)
        conform(installation, night)
        warn(installation, night)
        dispatch(installation, night)
    return home


def installation_in(home: Path) -> Installation:
    return Installation(Settings(mode="demo", home=home, case_service_url="http://127.0.0.1:9"))


@pytest.fixture
def installation(home: Path) -> Installation:
    return installation_in(home)


def key_of(installation: Installation, n: int) -> str:
    return installation.pseudonymiser.person_key(identity_number(n))


def first_warning(installation: Installation) -> dict[str, Any]:
    (line,) = [one for one in warnings_listed(installation, NIGHT_1) if one["hardship"] == "medical"]
    return line


def test_a_story_goes_from_the_rows_to_what_happened_next(installation: Installation) -> None:
    line = first_warning(installation)
    found = story(installation, line["warning_id"])
    assert (found["warning_id"], found["business_date"], found["level"]) == (line["warning_id"], NIGHT_1, line["level"])
    assert {member["person_key"] for member in found["household"]["members"]} == {
        key_of(installation, PATIENT), key_of(installation, SPOUSE),
    }  # fmt: skip
    claims = {(claim["model"]["id"], claim["person_key"]): claim for claim in found["claims"]}
    assert found["claims"][0]["claim_id"] == line["warning_id"]
    yearly = claims["medical_cost_over_limit", key_of(installation, PATIENT)]
    assert yearly["worked_out_again"] == "the same"
    assert {one["label"]["en"]: one["value"] for one in yearly["figures"]}["Self-paid this year"] == "16,000.00"
    limit = next(item for item in yearly["parameters"] if item["name"] == "general_limit")
    assert (limit["value"], limit["from"]) == (15000, "2025-01-01")
    assert "铜陵" in limit["reference"]
    over = next(one for one in yearly["conditions"] if one["text"].startswith("s.this_year > s.limit_amount"))
    assert (over["held"], over["rows"]) == (1, 1)
    assert (over["values"][0]["s.this_year"], over["values"][0]["s.limit_amount"]) == (16000, 15000)
    rows = {(row["extract_class"], row["source_line"]): row for row in yearly["rows"]}
    own = next(row for row in rows.values() if row["extract_class"] == "inpatient_settlement"
               and row["person_key"] == key_of(installation, PATIENT))  # fmt: skip
    assert own["delivery_id"] == "medical_insurance.inpatient_settlement.20261119.01"
    assert own["source_line"] == 3
    assert own["files"] == ("2026-11-19/medical_insurance/inpatient_settlement_20261119_01.csv",)
    assert own["known_on"] == NIGHT_1
    assert {row["person_key"] for row in yearly["rows"]} <= {key_of(installation, n) for n in (PATIENT, SPOUSE)}
    until = {item["extract_class"]: item["until"] for item in yearly["sources"]}
    assert (until["inpatient_settlement"], until["dibao"]) == (NIGHT_1.isoformat(), None)


def test_the_story_is_told_as_of_its_night_whatever_came_since(installation: Installation) -> None:
    """The layers hold the second night by now, with a bill that the first could not know."""
    found = story(installation, first_warning(installation)["warning_id"])
    assert {claim["worked_out_again"] for claim in found["claims"]} == {"the same"}
    assert all(row["known_on"] <= NIGHT_1 for claim in found["claims"] for row in claim["rows"])


def test_every_claim_leads_to_the_story_of_its_warning(installation: Installation) -> None:
    claims = installation.warehouse.rows("ads.claim").to_pylist()
    assert len({claim["warning_id"] for claim in claims}) < len(claims)
    for claim in claims:
        found = story(installation, claim["claim_id"])
        assert found["warning_id"] == claim["warning_id"]
        assert claim["claim_id"] in {one["claim_id"] for one in found["claims"]}
        assert {one["worked_out_again"] for one in found["claims"]} == {"the same"}


def test_a_doubled_figure_has_a_story_of_its_own(installation: Installation) -> None:
    again = [
        claim
        for claim in installation.warehouse.rows("ads.claim").to_pylist()
        if claim["business_date"] == NIGHT_2 and claim["episode"].endswith(":x2")
    ]
    assert [claim["model_id"] for claim in again] == ["medical_cost_over_limit"]
    assert story(installation, again[0]["claim_id"])["business_date"] == NIGHT_2


def test_an_id_that_nothing_has_says_so(installation: Installation) -> None:
    with pytest.raises(StoryError, match="No warning or claim has the id 'W01-nothing'"):
        story(installation, "W01-nothing")


def test_what_happened_next_is_told_in_order(installation: Installation) -> None:
    warning_id = first_warning(installation)["warning_id"]
    assert story(installation, warning_id)["dispositions"] == []
    assert list(told(story(installation, warning_id)))[-1] == "  waits in the outbox for the case service"
    later = NIGHT_1 + timedelta(days=5)
    held = {"warning_id": warning_id, "business_date": NIGHT_1, "kind": "withheld",
            "reason": "worker_capacity_this_week", "expires_on": later}  # fmt: skip
    opened = {"warning_id": warning_id, "business_date": later, "kind": "opened", "order_number": "GD1"}
    table, outcomes = definition("ads.disposition"), definition("ods.case_outcome")
    outcome = {
        "known_on": later, "outcome_id": "o", "warning_id": warning_id, "model_id": "m", "order_number": "GD1",
        "outcome": "helped", "delivered_on": later, "visited_on": date(2026, 11, 25), "closed_on": date(2026, 11, 26),
    }  # fmt: skip
    installation.warehouse.replace_rows(table, pa.Table.from_pylist([opened, held], schema=table.schema), None)
    installation.warehouse.replace_rows(outcomes, pa.Table.from_pylist([outcome], schema=outcomes.schema), None)
    found = story(installation, warning_id)
    assert [item["kind"] for item in found["dispositions"]] == ["withheld", "opened"]
    assert found["dispositions"][0]["reason_words"]["zh"] == "网格员本周走访已满，按困难程度排队"
    assert found["outcomes"][0]["visited_on"] == date(2026, 11, 25)
    lines = "\n".join(told(found))
    assert "withheld until 2026-11-24" in lines
    assert "order GD1: delivered 2026-11-24, visited 2026-11-25, closed 2026-11-26, found helped" in lines


def run(home: Path, *arguments: str) -> str:
    done = shouwang("warnings", *arguments, env=environment(home))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_tell_it_and_nothing_that_identifies(home: Path, installation: Installation) -> None:
    listed = json.loads(run(home, "list", "--date", NIGHT_1.isoformat(), "--json"))["warnings"]
    assert {line["business_date"] for line in listed} == {NIGHT_1.isoformat()}
    assert json.loads(run(home, "list", "--model", "nothing", "--json"))["warnings"] == []
    shown = run(home, "list")
    warning_id = listed[0]["warning_id"]
    assert warning_id in shown
    as_json, as_text = run(home, "explain", warning_id, "--json"), run(home, "explain", warning_id)
    assert json.loads(as_json)["warning_id"] == warning_id
    assert "Conditions" in as_text
    for secret in (identity_number(PATIENT), identity_number(SPOUSE), "张䶮", "王㛃", "1990000", "荷花塘社区1号"):
        assert not any(secret in text for text in (shown, as_json, as_text)), secret
