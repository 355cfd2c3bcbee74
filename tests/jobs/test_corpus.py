"""Every ugly delivery ends as its case says: rows counted, reasons named, or held with a clear sentence."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from jobs.errors import DeliveryHeldError
from jobs.ingest import ingest_department
from jobs.ingest.arrival import Arrival
from jobs.ingest.batch import Delivery, open_batch
from jobs.installation import Installation
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, DeliveredFile, Manifest, department_folder
from schemas.loader import contracts
from schemas.row_rules import REASONS_ZH
from tests.jobs.corpus import delimited, files, values
from tests.jobs.corpus.case import Case
from tests.jobs.landing import NIGHT_1

CASES = [*delimited.CASES, *files.CASES, *values.CASES]


def manifest_of(case: Case) -> Manifest:
    contract = contracts()[case.extract_class]
    name = f"{case.extract_class}_{NIGHT_1:%Y%m%d}_01.{case.suffix}"
    return Manifest(
        extract_class=case.extract_class,
        department=contract.department,
        schema_version=contract.schema_version,
        mode=contract.delivery_mode,
        business_date=NIGHT_1,
        period_start=date(2026, 1, 1),
        period_end=NIGHT_1,
        sequence=1,
        row_count=case.accepted + case.rejected if case.row_count is None else case.row_count,
        control_sum=None,
        files=[DeliveredFile(name=name, sm3=hashlib.new("sm3", case.content).hexdigest())],
        encoding=contract.file.encoding,
    )


def land(installation: Installation, case: Case) -> Delivery:
    manifest = manifest_of(case)
    folder = department_folder(installation.settings.landing_folder, NIGHT_1, manifest.department)
    folder.mkdir(parents=True)
    (folder / manifest.files[0].name).write_bytes(case.content)
    (folder / f"{manifest.stem}{MANIFEST_SUFFIX}").write_text(manifest.model_dump_json(), encoding="utf-8")
    (folder / f"{manifest.stem}{DONE_SUFFIX}").touch()
    return Delivery(Arrival(manifest, folder, NIGHT_1, manifest.delivery_id), contracts()[case.extract_class])


def test_the_corpus_is_large_and_its_names_differ() -> None:
    assert len(CASES) >= 60
    assert sum(case.whole for case in CASES) >= 15
    assert len({case.name for case in CASES}) == len(CASES)
    assert {reason for case in CASES for reason in case.reasons} <= set(REASONS_ZH)


@pytest.mark.parametrize("case", [case for case in CASES if not case.whole], ids=lambda case: case.name)
def test_a_delivery_is_read_as_its_case_says(installation: Installation, case: Case) -> None:
    delivery = land(installation, case)
    if case.held:
        with pytest.raises(DeliveryHeldError, match=case.held) as caught:
            open_batch(delivery, installation.person_keys)
        assert caught.value.zh
        return
    batch = open_batch(delivery, installation.person_keys)
    accepted = int(batch.read.right.sum())
    reasons = set(batch.read.problems["reason"].to_pylist())
    assert (accepted, batch.received - accepted) == (case.accepted, case.rejected)
    assert reasons | ({"malformed_line"} if batch.malformed_count else set()) == case.reasons
    assert set(batch.read.repairs["repair"].to_pylist()) == case.repairs


@pytest.mark.parametrize("case", [case for case in CASES if case.whole], ids=lambda case: case.name)
def test_a_delivery_is_ingested_as_its_case_says(installation: Installation, case: Case) -> None:
    delivery = land(installation, case)
    record = ingest_department(installation, delivery.manifest.department, NIGHT_1)[0]
    assert record.received == record.accepted + record.rejected + record.unchanged
    if case.held:
        assert record.status == "held"
        assert case.held in str(record.held_reason)
        assert record.held_reason_zh
        return
    assert (record.status, record.held_reason) == ("ingested", None)
    assert (record.accepted, record.rejected) == (case.accepted, case.rejected)
    assert _values(installation, "quarantine.row", "reason") == case.reasons
    assert _values(installation, "quarantine.repair", "repair") == case.repairs


def _values(installation: Installation, table: str, column: str) -> set[str]:
    return set(installation.warehouse.rows(table)[column].to_pylist())


def test_what_is_mended_names_nobody(installation: Installation) -> None:
    case = next(case for case in CASES if case.name == "fifteen digits")
    land(installation, case)
    ingest_department(installation, "medical_insurance", NIGHT_1)
    row = installation.warehouse.rows("quarantine.repair").to_pylist()[0]
    assert (row["line"], row["field"], row["masked_identity"]) == (2, "certno", "130503*****1001")


def test_lines_keep_their_numbers_across_values_that_span_lines(installation: Installation) -> None:
    case = next(case for case in CASES if case.name == "a value that spans lines")
    batch = open_batch(land(installation, case), installation.person_keys)
    numbers = [line for (line,) in batch.connection.execute("select source_line from rows order by 1").fetchall()]
    assert numbers == [2, 3, *range(5, 15)]


def test_nothing_of_a_zip_is_left_behind(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    case = next(case for case in CASES if case.name == "a zip of a csv")
    open_batch(land(installation, case), installation.person_keys)
    assert list(folder.iterdir()) == []
