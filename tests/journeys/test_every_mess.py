"""All mess at once, read by the real ingest: exactly what the truth says becomes of each delivery and row."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demo_city.build import build
from demo_city.period import FIRST_NIGHT, CityPlan
from jobs.ingest import ingest_department, ledger
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.nightly import departments_of
from schemas.delivery import business_dates
from tests.journeys.conftest import PEOPLE
from tests.shared_homes import installation_at
from warehouse.tables import rows_where


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The ledger and the tables of a city with all mess, both nights ingested."""
    home = tmp_path_factory.mktemp("every_mess")
    build(home, CityPlan(people=PEOPLE, seed=11, first_night=FIRST_NIGHT, nights=2, mess="all"), lambda _: None)
    installation = installation_at(home)
    for day in business_dates(installation.settings.landing_folder):
        for department in departments_of(installation, day):
            ingest_department(installation, department, day)
    return installation


def truth(installation: Installation, name: str) -> list[dict[str, object]]:
    path: Path = installation.settings.home / "demo" / "truth" / f"{name}.parquet"
    rows: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return rows


def record(installation: Installation, kind: str) -> DeliveryRecord:
    account = next(row for row in truth(installation, "deliveries") if row["kind"] == kind)
    found = ledger.record_of_delivery(installation, str(account["delivery_id"]))
    assert found is not None, account
    return found


def test_each_delivery_ends_as_the_truth_says(city: Installation) -> None:
    records = {each.delivery_id: each for each in ledger.records(city)}
    accounts = truth(city, "deliveries")
    assert records.keys() == {account["delivery_id"] for account in accounts}
    for account in accounts:
        each = records[str(account["delivery_id"])]
        assert each.status == ("held" if account["outcome"] == "held" else "ingested"), each
        assert each.received == account["rows"], each
        if account["outcome"] == "held":
            assert each.releasable == account["is_releasable"], each


def test_exactly_the_wrong_rows_are_rejected(city: Installation) -> None:
    wrong = {
        (row["delivery_id"], row["line"]): row["kind"]
        for row in truth(city, "wrong_rows")
        if row["kind"] != "messy_but_right"
    }
    found = city.warehouse.rows("quarantine.row").to_pylist()
    assert {(row["delivery_id"], row["line"]) for row in found} == wrong.keys()


def test_what_is_only_untidy_is_mended_and_kept(city: Installation) -> None:
    repairs = {row["repair"] for row in city.warehouse.rows("quarantine.repair").to_pylist()}
    assert {"identity_tidied", "identity_15_digits"} <= repairs


def test_what_was_sent_again_changes_nothing(city: Installation) -> None:
    for kind in ("resent_unchanged", "partly_resent", "full_labelled_incremental"):
        again = record(city, kind)
        assert (again.accepted, again.deleted) == (0, 0), kind
        assert again.unchanged > 0


def test_what_was_sent_again_otherwise_stands_beside_the_first(city: Installation) -> None:
    again = record(city, "resent_changed")
    assert again.delivery_id.endswith(".r2")
    assert 0 < again.accepted < again.unchanged


def test_late_and_early_are_told_apart(city: Installation) -> None:
    late, early = record(city, "late"), record(city, "early")
    assert late.is_late
    assert late.accepted + late.rejected == late.received
    assert not early.is_late
    assert early.promised_on > early.business_date


def test_an_older_register_changes_nothing_today(city: Installation) -> None:
    older = record(city, "out_of_order")
    rows = city.warehouse.rows("ods.child_in_need", rows_where(delivery_id=older.delivery_id)).to_pylist()
    assert rows
    assert {row["operation"] for row in rows} == {"outdated"}
