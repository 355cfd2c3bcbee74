"""Making every person, household and row key anew under a secret that was added to `person_key`.

Keys tell their version, so what was made anew is not made anew twice, and a rotation that was killed goes on where it
ended. Until it ends no step runs: see `jobs.rotation.in_use`. The ids of warnings and findings stay.
"""

from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jobs.alone import nobody_else
from jobs.case_service_process import answer_of_case_service
from jobs.errors import OtherPersonKeyError
from jobs.identity import Pseudonymiser, Sealer
from jobs.ingest.digests import digests_under
from jobs.installation import Installation
from jobs.layer_state import forget_layers
from jobs.lineage import layer_tables
from jobs.rotation.in_use import NAME, PersonKeyInUse, note_person_key, person_key_fingerprint, person_key_in_use
from jobs.rotation.vault_key import BLOCK
from jobs.settings import Settings
from schemas.person_keys import KEY_IN_TEXT, NextKeys
from warehouse.rewriting import Change, rewrite
from warehouse.tables import EVERY_ROW
from warehouse.upkeep import keep_up

# As KEY_IN_TEXT, without what Arrow's regular expressions lack: finds more rather than less.
_MAY_HOLD_KEY = r"[hpr]\d+_[0-9a-f]{24}"


def rotate_person_key(installation: Installation, now: datetime, with_case_service: bool) -> dict[str, Any]:
    """Make all keys anew, in the case service first. Raises BusyError while a step runs.

    What the layers hold goes: the next night builds them whole.
    """
    settings = installation.settings
    with nobody_else(installation, longest_wait=0):
        note_person_key(settings, _under_way(settings))
        report: dict[str, Any] = {}
        if with_case_service:
            given = settings.key(NAME).decode()
            report["case_service"] = answer_of_case_service("rotate-person-key", given=given)
        report["rows_rewritten"] = _rewrite_tables(installation, now)
        note_person_key(settings, PersonKeyInUse(person_key_fingerprint(settings.key(NAME))))
    return report | {"key_version": Pseudonymiser(settings.key(NAME)).key_version}


def _under_way(settings: Settings) -> PersonKeyInUse:
    secrets = settings.key(NAME).split()
    own, before = person_key_fingerprint(settings.key(NAME)), person_key_fingerprint(b" ".join(secrets[:-1]))
    noted = person_key_in_use(settings) or PersonKeyInUse(before)
    if noted.rotating_to == own or (noted == PersonKeyInUse(before) and len(secrets) > 1):
        return PersonKeyInUse(before, rotating_to=own)
    if noted == PersonKeyInUse(own):
        raise OtherPersonKeyError(
            f"The tables were made with this person_key (fingerprint {own}) already. To rotate it, the system "
            "administrator must add a new secret to it as one more last line (openssl rand -hex 32); the lines before "
            "stay, because the new keys are made of the old ones."
        )
    raise OtherPersonKeyError(
        f"person_key does not follow from the one that the tables were made with (fingerprint {noted.holds}): the "
        "system administrator must put that one back and add one new secret to it as its last line."
    )


def _rewrite_tables(installation: Installation, now: datetime) -> dict[str, int]:
    warehouse = installation.warehouse
    layers = {table.name for table in layer_tables()}
    forget_layers(installation)
    rewritten = {}
    for name in warehouse.table_names():
        if name in layers:
            warehouse.replace(name, [], EVERY_ROW)
        elif rows := rewrite(warehouse, name, _change(installation, name)):
            rewritten[name] = rows
        # What old snapshots name is under the old key.
        keep_up(warehouse, name, now, now)
    return rewritten


def _change(installation: Installation, name: str) -> Change:
    *_, secret = installation.settings.key(NAME).split()
    pseudonymiser = installation.pseudonymiser
    keys = NextKeys(secret, pseudonymiser.key_version)
    if name == BLOCK:
        sealer = Sealer(installation.settings.key("vault_key"))
        return lambda rows: _blocks(sealer, keys, rows)
    return lambda rows: _rows(keys, pseudonymiser.row_secrets[-1], rows)


def _rows(keys: NextKeys, row_secret: str, rows: pa.Table) -> pa.Table | None:
    columns = {name: _texts(keys, rows.column(name)) for name in rows.column_names}
    if not any(column is not None for column in columns.values()):
        return None
    if "row_hash" in rows.column_names:
        # A row's digest does not tell its version: its keys do, which are made anew in the same commit.
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            digests = rows.column("row_hash").cast(pa.string()).combine_chunks()
            columns["row_hash"] = digests_under(connection, digests, row_secret)
    for place, (name, column) in enumerate(columns.items()):
        if column is not None:
            rows = rows.set_column(place, name, column)
    return rows


def _texts(keys: NextKeys, column: pa.ChunkedArray) -> pa.Array | None:
    """The column with its keys made anew; None where there is none to make."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return None
    coded = column.combine_chunks().dictionary_encode()
    distinct = coded.dictionary
    if not pc.any(pc.match_substring_regex(distinct, _MAY_HOLD_KEY)).as_py():
        return None
    texts = distinct.to_pylist()
    changed = [keys.of(text) if text and KEY_IN_TEXT.search(text) else text for text in texts]
    if changed == texts:
        return None
    return pa.array(changed, column.type).take(coded.indices)


def _blocks(sealer: Sealer, keys: NextKeys, rows: pa.Table) -> pa.Table | None:
    blocks, is_changed = rows.to_pylist(), False
    for row in blocks:
        people = sealer.open(row["block"], row["sealed"])
        if "person_key" not in people.column_names:
            continue
        column = _texts(keys, people.column("person_key"))
        if column is not None:
            place = people.column_names.index("person_key")
            changed = people.set_column(place, "person_key", column)
            row |= {"sealed": sealer.seal(row["block"], changed), "key_version": sealer.key_number}
            is_changed = True
    return pa.Table.from_pylist(blocks, schema=rows.schema) if is_changed else None
