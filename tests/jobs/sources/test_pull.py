"""What is new in a department's database lands as a delivery: nothing lost, nothing doubled, whenever it is cut off."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from jobs.ingest import ingest_department
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.sources.watermark import taken_before
from schemas.delivery import Manifest, business_dates, finished_manifests
from tests.jobs.landing import NIGHT_1, NIGHT_2
from tests.jobs.sources.conftest import CLASS, DEPARTMENT, Database

NIGHT_3 = NIGHT_2 + timedelta(days=1)
DAY_1 = datetime(2026, 11, 18, 17, 0)  # noqa: DTZ001
Pull = Callable[..., dict[str, Any]]


def manifests(installation: Installation, day: Any) -> list[Manifest]:
    found = finished_manifests(installation.settings.landing_folder, day, DEPARTMENT)
    return [Manifest.model_validate_json(path.read_text(encoding="utf-8")) for path in found]


def ingested(installation: Installation, day: Any) -> DeliveryRecord:
    (record,) = ingest_department(installation, DEPARTMENT, day)
    assert record.status == "ingested", record.held_reason
    return record


def test_rows_land_as_a_delivery_that_ingest_takes_as_any_other(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(40), DAY_1)
    assert pull_on(NIGHT_1) == {"landed": {f"{DEPARTMENT}.{CLASS}.20261119.90": 40}, "problems": {}}
    (manifest,) = manifests(installation, NIGHT_1)
    assert (manifest.mode, manifest.row_count, manifest.control_sum) == ("incremental", 40, Decimal("4020.00"))
    assert manifest.period_end == (DAY_1.date() if "time" in str(manifest.watermark) else NIGHT_1)
    record = ingested(installation, NIGHT_1)
    assert (record.received, record.accepted) == (40, 40)
    row = installation.warehouse.rows(f"ods.{CLASS}").to_pylist()[0]
    assert (row["amount"], row["months"], str(row["paid_on"])) == (Decimal("100.50"), 3, "2026-11-02")
    assert {row["is_back_pay"] for row in installation.warehouse.rows(f"ods.{CLASS}").to_pylist()} == {"0", "1"}


def test_text_arrives_as_the_database_has_it(installation: Installation, database: Database, pull_on: Pull) -> None:
    with database.engine.begin() as connection:
        connection.execute(text('insert into "发放表" ("发放编号", "姓名", "金额") values (\'甲1\', \'欧阳䶮\', null)'))
    pull_on(NIGHT_1)
    (manifest,) = manifests(installation, NIGHT_1)
    path = installation.settings.landing_folder / "2026-11-19" / DEPARTMENT / manifest.files[0].name
    (row,) = pq.read_table(path).to_pylist()
    assert row == {"发放编号": "甲1", "姓名": "欧阳䶮", **dict.fromkeys(["AAC002", "金额", "月数", "发放日期", "补发"])}


def test_the_next_night_brings_what_is_new_and_knows_the_rest(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(40), DAY_1)
    pull_on(NIGHT_1)
    ingested(installation, NIGHT_1)
    database.put(range(38, 45), DAY_1 + timedelta(hours=20), "90.00")
    pull_on(NIGHT_2)
    record = ingested(installation, NIGHT_2)
    assert (record.accepted, record.received) == (7, 7 + record.unchanged)
    amounts = [row["amount"] for row in installation.warehouse.rows(f"ods.{CLASS}").to_pylist()]
    assert amounts.count(Decimal("90.00")) == 7


def test_a_row_committed_late_with_an_equal_watermark_is_not_lost(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(20), DAY_1)
    pull_on(NIGHT_1, overlap=0)
    ingested(installation, NIGHT_1)
    database.put([20], DAY_1)
    assert list(pull_on(NIGHT_2, overlap=0)["landed"].values()) == [21]
    record = ingested(installation, NIGHT_2)
    assert (record.accepted, record.unchanged) == (1, 20)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_transaction_open_during_the_night_is_caught_by_the_overlap(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(20), DAY_1)
    with database.engine.connect() as slow:
        database.put_within(slow, [30], DAY_1 - timedelta(minutes=20))
        pull_on(NIGHT_1)
        slow.commit()
    ingested(installation, NIGHT_1)
    database.put([31], DAY_1 - timedelta(minutes=40))
    assert list(pull_on(NIGHT_2)["landed"].values()) == [21], "within 30 minutes; not what is older"
    record = ingested(installation, NIGHT_2)
    assert (record.accepted, record.unchanged) == (1, 20)


def test_a_rerun_of_the_night_lands_nothing_new(installation: Installation, database: Database, pull_on: Pull) -> None:
    database.put(range(20), DAY_1)
    pull_on(NIGHT_2)
    before = manifests(installation, NIGHT_2)
    database.put(range(20, 25), DAY_1 + timedelta(hours=1))
    assert pull_on(NIGHT_2) == {"landed": {}, "problems": {}}
    assert pull_on(NIGHT_1) == {"landed": {}, "problems": {}}, "nor does an earlier night"
    assert (manifests(installation, NIGHT_2), business_dates(installation.settings.landing_folder)) == (
        before,
        [NIGHT_2],
    )
    assert next(iter(pull_on(NIGHT_3)["landed"].values())) >= 5


def test_a_kill_between_landing_and_recording_loses_and_doubles_nothing(
    installation: Installation, database: Database, pull_on: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    database.put(range(20), DAY_1)
    with monkeypatch.context() as patch:
        patch.setattr("jobs.sources.pull.record_taken", kill)
        with pytest.raises(KilledError):
            pull_on(NIGHT_1)
    assert taken_before(installation, CLASS) == []
    landed = manifests(installation, NIGHT_1)
    assert pull_on(NIGHT_1)["landed"] == {}
    assert manifests(installation, NIGHT_1) == landed
    assert [(taken.row_count, taken.watermark) for taken in taken_before(installation, CLASS)] == [
        (20, landed[0].watermark)
    ]


def test_a_night_killed_so_and_never_repeated_is_made_up_for_by_the_next(
    installation: Installation, database: Database, pull_on: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.put(range(20), DAY_1)
    with monkeypatch.context() as patch:
        patch.setattr("jobs.sources.pull.record_taken", lambda *_: None)
        pull_on(NIGHT_1)
    ingested(installation, NIGHT_1)
    database.put([20], DAY_1 + timedelta(hours=3))
    pull_on(NIGHT_2)
    record = ingested(installation, NIGHT_2)
    assert (record.accepted, record.unchanged) == (1, 20)


def test_what_an_interrupted_landing_left_is_written_over(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(5), DAY_1)
    folder = installation.settings.landing_folder / "2026-11-19" / DEPARTMENT
    folder.mkdir(parents=True)
    for ending in ("parquet", "parquet.part", "manifest.json"):
        (folder / f"{CLASS}_20261119_90.{ending}").write_text("half")
    pull_on(NIGHT_1)
    assert ingested(installation, NIGHT_1).accepted == 5
    assert not list(folder.glob("*.part"))


def test_without_a_watermark_the_whole_table_is_a_snapshot_and_tells_of_deletions(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(20), DAY_1)
    pull_on(NIGHT_1, watermark=None)
    ingested(installation, NIGHT_1)
    with database.engine.begin() as connection:
        connection.execute(text('delete from "发放表" where "发放编号" = \'P00003\''))
    pull_on(NIGHT_2, watermark=None)
    record = ingested(installation, NIGHT_2)
    assert (record.mode, record.unchanged, record.deleted) == ("full", 19, 1)


def test_a_query_is_read_as_a_table_is(installation: Installation, database: Database, pull_on: Pull) -> None:
    database.put(range(20), DAY_1)
    query = 'select * from "发放表" where "金额" > 1 and "姓名" not in (\':x\', \'%y\');'
    assert list(pull_on(NIGHT_1, table=None, query=query)["landed"].values()) == [20]
    assert ingested(installation, NIGHT_1).accepted == 20


def test_rows_without_a_watermark_always_come(installation: Installation, database: Database, pull_on: Pull) -> None:
    database.put(range(5), DAY_1)
    pull_on(NIGHT_1, overlap=0)
    ingested(installation, NIGHT_1)
    database.put([7], None)
    pull_on(NIGHT_2, overlap=0)
    assert ingested(installation, NIGHT_2).accepted == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_mistyped_year_hides_nothing_that_comes_before_it(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(5), DAY_1)
    database.put([6], datetime(9999, 12, 31))  # noqa: DTZ001
    pull_on(NIGHT_1)
    ingested(installation, NIGHT_1)
    database.put([8], DAY_1 + timedelta(hours=2))
    pull_on(NIGHT_2)
    assert ingested(installation, NIGHT_2).accepted == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("timestamptz", "2026-11-18 17:00+08", "2026-11-18 20:00+08"),
        ("date", "2026-11-17", "2026-11-18"),
        ("bigint", "7000", "7001"),
        ("numeric", "7000.5", "7000.7"),
        ("varchar", "20261118170000", "20261118200000"),
    ],
)
def test_any_column_that_grows_is_a_watermark(
    installation: Installation, database: Database, pull_on: Pull, kind: str, first: str, second: str
) -> None:
    change = 'alter table "发放表" alter column "更新时间" type {0} using null'
    late = 'update "发放表" set "更新时间" = cast(:at as {0}) where "更新时间" is null'
    for statement, numbers, at, day in ((change, range(5), first, NIGHT_1), ("select 1", [9], second, NIGHT_2)):
        with database.engine.begin() as connection:
            connection.execute(text(statement.format(kind)))
        database.put(numbers, None)
        with database.engine.begin() as connection:
            connection.execute(text(late.format(kind)), {"at": at})
        assert pull_on(day, overlap=0)["problems"] == {}
        record = ingested(installation, day)
    assert (record.accepted, record.unchanged) == (1, 5), "the first night's five tie"
    assert list(pull_on(NIGHT_3, overlap=0)["landed"].values()) == [1]


def test_how_far_a_class_was_taken_stands_in_a_table_of_its_own(
    installation: Installation, database: Database, pull_on: Pull
) -> None:
    database.put(range(5), DAY_1)
    pull_on(NIGHT_1)
    pull_on(NIGHT_2)
    rows = installation.warehouse.rows("ops.source_watermark").to_pylist()
    assert sorted((row["business_date"], row["row_count"]) for row in rows) == [(NIGHT_1, 5), (NIGHT_2, 5)]
    assert len({row["watermark"] for row in rows}) == 1
    reports = installation.warehouse.rows("ops.step").to_pylist()
    assert {len(json.loads(row["report"])["problems"]) for row in reports} == {0}
