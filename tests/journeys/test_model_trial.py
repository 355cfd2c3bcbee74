"""A draft beside the active version: who is new, gone and the same, and what it would cost the grid workers."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import TrialError
from jobs.model_trial import draft_in
from tests.forked_commands import shouwang
from tests.journeys.conftest import environment
from tests.shared_homes import installation_at
from warning_models.loader import MODELS_FOLDER

SECOND = "2026-11-20"
OVER_LIMIT = MODELS_FOLDER / "medical" / "medical_cost_over_limit"


def draft(folder: Path, changes: dict[str, str]) -> Path:
    """A copy of W01 with words of its model.yaml changed."""
    copy = folder / "medical" / "medical_cost_over_limit"
    shutil.copytree(OVER_LIMIT, copy)
    text = (copy / "model.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (copy / "model.yaml").write_text(text.replace("status: active", "status: draft"), encoding="utf-8")
    return copy


def tried(home: Path, folder: Path) -> dict[str, Any]:
    done = shouwang("models", "try", str(folder), "--date", SECOND, "--json", env=environment(home))
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def people_found(home: Path) -> int:
    """Of how many the active version held on the second night."""
    runs = installation_at(home).warehouse.rows("ads.model_run").to_pylist()
    tonight = [run for run in runs if str(run["business_date"]) == SECOND and run["model_id"] == OVER_LIMIT.name]
    return sum(run["hit_count"] for run in tonight)


def test_a_lower_limit_finds_more_people_and_nothing_is_written(two_nights: Path, tmp_path: Path) -> None:
    warehouse = installation_at(two_nights).warehouse
    before = {name: warehouse.snapshot_id(name) for name in warehouse.table_names()}
    report = tried(two_nights, draft(tmp_path, {"value: 15000": "value: 9000"}))
    assert report["people"]["gone"] == 0
    assert report["people"]["new"] > 0
    assert report["people"]["same"] == people_found(two_nights)
    for groups in ("by_county", "by_tier"):
        for count in ("new", "gone", "same"):
            assert sum(group[count] for group in report[groups]) == report["people"][count]
    assert {group["tier"] for group in report["by_tier"] if group["new"]} == {"general"}
    visits = report["visits"]
    with (two_nights / "demo" / "directory" / "staff.csv").open(encoding="utf-8") as file:
        assert visits["grid_workers"] == sum(row["role"] == "grid_worker" for row in csv.DictReader(file)) > 0
    assert visits["draft"]["first_night"] >= report["people"]["new"] > 0 == visits["active"]["first_night"]
    assert visits["draft"]["days"] == 1, "one night came before this one"
    each = visits["draft"]["new"] * 7 / visits["grid_workers"]
    assert visits["draft"]["per_worker_per_week"] == pytest.approx(each, abs=0.001)
    assert {name: warehouse.snapshot_id(name) for name in warehouse.table_names()} == before


def test_an_impossible_limit_loses_everybody(two_nights: Path, tmp_path: Path) -> None:
    limits = {f"value: {yuan},": "value: 99000000," for yuan in (1000, 5000, 10000, 15000)}
    report = tried(two_nights, draft(tmp_path, limits))
    assert report["people"] == {"new": 0, "gone": people_found(two_nights), "same": 0}
    assert report["visits"]["draft"]["first_night"] == 0


def test_a_draft_of_a_new_model_has_nothing_beside_it(two_nights: Path, tmp_path: Path) -> None:
    copy = draft(tmp_path, {"id: medical_cost_over_limit": "id: another", "number: W01": "number: W99"})
    report = tried(two_nights, copy.rename(copy.parent / "another"))
    assert (report["active"], report["people"]["same"], report["visits"]["active"]) == (None, 0, None)
    assert report["people"]["new"] == people_found(two_nights)
    assert report["house_rules"] == []


def test_a_draft_for_review_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="leads to no visits"):
        draft_in(draft(tmp_path, {"kind: help": "kind: review"}))
