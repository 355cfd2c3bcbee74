"""Deliveries that come late, early, again, changed, in part, out of order, or under a wrong label."""

from datetime import date, timedelta
from typing import Any

import pytest

from jobs.ingest import doubts, ingest_department
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.ods import OdsTables, register_ods
from schemas.delivery import department_folder
from schemas.loader import contracts
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import on_dibao, settlement

NIGHT_3 = date(2026, 11, 23)


def night(installation: Installation, extract_class: str, rows: Any, day: date, **lies: Any) -> DeliveryRecord:
    manifest = deliver(installation.settings.landing_folder, extract_class, rows, day, **lies)
    return ingest_department(installation, manifest.department, day)[-1]


def arrives_in_the_folder_of(installation: Installation, day: date, landed_on: date, **changes: Any) -> DeliveryRecord:
    """A delivery made for `day` that lies in the folder of another night."""
    landing = installation.settings.landing_folder
    manifest = deliver(landing, "dibao", [on_dibao(n) for n in range(5)], day, **changes)
    here, there = (department_folder(landing, date_, manifest.department) for date_ in (day, landed_on))
    there.parent.mkdir(parents=True, exist_ok=True)
    here.rename(there)
    return ingest_department(installation, manifest.department, landed_on)[-1]


def state(installation: Installation, extract_class: str, as_of: date) -> list[dict[str, Any]]:
    with installation.engine() as engine:
        register_ods(engine, OdsTables(installation), contracts()[extract_class], as_of)
        rows: list[dict[str, Any]] = engine.query(f"select * from ods_{extract_class}").to_pylist()
    return sorted(rows, key=str)


def test_a_late_delivery_is_known_from_the_night_it_came(installation: Installation) -> None:
    record = arrives_in_the_folder_of(installation, NIGHT_1, NIGHT_2)
    assert (record.business_date, record.promised_on, record.is_late) == (NIGHT_2, NIGHT_1, True)
    assert state(installation, "dibao", NIGHT_1) == []
    assert len(state(installation, "dibao", NIGHT_2)) == 5


def test_a_period_that_ended_longer_ago_than_promised_is_late(installation: Installation) -> None:
    latency = timedelta(days=contracts()["dibao"].latency_days)
    rows = [on_dibao(1)]
    assert night(installation, "dibao", rows, NIGHT_1, period_end=NIGHT_1 - latency).is_late is False
    late = night(installation, "dibao", rows, NIGHT_2, period_end=NIGHT_2 - latency - timedelta(days=1))
    assert late.is_late is True


def test_an_early_delivery_is_known_at_once_and_brings_no_rows_from_the_future(installation: Installation) -> None:
    record = arrives_in_the_folder_of(installation, NIGHT_2, NIGHT_1)
    assert (record.business_date, record.promised_on, record.is_late) == (NIGHT_1, NIGHT_2, False)
    assert len(state(installation, "dibao", NIGHT_1)) == 5


def test_resent_unchanged_the_next_night_is_recognised(installation: Installation) -> None:
    rows = [settlement(n) for n in range(5)]
    night(installation, "inpatient_settlement", rows, NIGHT_1)
    again = night(installation, "inpatient_settlement", rows, NIGHT_2)
    assert (again.status, again.unchanged, again.accepted) == ("ingested", 5, 0)


def test_a_snapshot_that_goes_back_to_earlier_bytes_is_no_repetition(installation: Installation) -> None:
    rows = [on_dibao(n) for n in range(10)]
    night(installation, "dibao", rows, NIGHT_1)
    night(installation, "dibao", rows[:9], NIGHT_2)
    again = night(installation, "dibao", rows, NIGHT_3)
    assert (again.accepted, again.unchanged) == (1, 9)
    assert len(state(installation, "dibao", NIGHT_3)) == 10


def test_resent_changed_under_the_same_name_is_kept_beside_the_first(installation: Installation) -> None:
    first = night(installation, "inpatient_settlement", [settlement(1), settlement(2)], NIGHT_1)
    changed = settlement(2, fund_pay_sumamt="500.00", psn_part_amt="500.00")
    again = night(installation, "inpatient_settlement", [settlement(1), changed], NIGHT_1)
    assert again.delivery_id == f"{first.delivery_id}.r2"
    assert (again.status, again.accepted, again.unchanged) == ("ingested", 1, 1)
    repeated = ingest_department(installation, "medical_insurance", NIGHT_1)
    assert [record.delivery_id for record in repeated] == [again.delivery_id]
    assert len(installation.warehouse.rows("ods.inpatient_settlement")) == 3


def test_partly_resent_changes_only_what_it_names(installation: Installation) -> None:
    night(installation, "inpatient_settlement", [settlement(n) for n in range(10)], NIGHT_1)
    changed = settlement(3, fund_pay_sumamt="500.00", psn_part_amt="500.00")
    record = night(installation, "inpatient_settlement", [settlement(2), changed], NIGHT_2)
    assert (record.accepted, record.unchanged, record.deleted) == (1, 1, 0)
    assert len(state(installation, "inpatient_settlement", NIGHT_2)) == 10


def test_an_older_period_delivered_later_does_not_overwrite_a_newer_row(installation: Installation) -> None:
    newer = settlement(1, fund_pay_sumamt="500.00", psn_part_amt="500.00")
    october, november = date(2026, 10, 31), date(2026, 11, 18)
    night(installation, "inpatient_settlement", [newer], NIGHT_1, period_end=november)
    night(installation, "inpatient_settlement", [settlement(1), settlement(2)], NIGHT_2, period_end=october)
    rows = {row["setl_id"]: str(row["psn_part_amt"]) for row in state(installation, "inpatient_settlement", NIGHT_2)}
    assert rows == {"S000001": "500.00", "S000002": "400.00"}
    corrected = settlement(2, fund_pay_sumamt="300.00", psn_part_amt="700.00")
    night(installation, "inpatient_settlement", [corrected], NIGHT_3, period_end=october)
    rows = {row["setl_id"]: str(row["psn_part_amt"]) for row in state(installation, "inpatient_settlement", NIGHT_3)}
    assert rows["S000002"] == "700.00", "of the same period, what was learnt later counts"


def test_an_older_snapshot_delivered_later_changes_nothing_today(installation: Installation) -> None:
    night(installation, "dibao", [on_dibao(n) for n in range(10)], NIGHT_1, period_end=date(2026, 11, 18))
    before = state(installation, "dibao", NIGHT_1)
    older = [*(on_dibao(n, monthly_amount="1.00") for n in range(4)), on_dibao(20)]
    record = night(installation, "dibao", older, NIGHT_2, period_end=date(2026, 10, 31))
    assert (record.status, record.accepted, record.deleted) == ("ingested", 5, 0)
    assert state(installation, "dibao", NIGHT_2) == before
    shrunk = [on_dibao(n) for n in range(9)]
    newest = night(installation, "dibao", shrunk, NIGHT_3, period_end=NIGHT_3)
    assert (newest.accepted, newest.unchanged, newest.deleted) == (0, 9, 1)


def test_a_full_delivery_labelled_incremental_deletes_nobody_and_is_not_held(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "FULL_LEAST_ROWS", 300)
    monkeypatch.setattr(doubts, "LEAST_DIFFERENCE", 20)
    warned: list[str] = []
    monkeypatch.setattr(doubts.log, "warning", lambda event, **_: warned.append(event))
    for at in range(4):
        day = NIGHT_1 + timedelta(days=at)
        rows = [settlement(n) for n in (range(at * 10, at * 10 + 10) if at else range(320))]
        assert night(installation, "inpatient_settlement", rows, day).status == "ingested"
    day = NIGHT_1 + timedelta(days=4)
    record = night(installation, "inpatient_settlement", [settlement(n) for n in range(310)], day)
    assert (record.status, record.unchanged, record.deleted) == ("ingested", 310, 0)
    assert warned == ["an incremental delivery looks like a full one"]
    assert len(state(installation, "inpatient_settlement", day)) == 320
