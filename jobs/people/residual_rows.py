"""Rows whose only fault is that their identity number cannot be used: masked, damaged, mistyped or missing.

They stand in the quarantine and stay returned to the department; whom they may be about is proposed by review.
They are read again from landing, where they lie as delivered.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc
import structlog

from jobs.errors import DeliveryHeldError
from jobs.ingest import ledger
from jobs.ingest.arrival import Arrival, base_id
from jobs.ingest.batch import Batch, Delivery, open_batch
from jobs.ingest.ledger import DeliveryRecord
from jobs.installation import Installation
from jobs.ods import VERSION_COLUMNS, ods_table
from jobs.people.decisions import ROW_PREFIX, as_json
from schemas.delivery import DONE_SUFFIX, MANIFEST_SUFFIX, Manifest, department_folder
from schemas.loader import Contract, contracts
from warehouse.tables import rows_where

log = structlog.get_logger(__name__)

REASONS = {"identity_masked", "identity_checksum", "identity_float_damaged", "missing_required"}
LOOK_BACK = timedelta(days=92)
_HIDDEN = re.compile(r"[*＊●×Xx]{2,}")
_SCIENTIFIC = re.compile(r"([1-9])\.?([0-9]*)[Ee]\+?[0-9]+")
_DIGITS_KEPT = 15
_VILLAGE_FIELDS = ("village_code", "domicile_village_code")


@dataclass(frozen=True)
class ResidualRow:
    """One row, what it says of the person it is about, and what the warehouse would keep of it.

    `number` is the whole number where one character of it may be wrong; `head` and `tail` are what can be read of
    a number whose middle or end is lost.
    """

    subject_key: str
    delivery_id: str
    extract_class: str
    file: str
    line: int
    period_end: date
    content: str
    name: str | None
    sex: str | None
    born_on: str | None
    village_code: str | None
    number: str | None
    head: str | None
    tail: str | None


def residual_rows(installation: Installation, business_date: date) -> Iterator[ResidualRow]:
    """The residual rows of the newest snapshots, and of other deliveries of the last quarter."""
    for record in _deliveries(installation, business_date):
        lines = _residual_lines(installation, record)
        delivery = _delivery_of(installation, record) if lines else None
        if delivery is None:
            continue
        try:
            batch = open_batch(delivery, installation.person_keys)
        except DeliveryHeldError as unreadable:
            log.warning("delivery cannot be read again", delivery_id=record.delivery_id, reason=str(unreadable))
            continue
        with batch.connection:
            yield from _rows_of(installation, delivery, batch, lines)


def _deliveries(installation: Installation, business_date: date) -> list[DeliveryRecord]:
    ingested = [
        record
        for record in ledger.records(installation, status="ingested")
        if record.business_date <= business_date and record.rejected and record.extract_class in contracts()
    ]
    newest: dict[str, tuple[date, str]] = {}
    for record in ledger.records(installation, status="ingested"):
        if record.business_date <= business_date:
            place = (record.period_end, record.delivery_id)
            newest[record.extract_class] = max(newest.get(record.extract_class, place), place)
    return [
        record
        for record in ingested
        if (record.period_end, record.delivery_id) == newest[record.extract_class]
        or (record.mode == "incremental" and record.business_date >= business_date - LOOK_BACK)
    ]


def _residual_lines(installation: Installation, record: DeliveryRecord) -> set[tuple[str, int]]:
    number = contracts()[record.extract_class].identity_field.name
    problems = installation.warehouse.rows("quarantine.row", rows_where(delivery_id=record.delivery_id)).to_pylist()
    other = {(row["file"], row["line"]) for row in problems if row["field"] != number or row["reason"] not in REASONS}
    return {(row["file"], row["line"]) for row in problems} - other


def _delivery_of(installation: Installation, record: DeliveryRecord) -> Delivery | None:
    """The delivery as it lies in landing; None where retention has removed it."""
    landed_on = record.landed_on or record.business_date
    folder = department_folder(installation.settings.landing_folder, landed_on, record.department)
    _, extract_class, day, sequence = base_id(record.delivery_id).split(".")
    stem = f"{extract_class}_{day}_{sequence}"
    if not (folder / f"{stem}{DONE_SUFFIX}").exists():
        return None
    manifest = Manifest.model_validate_json((folder / f"{stem}{MANIFEST_SUFFIX}").read_text(encoding="utf-8"))
    arrival = Arrival(manifest, folder, record.business_date, record.delivery_id)
    return Delivery(arrival, contracts()[extract_class]) if arrival.content_hash == record.content_hash else None


def _rows_of(
    installation: Installation, delivery: Delivery, batch: Batch, lines: set[tuple[str, int]]
) -> Iterator[ResidualRow]:
    contract = delivery.contract
    rows = batch.read.rows
    wanted = rows.filter(pc.invert(rows.column("is_right"))).to_pylist()
    texts = batch.text.filter(pc.invert(rows.column("is_right"))).to_pylist()
    for row, text in zip(wanted, texts, strict=True):
        if (row["source_file"], row["source_line"]) in lines:
            yield _residual(installation, delivery, contract, row, text)


def _residual(
    installation: Installation, delivery: Delivery, contract: Contract, row: dict[str, Any], text: dict[str, Any]
) -> ResidualRow:
    delivered = "␟".join(str(text[field.name] or "") for field in contract.fields)
    digest = installation.pseudonymiser.fingerprint(f"{contract.extract_class}␟{delivered}")
    columns = ods_table(contract).columns[len(VERSION_COLUMNS) :]
    types = {column.name: column.physical_type for column in columns if column.name != "person_key"}
    name = next((field.name for field in contract.fields if field.identity == "name"), None)
    number, head, tail = readable_number(text[contract.identity_field.name])
    return ResidualRow(
        subject_key=f"{ROW_PREFIX}{installation.pseudonymiser.key_version}_{digest}",
        delivery_id=delivery.delivery_id,
        extract_class=contract.extract_class,
        file=row["source_file"],
        line=row["source_line"],
        period_end=delivery.manifest.period_end,
        content=as_json({column: row[column] for column in types}, types),
        name=row[name] if name else None,
        sex=row.get("sex"),
        born_on=str(row["born_on"]) if row.get("born_on") else None,
        village_code=next((row[field] for field in _VILLAGE_FIELDS if row.get(field)), None),
        number=number,
        head=head,
        tail=tail,
    )


def readable_number(text: str | None) -> tuple[str | None, str | None, str | None]:
    """What can be read of an unusable identity number: the whole, or its head and its tail.

    >>> readable_number("340702********1234"), readable_number("3.40702199E+17"), readable_number("")
    ((None, '340702', '1234'), (None, '340702199', ''), (None, None, None))
    """
    tidy = (text or "").strip().lstrip("'‘’`").replace(" ", "")
    if hidden := _HIDDEN.search(tidy):
        return None, tidy[: hidden.start()], tidy[hidden.end() :].upper()
    if scientific := _SCIENTIFIC.fullmatch(tidy):
        return None, scientific[1] + scientific[2], ""
    if re.fullmatch(r"[0-9]{16,18}(\.0+)?", tidy) and tidy.partition(".")[0].endswith("00"):
        return None, tidy[:_DIGITS_KEPT], ""
    return (tidy.upper(), None, None) if re.fullmatch(r"[0-9]{14,19}[0-9Xx]?", tidy) else (None, None, None)
