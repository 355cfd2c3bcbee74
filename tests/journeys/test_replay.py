"""A past night run again gives the ids of the night itself, whatever has come and changed since."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.claims.claim import claim_id
from jobs.conform import conform
from jobs.errors import ReplayError
from jobs.ingest import ingest_department
from jobs.replay import recorded_nights, replay
from jobs.warn import warn
from schemas import loader
from schemas.loader import contracts
from tests.jobs.landing import deliver
from tests.jobs.people import on_dibao
from tests.journeys.conftest import environment, installation_at
from warehouse.definitions import definition
from warehouse.tables import rows_where
from warning_models.loader import HelpModel, load_models

FIRST, SECOND, THIRD = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)
AFTER = '          - {property: headers, value: {"1": 救助人数}}\n'
ADDED = """      - name: helped_by
        businessName: 经办人
        description: Who decided on the award.
        logicalType: string
        physicalType: varchar
        classification: sensitive
        customProperties:
          - {property: headers, value: {"1": 经办人}}
"""


def replayed(home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """`shouwang replay` over both nights; its exit code and what it printed."""
    command = [sys.executable, "-m", "jobs", "replay", "--from", str(FIRST), "--to", str(SECOND), *words, "--json"]
    done = subprocess.run(command, env=environment(home), capture_output=True, check=False)
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


@pytest.fixture
def widened_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on the contract of temporary aid has one more column."""
    folder = tmp_path / "contracts"
    shutil.copytree(loader.CONTRACTS_FOLDER, folder)
    file = folder / "civil_affairs" / "temporary_aid.odcs.yaml"
    text = file.read_text(encoding="utf-8")
    assert AFTER in text
    file.write_text(text.replace(AFTER, AFTER + ADDED), encoding="utf-8")
    monkeypatch.setattr(loader, "CONTRACTS_FOLDER", folder)
    contracts.cache_clear()
    yield
    contracts.cache_clear()


def test_both_nights_come_out_as_they_were_and_nothing_is_written(two_nights: Path) -> None:
    before = snapshots(two_nights)
    code, report = replayed(two_nights)
    assert code == 0
    assert [night["business_date"] for night in report["nights"]] == [str(FIRST), str(SECOND)]
    recorded = installation_at(two_nights).warehouse.rows("ads.claim").to_pylist()
    for night in report["nights"]:
        assert night["equal"]
        assert night["warnings"]["recorded"] == night["warnings"]["same"] > 0
        for row in night["models"]:
            of_model = [claim for claim in recorded if claim["model_id"] == row["model"]]
            tonight = [claim for claim in of_model if str(claim["business_date"]) == night["business_date"]]
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


def test_nights_stay_as_they_were_after_a_contract_and_later_deliveries_changed(
    two_nights: Path, widened_contract: None
) -> None:
    installation = installation_at(two_nights)
    award = {
        "award_no": "LJ-NEW", "certno": on_dibao(1)["certno"], "psn_name": "李某", "award_date": "2026-11-20",
        "amount": Decimal("900.00"), "helped_count": "1", "helped_by": "王经办",
    }  # fmt: skip
    deliver(installation.settings.landing_folder, "temporary_aid", [{**_filled("temporary_aid"), **award}], THIRD)
    (record,) = ingest_department(installation, "civil_affairs", THIRD)
    assert (record.status, record.accepted) == ("ingested", 1)
    conform(installation, THIRD)
    warn(installation, THIRD)
    assert "helped_by" in installation.warehouse.rows("ods.temporary_aid").schema.names
    nights = list(replay(installation, recorded_nights(installation, FIRST, SECOND)))
    assert [night.is_equal for night in nights] == [True, True]
    assert all(night.warnings and night.warnings.now for night in nights)


def _filled(extract_class: str) -> dict[str, str]:
    """The first accepted code of every coded field."""
    return {field.name: next(iter(field.codes)) for field in contracts()[extract_class].fields if field.codes}


def test_a_night_that_never_was_is_refused(two_nights: Path) -> None:
    with pytest.raises(ReplayError, match=r"No night from 2027-01-01 to 2027-01-01 was warned; .*2026-11-20"):
        recorded_nights(installation_at(two_nights), date(2027, 1, 1), date(2027, 1, 1))
