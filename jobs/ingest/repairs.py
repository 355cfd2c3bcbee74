"""Mends what is certain to be meant, and keeps a record of it in `quarantine.repair`.

The department's file stays as it is; the record tells it what we read instead.
"""

from jobs.ingest.batch import Batch, Delivery
from jobs.installation import Installation
from warehouse.definitions import definition
from warehouse.tables import rows_where


def keep_repairs(batch: Batch, delivery: Delivery, installation: Installation) -> None:
    """Record what was mended in the rows that become versions, in place of an earlier attempt's record.

    Rows that are unchanged were recorded when they became known.
    """
    warehouse, table = installation.warehouse, definition("quarantine.repair")
    warehouse.ensure(table)
    manifest = delivery.manifest
    number = f"text_{delivery.contract.identity_field.name}"
    rows = batch.connection.execute(f"""
        select '{delivery.delivery_id}' as delivery_id, date '{manifest.business_date}' as business_date,
          '{manifest.department}' as department, '{manifest.extract_class}' as extract_class,
          source_file as file, cast(source_line as integer) as line, mended.field as field, mended.repair as repair,
          masked({number}) as masked_identity
        from (select *, unnest(repairs) as mended from rows join version using (source_file, source_line)
          where len(repairs) > 0)
        order by file, line, field""").to_arrow_table()
    warehouse.replace_rows(table, rows.cast(table.schema), rows_where(delivery_id=delivery.delivery_id))
