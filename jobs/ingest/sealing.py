"""Puts the identities of a batch into the vault: numbers once a person, contacts when they change."""

import json

import pyarrow as pa

from jobs.identity import Pseudonymiser
from jobs.ingest.batch import Batch, Delivery
from jobs.ingest.versions import keeps_contact
from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.tables import rows_where


def seal_identities(batch: Batch, delivery: Delivery, installation: Installation) -> None:
    """Add what the vault does not hold yet for the people of the batch's new versions.

    A repeat for the same delivery replaces what the first attempt added.
    """
    _seal_numbers(batch, delivery, installation)
    if keeps_contact(delivery.contract):
        _seal_contacts(batch, delivery, installation)


def _seal_numbers(batch: Batch, delivery: Delivery, installation: Installation) -> None:
    table = definition("vault.identity")
    installation.warehouse.ensure(table)
    held = _held(batch, installation, "vault.identity", delivery.delivery_id, "person_key")
    people = batch.connection.execute(f"""
        select distinct person_keys.key, person_keys.number from person_keys
        join version on version.person_key = person_keys.key
        where not exists (select 1 from {held} as held where held.person_key = person_keys.key)
        order by 1""").fetchall()
    rows = [(key, installation.vault.seal(key, {"identity_number": number})) for key, number in people]
    _commit(
        delivery,
        installation,
        "vault.identity",
        {
            "person_key": pa.array([key for key, _ in rows], pa.string()),
            "sealed": pa.array([sealed for _, sealed in rows], pa.binary()),
        },
    )


def _seal_contacts(batch: Batch, delivery: Delivery, installation: Installation) -> None:
    table = definition("vault.contact")
    installation.warehouse.ensure(table)
    contract = delivery.contract
    names = [field.name for field in contract.contact_fields]
    people = batch.connection.execute(f"""
        select version.person_key, {", ".join("rows." + name for name in names)}
        from version join rows using (source_file, source_line) order by 1""").fetchall()
    held = _held(batch, installation, "vault.contact", delivery.delivery_id, "person_key, extract_class, fingerprint")
    known = set(
        batch.connection.execute(
            f"select person_key, fingerprint from {held} as held where extract_class = $class",
            {"class": contract.extract_class},
        ).fetchall()
    )
    rows = []
    for key, *values in people:
        content = dict(zip(names, values, strict=True))
        fingerprint = _content_fingerprint(installation.pseudonymiser, content)
        if (key, fingerprint) not in known:
            rows.append((key, fingerprint, installation.vault.seal(key, content)))
    _commit(
        delivery,
        installation,
        "vault.contact",
        {
            "person_key": pa.array([row[0] for row in rows], pa.string()),
            "extract_class": pa.array([contract.extract_class] * len(rows), pa.string()),
            "fingerprint": pa.array([row[1] for row in rows], pa.string()),
            "sealed": pa.array([row[2] for row in rows], pa.binary()),
        },
    )


def _content_fingerprint(pseudonymiser: Pseudonymiser, content: dict[str, str | None]) -> str:
    return pseudonymiser.fingerprint(json.dumps(content, ensure_ascii=False, sort_keys=True))


def _held(batch: Batch, installation: Installation, table: str, delivery_id: str, columns: str) -> str:
    files = installation.warehouse.files(table)
    if not files:
        batch.connection.register("vault_empty", definition(table).schema.empty_table())
        return "vault_empty"
    listed = ", ".join(f"'{file}'" for file in files)
    return f"(select {columns} from read_parquet([{listed}]) where delivery_id <> '{delivery_id}')"


def _commit(delivery: Delivery, installation: Installation, name: str, columns: dict[str, pa.Array]) -> None:
    count = len(columns["person_key"])
    rows = pa.table(
        {
            **columns,
            "key_version": pa.array([installation.vault.key_version] * count, pa.int32()),
            "known_on": pa.array([delivery.known_on] * count, pa.date32()),
            "delivery_id": pa.array([delivery.delivery_id] * count, pa.string()),
        }
    )
    installation.warehouse.replace_rows(definition(name), rows, rows_where(delivery_id=delivery.delivery_id))
