"""OpenLineage events tell how a step went and from what its tables are made, and nothing of anybody."""

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from jobs.dictionary.column_lineage import ColumnName, origins
from jobs.installation import Installation
from jobs.lineage_events.datasets import flow_of, told_name
from jobs.settings import Settings
from jobs.steps import run_step
from schemas.loader import contracts
from warehouse.definitions import is_computed, layer_definitions

NIGHT = date(2026, 11, 20)
# A path, who asks, and the event.
Told = tuple[str, str | None, dict[str, Any]]


def installation_at(home: Path, **settings: Any) -> Installation:
    return Installation(Settings(mode="demo", home=home, lineage_events="file", **settings))


def events_of(home: Path) -> list[dict[str, Any]]:
    lines = (home / "lineage" / f"{NIGHT}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[Told]]]:
    """A server that takes events, and what it took."""
    taken: list[Told] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, self.headers["Authorization"], json.loads(body)))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_step_starts_and_completes_in_the_file_and_at_the_endpoint(
    tmp_path: Path, endpoint: tuple[str, list[Told]]
) -> None:
    url, taken = endpoint
    run_step(installation_at(tmp_path, lineage_url=url), NIGHT, "deadlines", None, dict)
    events = events_of(tmp_path)
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    assert taken == [("/api/v1/lineage", None, event) for event in events]
    for event in events:
        assert datetime.fromisoformat(event["eventTime"]).tzinfo
        assert event["schemaURL"].startswith("https://openlineage.io/spec/")
        assert (event["job"]["namespace"], event["job"]["name"]) == ("shouwang", "deadlines")
        assert event["run"]["facets"]["parent"]["job"]["name"] == "nightly"
        assert event["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2026-11-20T00:00:00+08:00"
    assert len({UUID(event["run"]["runId"]) for event in events}) == 1
    [written] = events[1]["outputs"]
    assert written["name"] == "ads.deadline"
    assert {field["name"] for field in written["facets"]["schema"]["fields"]} >= {"unit_code", "overdue_count"}


def test_a_server_is_shown_the_token_that_stands_among_the_keys(
    tmp_path: Path, endpoint: tuple[str, list[Told]]
) -> None:
    url, taken = endpoint
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "lineage_token").write_text("made-up-token\n", encoding="utf-8")
    run_step(installation_at(tmp_path, lineage_url=url), NIGHT, "deadlines", None, dict)
    assert [asked_as for _, asked_as, _ in taken] == ["Bearer made-up-token"] * 2


def test_a_step_that_fails_is_told_without_what_it_said(tmp_path: Path) -> None:
    def fail() -> dict[str, Any]:
        raise ValueError("张三 340702195001011234")

    with pytest.raises(ValueError, match="张三"):
        run_step(installation_at(tmp_path), NIGHT, "dispatch", None, fail)
    assert [event["eventType"] for event in events_of(tmp_path)] == ["START", "FAIL"]
    assert "340702" not in (tmp_path / "lineage" / f"{NIGHT}.jsonl").read_text(encoding="utf-8")


def test_a_step_goes_on_where_nobody_takes_its_events(tmp_path: Path) -> None:
    installation = installation_at(tmp_path, lineage_url="http://127.0.0.1:9")
    assert run_step(installation, NIGHT, "deadlines", None, lambda: {"open": 3}).report == {"open": 3}
    assert len(events_of(tmp_path)) == 2
    (tmp_path / "lineage").rename(tmp_path / "before")
    (tmp_path / "lineage").write_text("in the way", encoding="utf-8")
    assert run_step(installation_at(tmp_path), NIGHT, "deadlines", None, lambda: {"open": 4}).report == {"open": 4}


def test_a_step_that_is_not_done_again_tells_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        run_step(installation_at(tmp_path), NIGHT, "deadlines", "same inputs", dict)
    assert len(events_of(tmp_path)) == 2


def test_who_wants_no_events_gets_none(tmp_path: Path) -> None:
    installation = Installation(Settings(mode="demo", home=tmp_path, lineage_events="off"))
    run_step(installation, NIGHT, "deadlines", None, dict)
    assert not (tmp_path / "lineage").exists()


def test_what_the_dictionary_says_of_a_table_is_what_its_event_says() -> None:
    told = {one.name: one for step in ("conform", "feedback") for one in flow_of(step).outputs}
    computed = [name for layer in ("dwd", "dws", "ads") for name in layer_definitions(layer) if is_computed(name)]
    assert set(computed) <= told.keys()
    for name in computed:
        said = {ColumnName(name, column): behind for column, behind in (told[name].origins or {}).items()}
        assert said == {column: behind for column, behind in origins().items() if column.owner == name}


def test_a_figure_is_followed_through_the_events_from_the_analysts_to_the_department() -> None:
    steps = ["publish", "warn", "conform", *{f"ingest.{contract.department}" for contract in contracts().values()}]
    ways = {
        (one.name, column): {told_name(origin) for origin in behind}
        for step in steps
        for one in flow_of(step).outputs
        for column, behind in (one.origins or {}).items()
    }
    reached, next_ones = set(), {("published.ads.claim", "evidence")}
    while next_ones:
        reached |= next_ones
        next_ones = {origin for one in next_ones for origin in ways.get(one, ())} - reached
    assert ("landing.inpatient_settlement", "psn_part_amt") in reached
    assert not [name for name, _ in reached if name.startswith("vault.")]
