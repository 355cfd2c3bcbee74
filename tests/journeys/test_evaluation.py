"""From warnings to visits to a judgement: grid workers of a demo answer, and the models are evaluated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from jobs.installation import Installation
from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_2, deliver
from tests.jobs.test_stories import bill
from tests.journeys.conftest import NOBODY, environment, run_night
from tests.journeys.earlier_visits import LEARNT, TRAINED, years_of_visits
from tests.shared_homes import copy_home, installation_at
from warehouse.tables import rows_where

FIRST = "2026-11-19"
VISITS_PER_WEEK = 2
CONTROLS = """
near_limit: {unit: visits, description: x, values: {2025-01-01: {value: 3, reference: x}}}
never_warned: {unit: visits, description: x, values: {2025-01-01: {value: 12, reference: x}}}
band: {unit: ratio, description: x, values: {2025-01-01: {value: 0.80, reference: x}}}
"""


def said(home: Path, url: str, *words: str, code: int = 0, **more: str) -> Any:
    done = shouwang(*words, env=environment(home, url, **more))
    assert done.returncode == code, done.stderr[-3000:]
    return json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture(scope="module")
def url(case_service_at: Callable[..., str]) -> str:
    """A case service in which nobody visits more than a few in a week."""
    return case_service_at(SHOUWANG_VISITS_PER_WEEK=str(VISITS_PER_WEEK))


@pytest.fixture(scope="module")
def home(first_night_warned: Path, url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first night, with more control visits than a demo makes by itself; the tests go on from it."""
    home = copy_home(first_night_warned, tmp_path_factory.mktemp("visited") / "home")
    controls = tmp_path_factory.mktemp("plan") / "controls.yaml"
    controls.write_text(CONTROLS, encoding="utf-8")
    run_night(home, FIRST, url, SHOUWANG_CONTROLS=str(controls))
    return home


@pytest.mark.timeout(900)
def test_visits_of_a_demo_judge_the_models(small_city: Path, home: Path, url: str) -> None:
    assert "SHOUWANG_MODE=demo" in said(home, url, "demo", "visits", code=1), "nobody knows the truth here"
    (home / "demo" / "truth").symlink_to(small_city / "demo" / "truth")
    visits = said(home, url, "demo", "visits", "--date", FIRST, "--answered", "0.8", "--json")["visits"]
    assert visits["helped"] > 0
    assert visits["unanswered"] > 0
    assert "not_held" not in visits
    said(home, url, "feedback", "--date", FIRST, "--json")
    report = said(home, url, "models", "evaluate", "--until", FIRST, "--json")
    rows = installation_at(home).warehouse.rows("ods.case_outcome").to_pylist()
    outcomes = [row for row in rows if row["model_id"] != "control_visit"]
    found = [row for row in outcomes if row["outcome"] in ("helped", "referred")]
    assert (report["all"]["closed"], report["all"]["found"]) == (len(outcomes), len(found))
    assert report["all"]["yield"]["low"] < report["all"]["yield"]["value"] < report["all"]["yield"]["high"]
    assert 0 < report["all"]["unanswered"]["value"] < 1
    controls = {row["stratum"]: row for row in report["missed"]}
    assert sum(row["visited"] for row in controls.values()) > 5, "grid workers answered them like any order"
    never_warned = controls["never_warned"]
    assert never_warned["missed"]["low"] <= never_warned["missed"]["value"] < never_warned["missed"]["high"]
    assert never_warned["missed"]["high"] <= never_warned["population"]
    truth = report["truth"]
    by_model = {row["model"]: row for row in truth["by_model"]}
    over_limit = by_model["medical_cost_over_limit"]
    assert over_limit["recall"]["value"] == 1
    assert over_limit["days_after_visible"]["value"] == 0
    assert sum(row["hardships"] for row in truth["by_kind"]) == truth["all"]["hardships"]
    assert 0 < truth["all"]["found"] <= truth["all"]["hardships"]
    curve = next(curve for curve in report["curves"] if curve["model"] == "medical_cost_over_limit")
    visits_by_limit = [point["visits"] for point in curve["points"]]
    assert visits_by_limit == sorted(visits_by_limit, reverse=True)
    assert visits_by_limit[0] > visits_by_limit[-1]
    assert ElementTree.parse(curve["picture"]).getroot().tag.endswith("svg")
    again = said(home, url, "demo", "visits", "--date", FIRST, "--answered", "0.8", "--json")["visits"]
    assert set(again) == {"unanswered"}, "who was visited is not visited again"


def test_nobody_plays_at_visits_in_earnest_and_nobody_knows_the_truth(two_nights: Path, small_city: Path) -> None:
    keys = {f"SHOUWANG_{name}": "demo-" + "k" * 40 for name in ("PERSON_KEY", "VAULT_KEY", "SERVICE_TOKEN")}
    refusal = said(two_nights, NOBODY, "demo", "visits", code=1, SHOUWANG_MODE="production", **keys)
    assert "Only a demo" in refusal
    report = said(
        two_nights, NOBODY, "models", "evaluate", "--until", FIRST, "--json", SHOUWANG_MODE="production", **keys
    )
    assert report["truth"] is None
    assert report["all"]["yield"] is None
    curve = report["curves"][0]["points"]
    assert {point["found"] for point in curve if float(point["factor"]) < 1} == {None}


def bills_of_one_grid(installation: Installation) -> str:
    """On the second day one bill for each household of the largest grid that nobody was sent to; returns the grid."""
    warehouse = installation.warehouse
    households = warehouse.rows("dwd.household").to_pylist()
    told_of = [row for name in ("ads.warning", "ads.control_visit") for row in warehouse.rows(name).to_pylist()]
    sent = {row["household_key"] for row in told_of}
    grids: dict[str, set[str]] = {}
    for row in households:
        grids.setdefault(row["grid_code"] or "", set()).add(row["household_key"])
    grid = max(
        (keys, code) for code, keys in ((code, len(keys)) for code, keys in grids.items() if code and not keys & sent)
    )[1]
    people: dict[str, str] = {}
    for row in sorted(warehouse.rows("dwd.person").to_pylist(), key=lambda row: row["person_key"]):
        if row["household_key"] in grids[grid] and row["status"] == "living":
            people.setdefault(row["household_key"], row["person_key"])
    numbers = installation.vault.numbers_of(set(people.values()))
    bills = [
        {**bill(at, "26000.00", day="2026-06-20"), "setl_id": f"RANKED{at}", "certno": numbers[person]}
        for at, person in enumerate(sorted(people.values()))
    ]
    deliver(installation.settings.landing_folder, "inpatient_settlement", bills, NIGHT_2, sequence=88)
    return grid


@pytest.mark.timeout(900)
def test_the_score_orders_the_queue_of_a_full_week_and_nothing_is_dropped(home: Path, url: str) -> None:
    installation = installation_at(home)
    years_of_visits(installation)
    words = ("models", "rank", "--as-of", str(TRAINED), "--until", FIRST, "--use", "--json")
    card = said(home, url, *words)
    assert (card["is_usable"], card["learnt_from"]) == (True, LEARNT)
    assert card["auc"] > 0.6
    grid = bills_of_one_grid(installation)
    night = run_night(home, str(NIGHT_2), url)

    tonight = installation.warehouse.rows("ads.warning", rows_where(business_date=NIGHT_2)).to_pylist()
    assert all(row["score"] is not None for row in tonight)
    fates = {
        row["warning_id"]: row
        for row in installation.warehouse.rows("ads.disposition", rows_where(business_date=NIGHT_2)).to_pylist()
    }
    assert {row["warning_id"] for row in tonight} <= fates.keys(), "a score keeps nobody from an answer"
    assert sum(night["orders"].values()) == len(fates)
    queue = [row for row in tonight if row["grid_code"] == grid and row["level"] == "yellow"]
    sent = [row["score"] for row in queue if fates[row["warning_id"]]["kind"] != "withheld"]
    held = [row for row in queue if fates[row["warning_id"]]["reason"] == "worker_capacity_this_week"]
    assert len(sent) <= VISITS_PER_WEEK < len(queue)
    assert sent
    assert len({row["score"] for row in queue}) > 1
    assert min(sent) >= max(row["score"] for row in held)
    assert all(fates[row["warning_id"]]["expires_on"] > NIGHT_2 for row in held), "they come up again"
