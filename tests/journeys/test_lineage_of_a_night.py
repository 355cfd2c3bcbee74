"""A night's OpenLineage events: every step starts and completes, and nobody is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.lineage_events.datasets import flow_of
from jobs.nightly import LATER_STEPS
from tests.shared_homes import installation_at
from warehouse.tables import rows_where

NIGHT = "2026-11-19"


@pytest.fixture(scope="module")
def text(two_nights: Path) -> str:
    return (two_nights / "lineage" / f"{NIGHT}.jsonl").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_step_of_the_log_started_and_completed(two_nights: Path, events: list[dict[str, Any]]) -> None:
    rows = installation_at(two_nights).warehouse.rows("ops.step", rows_where(business_date=NIGHT)).to_pylist()
    steps = {row["step"] for row in rows}
    assert steps >= LATER_STEPS.keys()
    told = {state: [e["job"]["name"] for e in events if e["eventType"] == state] for state in ("START", "COMPLETE")}
    assert steps <= set(told["START"])
    assert sorted(told["START"]) == sorted(told["COMPLETE"])
    assert len({event["run"]["facets"]["parent"]["run"]["runId"] for event in events}) == 1


def test_an_event_tells_what_the_step_reads_and_writes(events: list[dict[str, Any]]) -> None:
    for event in events:
        flow = flow_of(event["job"]["name"])
        assert [one["name"] for one in event["inputs"]] == [one.name for one in flow.inputs]
        assert [one["name"] for one in event["outputs"]] == [one.name for one in flow.outputs]
    [conformed] = [e for e in events if (e["job"]["name"], e["eventType"]) == ("conform", "COMPLETE")]
    fields = {one["name"]: one["facets"].get("columnLineage", {}).get("fields") for one in conformed["outputs"]}
    read = fields["dwd.medical_cost"]["self_paid_amount"]["inputFields"]
    assert ("shouwang", "ods.inpatient_settlement", "psn_part_amt") in {
        (one["namespace"], one["name"], one["field"]) for one in read
    }


def test_nobody_is_named_in_an_event(two_nights: Path, text: str) -> None:
    installation = installation_at(two_nights)
    people = installation.warehouse.rows("dwd.person").to_pylist()
    keys = {row["person_key"] for row in people} | {row["household_key"] for row in people}
    numbers = set(installation.vault.numbers_of({row["person_key"] for row in people}).values())
    assert min(len(keys), len(numbers)) > 1000
    assert [one for one in keys | numbers if one and one in text] == []
