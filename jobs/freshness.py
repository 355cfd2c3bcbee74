"""Freshness: what each extract class covers, until when, and how many rows stand (`ads.freshness`)."""

from datetime import date

import pyarrow as pa

from jobs.installation import Installation
from jobs.layer_tables import register_layers, write_layer_table
from jobs.ods import ods_table, register_ods
from schemas.loader import contracts
from warehouse.engines.engine import Engine


def build_freshness(engine: Engine, installation: Installation, business_date: date) -> None:
    """Write `ads.freshness` as of the date."""
    register_layers(engine, installation, "ops")
    rows = []
    for contract in contracts().values():
        register_ods(engine, installation, contract, business_date)
        rows.append(
            {
                "extract_class": contract.extract_class,
                "title": contract.title,
                "department": contract.department,
                "row_count": _row_count(engine, ods_table(contract).sql_name),
                "latency_days": contract.latency_days,
            }
        )
    columns = [("extract_class", pa.string()), ("title", pa.string()), ("department", pa.string())]
    schema = pa.schema([*columns, ("row_count", pa.int64()), ("latency_days", pa.int32())])
    engine.register_table("extract_class", pa.Table.from_pylist(rows, schema=schema))
    write_layer_table(engine, installation, "ads.freshness", business_date)


def _row_count(engine: Engine, view: str) -> int:
    return int(engine.query(f"select count(*) as row_count from {view}").to_pylist()[0]["row_count"])
