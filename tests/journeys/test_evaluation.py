"""From warnings to visits to a judgement: grid workers of a demo answer, and the models are evaluated."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.journeys.conftest import NOBODY, environment, installation_at, run_night

FIRST = "2026-11-19"


def shouwang(home: Path, url: str, *words: str, code: int = 0, **more: str) -> Any:
    command = [sys.executable, "-m", "jobs", *words]
    done = subprocess.run(command, env=environment(home, url, **more), capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()[-3000:]
    return json.loads(done.stdout) if done.stdout else done.stderr.decode()


@pytest.mark.timeout(900)
def test_visits_of_a_demo_judge_the_models(
    small_city: Path, copy_city: Callable[[str], Path], case_service_at: Callable[[], str]
) -> None:
    home, url = copy_city("visited"), case_service_at()
    run_night(home, FIRST, url)
    assert "SHOUWANG_MODE=demo" in shouwang(home, url, "demo", "visits", code=1), "nobody knows the truth here"
    (home / "demo" / "truth").symlink_to(small_city / "demo" / "truth")
    visits = shouwang(home, url, "demo", "visits", "--date", FIRST, "--answered", "0.8", "--json")["visits"]
    assert visits["helped"] > 0
    assert visits["unanswered"] > 0
    assert "not_held" not in visits
    shouwang(home, url, "feedback", "--date", FIRST, "--json")
    report = shouwang(home, url, "models", "evaluate", "--until", FIRST, "--json")
    rows = installation_at(home).warehouse.rows("ods.case_outcome").to_pylist()
    outcomes = [row for row in rows if row["model_id"] != "control_visit"]
    found = [row for row in outcomes if row["outcome"] in ("helped", "referred")]
    assert (report["all"]["closed"], report["all"]["found"]) == (len(outcomes), len(found))
    assert report["all"]["yield"]["low"] < report["all"]["yield"]["value"] < report["all"]["yield"]["high"]
    assert 0 < report["all"]["unanswered"]["value"] < 1
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
    again = shouwang(home, url, "demo", "visits", "--date", FIRST, "--answered", "0.8", "--json")["visits"]
    assert set(again) == {"unanswered"}, "who was visited is not visited again"


def test_nobody_plays_at_visits_in_earnest_and_nobody_knows_the_truth(two_nights: Path, small_city: Path) -> None:
    keys = {f"SHOUWANG_{name}": "demo-" + "k" * 40 for name in ("PERSON_KEY", "VAULT_KEY", "SERVICE_TOKEN")}
    refusal = shouwang(two_nights, NOBODY, "demo", "visits", code=1, SHOUWANG_MODE="production", **keys)
    assert "Only a demo" in refusal
    report = shouwang(
        two_nights, NOBODY, "models", "evaluate", "--until", FIRST, "--json", SHOUWANG_MODE="production", **keys
    )
    assert report["truth"] is None
    assert report["all"]["yield"] is None
    curve = report["curves"][0]["points"]
    assert {point["found"] for point in curve if float(point["factor"]) < 1} == {None}
