"""How empty each field of each delivery was (`ops.field_profile`), to notice when that jumps."""

from collections.abc import Sequence
from fractions import Fraction

import pyarrow as pa

from jobs.ingest.batch import Batch, Delivery
from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.gathering import Gathering
from warehouse.tables import rows_among

TABLE = "ops.field_profile"


def keep_profile(batch: Batch, delivery: Delivery, gathering: Gathering) -> None:
    """Put the delivery's profile beside the others, in place of an earlier one of the same delivery."""
    table = definition(TABLE)
    rows = [
        {
            "delivery_id": delivery.delivery_id,
            "extract_class": delivery.contract.extract_class,
            "business_date": delivery.known_on,
            "field": name,
            "row_count": batch.row_count,
            "null_count": nulls,
        }
        for name, nulls in batch.read.empty_counts.items()
    ]
    gathering.put(table, pa.Table.from_pylist(rows, schema=table.schema), delivery.delivery_id)


def highest_null_rates(installation: Installation, delivery_ids: Sequence[str], least_rows: int) -> dict[str, Fraction]:
    """The highest share of empty values that each field had in any of these deliveries, tiny ones apart."""
    if not delivery_ids or not installation.warehouse.exists(TABLE):
        return {}
    rates: dict[str, Fraction] = {}
    for row in installation.warehouse.rows(TABLE, rows_among("delivery_id", delivery_ids)).to_pylist():
        if row["row_count"] >= least_rows:
            rate = Fraction(row["null_count"], row["row_count"])
            rates[row["field"]] = max(rates.get(row["field"], rate), rate)
    return rates
