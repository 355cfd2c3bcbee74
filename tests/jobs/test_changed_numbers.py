"""A changed number from delivery to dispatch, and the numbers inside disability certificates."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml

from jobs.conform import conform
from jobs.ingest import ingest_department
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.warn import warn
from jobs.warning_messages import contacts_of
from schemas.loader import contract_paths, contracts
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, registered, renumbered, settlement
from tests.warehouse.test_layers_on_both_engines import certificate, ingest_night


def ingest_one(installation: Installation, department: str, day: date = NIGHT_1) -> DeliveryRecord:
    [record] = ingest_department(installation, department, day)
    return record


def reasons(installation: Installation) -> list[tuple[str, str]]:
    rows = installation.warehouse.rows("quarantine.row").to_pylist()
    return sorted((row["field"], row["reason"]) for row in rows)


def test_nobody_is_warned_of_twice_because_their_number_changed(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    costly = settlement(1, medfee_sumamt="20000.00", inscp_scp_amt="20000.00", fund_pay_sumamt="0.00",
                        psn_part_amt="20000.00", psn_cash_pay="20000.00")  # fmt: skip
    deliver(landing, "household_register", [registered(1)])
    deliver(landing, "inpatient_settlement", [costly])
    deliver(landing, "register_event", [renumbered(identity_number(1), 101)], NIGHT_2)
    ingest_night(installation, NIGHT_1)
    assert sum(warn(installation, NIGHT_1).report["claims"].values()) > 0
    ingest_night(installation, NIGHT_2)
    assert sum(warn(installation, NIGHT_2).report["claims"].values()) == 0


def test_dispatch_finds_name_and_phone_under_the_former_number(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "household_register", [registered(1)])
    deliver(landing, "register_event", [renumbered(identity_number(1), 101)], NIGHT_2)
    for night in (NIGHT_1, NIGHT_2):
        ingest_night(installation, night)
    conform(installation, NIGHT_2)
    key = installation.pseudonymiser.person_key(identity_number(101))
    contact = contacts_of(installation, {key})[key]
    assert (contact.identity_number, contact.name) == (identity_number(101), "王㛃")
    assert contact.phone == "19900000001"


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        ("340702********1234", "identity_masked"),
        ("340702199001011234", "identity_checksum"),
        ("3.40702E+17", "identity_float_damaged"),
    ],
)
def test_a_change_that_names_no_usable_old_number_is_returned(
    installation: Installation, old: str, reason: str
) -> None:
    rows = [renumbered(old, 101), *(renumbered(identity_number(n), 100 + n) for n in range(2, 22))]
    deliver(installation.settings.landing_folder, "register_event", rows)
    record = ingest_one(installation, "public_security")
    assert (record.status, record.accepted, record.rejected) == ("ingested", 20, 1)
    assert ("old_certno", reason) in reasons(installation)


def test_an_old_number_of_fifteen_digits_is_lengthened(installation: Installation) -> None:
    old = identity_number(1)
    deliver(installation.settings.landing_folder, "register_event", [renumbered(old[:6] + old[8:17], 101)])
    ingest_one(installation, "public_security")
    [row] = installation.warehouse.rows("ods.register_event").to_pylist()
    assert row["former_person_key"] == installation.pseudonymiser.person_key(old)


def test_a_certificate_keeps_the_key_of_the_number_inside_and_its_reissue_mark(installation: Installation) -> None:
    reissued = {**certificate(1, "2", "2020-05-01"), "certificate_no": identity_number(7).lower() + "42B1"}
    deliver(installation.settings.landing_folder, "disability_certificate", [reissued])
    ingest_one(installation, "disabled_persons_federation")
    [row] = installation.warehouse.rows("ods.disability_certificate").to_pylist()
    person_key = installation.pseudonymiser.person_key
    assert row["person_key"] == person_key(identity_number(1))
    assert row["certificate_person_key"] == person_key(identity_number(7))


def test_a_certificate_whose_number_cannot_be_one_is_returned(installation: Installation) -> None:
    right = [certificate(n, "2", "2020-05-01") for n in range(1, 21)]
    wrong = {**certificate(30, "2", "2020-05-01"), "certificate_no": identity_number(30) + "95"}
    deliver(installation.settings.landing_folder, "disability_certificate", [*right, wrong])
    record = ingest_one(installation, "disabled_persons_federation")
    assert (record.accepted, record.rejected) == (20, 1)
    assert reasons(installation) == [("certificate_no", "certificate_malformed")]


@pytest.fixture
def allowance_of_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A class beside the shipped ones whose rows name people by their certificates alone."""
    [shipped] = [path for path in contract_paths() if path.name == "disability_certificate.odcs.yaml"]
    source = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    source["id"] = source["schema"][0]["name"] = "care_allowance"
    fields = {field["name"]: field for field in source["schema"][0]["properties"]}
    card = fields["certificate_no"] | {"primaryKey": True, "primaryKeyPosition": 1}
    card["customProperties"][1:] = [
        {"property": "identity", "value": "number"},
        {"property": "numberInside", "value": "disability_certificate"},
    ]
    source["schema"][0]["properties"] = [card, fields["psn_name"]]
    source["schema"][0]["quality"] = []
    (tmp_path / "contracts").mkdir()
    path = tmp_path / "contracts" / "care_allowance.odcs.yaml"
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    monkeypatch.setenv("SHOUWANG_CONTRACTS_DIR", str(path.parent))
    contracts.cache_clear()
    yield
    contracts.cache_clear()


@pytest.mark.usefixtures("allowance_of_certificates")
def test_a_class_that_only_brings_certificates_names_people_by_the_number_inside(installation: Installation) -> None:
    rows = [{"certificate_no": identity_number(n) + "42", "psn_name": "周某"} for n in (1, 2)]
    deliver(installation.settings.landing_folder, "care_allowance", rows)
    ingest_one(installation, "disabled_persons_federation")
    stored = installation.warehouse.rows("ods.care_allowance").to_pylist()
    assert {row["person_key"] for row in stored} == {
        installation.pseudonymiser.person_key(identity_number(n)) for n in (1, 2)
    }
