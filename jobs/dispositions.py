"""What became of every warning: `ads.disposition`, one answer for each warning and date."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.installation import Installation
from schemas.messages import Disposition, DispositionKind
from warehouse.definitions import definition
from warehouse.tables import rows_where

TABLE = "ads.disposition"

Row = dict[str, Any]


def dispositions(installation: Installation, business_date: date | None = None) -> list[Row]:
    """All that there are, or those of one date."""
    if not installation.warehouse.exists(TABLE):
        return []
    of_date = rows_where(business_date=business_date) if business_date else None
    rows: list[Row] = installation.warehouse.rows(TABLE, of_date).to_pylist()
    return rows


def standing_dispositions(installation: Installation, business_date: date) -> list[Row]:
    """The latest disposition of every warning as of the date."""
    latest: dict[str, Row] = {}
    for row in sorted(dispositions(installation), key=lambda row: row["business_date"]):
        if row["business_date"] <= business_date:
            latest[row["warning_id"]] = row
    return list(latest.values())


def told_ids(installation: Installation, business_date: date) -> set[str]:
    """The warnings that people were told of on the date: whatever comes later, nobody can be untold."""
    return {
        row["warning_id"]
        for row in dispositions(installation, business_date)
        if row["kind"] != DispositionKind.WITHHELD
    }


def record_dispositions(installation: Installation, business_date: date, answers: Iterable[Disposition]) -> None:
    """Record what became of warnings on the date; a later answer of the same date takes the place of the earlier."""
    new = {item.warning_id: item for item in answers}
    if not new:
        return
    added = [
        {
            "warning_id": item.warning_id,
            "business_date": business_date,
            "kind": item.kind.value,
            "order_number": item.order_number,
            "reason": item.reason,
            "expires_on": item.expires_on,
        }
        for item in new.values()
    ]
    kept = [row for row in dispositions(installation, business_date) if row["warning_id"] not in new]
    _replace(installation, business_date, [*kept, *added])


def forget_withheld(installation: Installation, business_date: date, warning_ids: set[str]) -> None:
    """Of what was withheld on the date keep only what concerns these warnings.

    Nobody was told of the others, and later deliveries of the same date left nothing of them.
    """
    rows = dispositions(installation, business_date)
    kept = [row for row in rows if row["kind"] != DispositionKind.WITHHELD or row["warning_id"] in warning_ids]
    if len(kept) < len(rows):
        _replace(installation, business_date, kept)


def _replace(installation: Installation, business_date: date, rows: list[Row]) -> None:
    table = definition(TABLE)
    ordered = sorted(rows, key=lambda row: str(row["warning_id"]))
    installation.warehouse.replace_rows(
        table, pa.Table.from_pylist(ordered, schema=table.schema), rows_where(business_date=business_date)
    )
