"""Sealing the vault anew under the newest key; both keys open it meanwhile."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag

from jobs.alone import nobody_else
from jobs.errors import VaultKeyError
from jobs.identity import Sealer
from jobs.installation import Installation
from warehouse.rewriting import rewrite
from warehouse.upkeep import keep_up

BLOCK = "vault.block"


def rotate_vault_key(installation: Installation, now: datetime) -> dict[str, Any]:
    """Seal what other keys than the newest sealed; old files go. Raises BusyError while a step runs."""
    sealer = Sealer(installation.settings.key("vault_key"))
    with nobody_else(installation, longest_wait=0):
        if not installation.warehouse.exists(BLOCK):
            return {"blocks": 0, "sealed_anew": 0}
        before = _sealed_by_others(installation, sealer)
        rewrite(installation.warehouse, BLOCK, lambda rows: _sealed_anew(sealer, rows))
        # Even where nothing was to be done: a kill may have come before the old files went.
        keep_up(installation.warehouse, BLOCK, now, now)
        return {
            "blocks": installation.warehouse.rows(BLOCK).num_rows,
            "sealed_anew": before,
            "left_under_other_keys": _sealed_by_others(installation, sealer),
        }


def _sealed_by_others(installation: Installation, sealer: Sealer) -> int:
    numbers = installation.warehouse.rows(BLOCK).column("key_version")
    return int(pc.sum(pc.not_equal(numbers, sealer.key_number)).as_py() or 0)


def _sealed_anew(sealer: Sealer, rows: pa.Table) -> pa.Table | None:
    others = pc.not_equal(rows.column("key_version"), sealer.key_number)
    if not pc.any(others).as_py():
        return None
    changed = rows.to_pylist()
    for row in changed:
        if row["key_version"] != sealer.key_number:
            try:
                opened = sealer.open(row["block"], row["sealed"])
            except InvalidTag:
                raise VaultKeyError(
                    f"a block of delivery {row['delivery_id']} opens with none of the keys in vault_key: the system "
                    "administrator must add the key of that time as the first line. Nothing was changed."
                ) from None
            row |= {"sealed": sealer.seal(row["block"], opened), "key_version": sealer.key_number}
    return pa.Table.from_pylist(changed, schema=rows.schema)
