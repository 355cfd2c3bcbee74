"""What is unusual is held until a person decides; what breaks its promise cannot be let through."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.cli import app
from jobs.errors import DecisionError
from jobs.ingest import decisions, ingest_department, ledger
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import on_dibao, settlement

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC).replace(tzinfo=None)
SHRUNKEN = "civil_affairs.dibao.20261120.01"


def night(installation: Installation, extract_class: str, rows: Any, day: date, **lies: Any) -> DeliveryRecord:
    manifest = deliver(installation.settings.landing_folder, extract_class, rows, day, **lies)
    return ingest_department(installation, manifest.department, day)[-1]


@pytest.fixture
def shrunken(installation: Installation) -> Installation:
    """Ten people on dibao, and the next night only six, which is held."""
    night(installation, "dibao", [on_dibao(n) for n in range(10)], NIGHT_1)
    night(installation, "dibao", [on_dibao(n) for n in range(6)], NIGHT_2)
    return installation


def test_a_shrunken_delivery_waits_and_says_who_decides(shrunken: Installation) -> None:
    record = ledger.record_of_delivery(shrunken, SHRUNKEN)
    assert record is not None
    assert (record.status, record.releasable, record.rejected) == ("held", True, 6)
    assert "waits for a person to release or reject it" in str(record.held_reason)
    assert "由数据团队放行或退回" in str(record.held_reason_zh)


def test_a_released_delivery_comes_in_at_the_next_ingest_of_its_night(shrunken: Installation) -> None:
    decisions.release(shrunken, SHRUNKEN, "四户迁出", "chen", AT)
    record = ingest_department(shrunken, "civil_affairs", NIGHT_2)[0]
    assert (record.status, record.unchanged, record.deleted, record.business_date) == ("ingested", 6, 4, NIGHT_2)
    assert [
        (item.verdict, item.reason, item.decided_by, item.decided_at) for item in decisions.decisions(shrunken)
    ] == [("released", "四户迁出", "chen", AT)]


def test_a_delivery_released_later_is_known_from_the_later_night_on(shrunken: Installation) -> None:
    decisions.release(shrunken, SHRUNKEN, "四户迁出", "chen", AT)
    third = NIGHT_2 + timedelta(days=3)
    records = ingest_department(shrunken, "civil_affairs", third)
    assert [(item.delivery_id, item.status, item.business_date, item.landed_on) for item in records] == [
        (SHRUNKEN, "ingested", third, NIGHT_2)
    ]
    gone = [row for row in shrunken.warehouse.rows("ods.dibao").to_pylist() if row["operation"] == "delete"]
    assert {row["known_on"] for row in gone} == {third}
    again = ingest_department(shrunken, "civil_affairs", NIGHT_2)
    assert [item.business_date for item in again] == [third], "the older night leaves it where it is"


def test_a_release_holds_for_the_bytes_that_were_held(shrunken: Installation) -> None:
    decisions.release(shrunken, SHRUNKEN, "四户迁出", "chen", AT)
    record = night(shrunken, "dibao", [on_dibao(n) for n in range(3)], NIGHT_2)
    assert (record.status, record.releasable) == ("held", True)


def test_a_rejected_delivery_stays_out_for_ever_and_says_so(shrunken: Installation) -> None:
    decisions.reject(shrunken, SHRUNKEN, "漏报一个街道", "chen", AT)
    assert [item.status for item in ledger.records(shrunken)] == ["ingested", "rejected"]
    record = ingest_department(shrunken, "civil_affairs", NIGHT_2)[0]
    assert (record.status, record.rejected) == ("rejected", 6)
    assert "chen rejected civil_affairs.dibao.20261120.01 for ever" in str(record.held_reason)
    assert "漏报一个街道" in str(record.held_reason_zh)
    with pytest.raises(DecisionError, match="is rejected"):
        decisions.release(shrunken, SHRUNKEN, "doch", "chen", AT)
    assert len(shrunken.warehouse.rows("ods.dibao")) == 10


def test_the_same_bytes_under_another_number_are_rejected_too(shrunken: Installation) -> None:
    decisions.reject(shrunken, SHRUNKEN, "漏报一个街道", "chen", AT)
    record = night(shrunken, "dibao", [on_dibao(n) for n in range(6)], NIGHT_2, sequence=2)
    assert record.status == "rejected"
    assert f"as the same files in {SHRUNKEN}" in str(record.held_reason)
    whole = night(shrunken, "dibao", [on_dibao(n) for n in range(9)], NIGHT_2, sequence=3)
    assert (whole.status, whole.deleted) == ("ingested", 1)


def test_a_false_manifest_cannot_be_released_and_the_command_says_why(installation: Installation) -> None:
    record = night(installation, "dibao", [on_dibao(1)], NIGHT_1, row_count=9)
    assert record.releasable is False
    with pytest.raises(DecisionError, match=r"breaks its manifest or its contract.*expect_table_row_count"):
        decisions.release(installation, record.delivery_id, "it will do", "chen", AT)
    assert decisions.decisions(installation) == []


def test_nobody_decides_without_a_reason(shrunken: Installation) -> None:
    with pytest.raises(DecisionError, match="Give a reason"):
        decisions.reject(shrunken, SHRUNKEN, "  ", "chen", AT)


def _usual_nights(installation: Installation, nights: int = 3, rows: int = 60) -> date:
    """So many nights with as many new settlements each; returns the next night."""
    for at in range(nights):
        new = [settlement(at * 300 + n) for n in range(rows)]
        assert night(installation, "inpatient_settlement", new, NIGHT_1 + timedelta(days=at)).status == "ingested"
    return NIGHT_1 + timedelta(days=nights)


def test_a_jump_in_the_rows_of_an_incremental_class_is_held(installation: Installation) -> None:
    day = _usual_nights(installation)
    record = night(installation, "inpatient_settlement", [settlement(1000 + n) for n in range(320)], day)
    assert (record.status, record.releasable) == ("held", True)
    assert "brings 320 rows where the class's last 3 deliveries usually brought 60" in str(record.held_reason)


def test_a_jump_in_a_null_rate_is_held_and_names_the_field(installation: Installation) -> None:
    day = _usual_nights(installation)
    empty = [settlement(1000 + n, dise_chapter="" if n < 30 else "C") for n in range(60)]
    record = night(installation, "inpatient_settlement", empty, day)
    assert (record.status, record.releasable) == ("held", True)
    assert "leaves dise_chapter empty in 50% of its rows, where it was 0% at most" in str(record.held_reason)


def test_the_commands_list_release_and_reject(shrunken: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    home: Path = shrunken.settings.home
    monkeypatch.setattr("jobs.commands.deliveries.this_installation", lambda: shrunken)
    runner = CliRunner()
    listed = runner.invoke(app, ["deliveries", "list", "--status", "held", "--json"])
    assert SHRUNKEN in listed.stdout, home
    done = runner.invoke(
        app, ["deliveries", "release", SHRUNKEN, "--reason", "四户迁出", "--by", "chen", "--ingest", "--json"]
    )
    assert '"status": "ingested"' in done.stdout, done.output
    refused = runner.invoke(app, ["deliveries", "reject", SHRUNKEN, "--reason", "zu spät"])
    assert isinstance(refused.exception, DecisionError)
