"""Mends what is certain to be meant, and keeps a record of it in `quarantine.repair`.

The department's file stays as it is; the record tells it what we read instead.
"""

from jobs.ingest.batch import Batch, Delivery
from warehouse.definitions import definition
from warehouse.gathering import Gathering


def keep_repairs(batch: Batch, delivery: Delivery, gathering: Gathering) -> None:
    """Record what was mended in the rows that become versions, in place of an earlier attempt's record.

    Rows that are unchanged were recorded when they became known.
    """
    table = definition("quarantine.repair")
    manifest = delivery.manifest
    mended = batch.connection.execute(
        "select repair.* from repair semi join version using (row_number)"
    ).to_arrow_table()
    batch.connection.register("mended", mended)
    batch.show_text_of(mended.column("row_number").unique())
    rows = batch.connection.execute(f"""
        select '{delivery.delivery_id}' as delivery_id, date '{manifest.business_date}' as business_date,
          '{manifest.department}' as department, '{manifest.extract_class}' as extract_class,
          source_file as file, cast(source_line as integer) as line, field, repair,
          masked({delivery.contract.identity_field.name}) as masked_identity
        from mended join text_of_row using (row_number)
        order by file, line, field""").to_arrow_table()
    gathering.put(table, rows, delivery.delivery_id)
