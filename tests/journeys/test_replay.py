"""A past night run again gives the ids of the night itself, whatever has come and changed since."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.claims.claim import claim_id
from jobs.errors import ReplayError
from jobs.replay import recorded_nights
from schemas import loader
from schemas.loader import contracts
from tests.jobs.landing import deliver
from tests.jobs.people import on_dibao
from tests.journeys.conftest import environment
from tests.journeys.later_release import MODEL, ROOT, later_release
from tests.shared_homes import installation_at
from warehouse.definitions import definition
from warehouse.tables import rows_where
from warning_models.loader import HelpModel, load_models

FIRST, SECOND, THIRD = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)
YEARS_FIRST_NIGHTS = 45


def replayed(home: Path, *words: str, until: date = SECOND, release: Path = ROOT) -> tuple[int, dict[str, Any]]:
    """`shouwang replay` from the first night on, by this release or another; its exit code and what it printed."""
    command = [sys.executable, "-m", "jobs", "replay", "--from", str(FIRST), "--to", str(until), *words, "--json"]
    told = environment(home, PYTHONPATH=str(release))
    done = subprocess.run(command, env=told, cwd=release, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()[-3000:]
    return done.returncode, json.loads(done.stdout)


def snapshots(home: Path) -> dict[str, int | None]:
    warehouse = installation_at(home).warehouse
    return {name: warehouse.snapshot_id(name) for name in warehouse.table_names()}


@pytest.fixture
def another_record(two_nights: Path) -> Iterator[tuple[str, str]]:
    """The record of the first night names another claim of W01 meanwhile: the id that was lost, and the other."""
    installation, table = installation_at(two_nights), definition("ads.claim")
    tonight = rows_where(business_date=FIRST)
    kept = installation.warehouse.rows("ads.claim", tonight)
    model = next(one for one in load_models() if one.number == "W01" and isinstance(one, HelpModel))
    lost = min(claim["claim_id"] for claim in kept.to_pylist() if claim["model_id"] == model.id)
    other = claim_id(model, "nobody", "2026:1")
    changed = [{**row, "claim_id": other if row["claim_id"] == lost else row["claim_id"]} for row in kept.to_pylist()]
    installation.warehouse.replace_rows(table, pa.Table.from_pylist(changed, schema=table.schema), tonight)
    yield lost, other
    installation.warehouse.replace_rows(table, kept, tonight)


def test_both_nights_come_out_as_they_were_and_nothing_is_written(two_nights: Path) -> None:
    before = snapshots(two_nights)
    code, report = replayed(two_nights)
    assert code == 0
    assert [night["business_date"] for night in report["nights"]] == [str(FIRST), str(SECOND)]
    recorded = installation_at(two_nights).warehouse.rows("ads.claim").to_pylist()
    findings = installation_at(two_nights).warehouse.rows("ads.review_finding").to_pylist()
    assert findings
    for night in report["nights"]:
        assert night["equal"]
        assert night["warnings"]["recorded"] == night["warnings"]["same"] > 0
        for row in night["models"]:
            of_model = [claim for claim in recorded if claim["model_id"] == row["model"]]
            tonight = [claim for claim in of_model if str(claim["business_date"]) == night["business_date"]]
            assert row["recomputed"] == row["recorded"] == row["same"] == len(tonight)
        assert [row["number"] for row in night["reviews"]] == ["W14", "W15"]
        for row in night["reviews"]:
            tonight = [one for one in findings if one["model_id"] == row["model"]]
            tonight = [one for one in tonight if str(one["business_date"]) == night["business_date"]]
            assert row["recomputed"] == row["recorded"] == row["same"] == len(tonight)
    assert snapshots(two_nights) == before
    assert not list((two_nights / "work").glob("as-of-*"))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_both_nights_come_out_as_they_were_on_spark(two_nights: Path) -> None:
    code, report = replayed(two_nights, "--engine", "spark")
    assert (code, report["engine"]) == (0, "spark")
    assert [night["equal"] for night in report["nights"]] == [True, True]


def test_one_model_alone_and_what_differs_is_said(two_nights: Path, another_record: tuple[str, str]) -> None:
    lost, other = another_record
    code, report = replayed(two_nights, "--model", "W01")
    first, second = report["nights"]
    assert code == 1
    assert [row["number"] for row in first["models"]] == ["W01"]
    assert (first["models"][0]["only_now"], first["models"][0]["only_then"]) == ([lost], [other])
    assert first["models"][0]["same"] == first["models"][0]["recorded"] - 1
    assert not first["equal"]
    assert first["warnings"] is None, "warnings are made by all models together"
    assert lost in second["models"][0]["only_now"], "the record says that nobody was told of it yet"


def a_night_of_the_later_release(home: Path, release: Path, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary aid lands as the later release promises it, and its night runs."""
    award = {
        "award_no": "LJ-NEW", "certno": on_dibao(1)["certno"], "psn_name": "李某", "award_date": str(day),
        "amount": Decimal("900.00"), "helped_count": "1", "helped_by": "王经办",
    }  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr(loader, "CONTRACTS_FOLDER", release / "schemas" / "contracts")
        contracts.cache_clear()
        deliver(home / "landing", "temporary_aid", [{**_filled("temporary_aid"), **award}], day)
    contracts.cache_clear()
    command = [sys.executable, "-m", "jobs", "nightly", "--date", str(day), "--json"]
    told = environment(home, PYTHONPATH=str(release))
    night = subprocess.run(command, env=told, cwd=release, capture_output=True, check=False)
    assert night.returncode == 0, night.stderr.decode()[-3000:]
    [delivery] = json.loads(night.stdout)["deliveries"]
    assert (delivery["status"], delivery["accepted"]) == ("ingested", 1)
    warehouse = installation_at(home).warehouse
    assert "helped_by" in warehouse.rows("ods.temporary_aid").schema.names
    assert "王经办" in warehouse.rows("dwd.aid")["decided_by"].to_pylist()


def test_nights_stay_as_they_were_after_contract_tables_and_model_changed(
    two_nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = later_release(tmp_path)
    a_night_of_the_later_release(two_nights, release, THIRD, monkeypatch)
    code, report = replayed(two_nights, release=release)
    assert (code, [night["equal"] for night in report["nights"]]) == (0, [True, True])
    runs = installation_at(two_nights).warehouse.rows("ads.model_run").to_pylist()
    ran = {run["business_date"]: run["model_version"] for run in runs if run["model_id"] == MODEL}
    assert ran[FIRST] == ran[SECOND] == ran[THIRD] - 1
    for night in report["nights"]:
        assert [row["version"] for row in night["models"] if row["model"] == MODEL] == [ran[FIRST]]
        assert sum(row["same"] for row in night["models"] if row["model"] == MODEL) > 0


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_every_night_of_the_demo_years_first_weeks_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across the end of the year, at which the totals of a calendar year begin anew."""
    home, release = tmp_path / "home", later_release(tmp_path / "release")
    build = [sys.executable, "-m", "demo_city", "build", "--home", str(home), "--people", "1000"]
    subprocess.run([*build, "--nights", str(YEARS_FIRST_NIGHTS)], check=True, capture_output=True)
    every_night = [sys.executable, "-m", "jobs", "nightly", "--every-date", "--json"]
    subprocess.run(every_night, env=environment(home), check=True, capture_output=True)
    last = FIRST + timedelta(days=YEARS_FIRST_NIGHTS - 1)
    assert last.year > FIRST.year
    a_night_of_the_later_release(home, release, last + timedelta(days=1), monkeypatch)
    code, report = replayed(home, until=last, release=release)
    assert {night["business_date"]: night["equal"] for night in report["nights"]} == {
        str(FIRST + timedelta(days=at)): True for at in range(YEARS_FIRST_NIGHTS)
    }
    assert code == 0
    assert sum(night["warnings"]["same"] for night in report["nights"][1:]) > 0


def _filled(extract_class: str) -> dict[str, str]:
    """The first accepted code of every coded field."""
    return {field.name: next(iter(field.codes)) for field in contracts()[extract_class].fields if field.codes}


def test_a_night_that_never_was_is_refused(two_nights: Path) -> None:
    with pytest.raises(ReplayError, match=r"No night from 2027-01-01 to 2027-01-01 was warned; .*2026-11-20"):
        recorded_nights(installation_at(two_nights), date(2027, 1, 1), date(2027, 1, 1))
