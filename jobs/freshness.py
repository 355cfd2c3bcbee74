"""Freshness: what each extract class covers, until when, and how many rows stand (`ads.freshness`)."""

from collections.abc import Mapping

import pyarrow as pa

from jobs.coverage import coverage
from jobs.installation import Installation
from jobs.layer_state import AskedStates
from jobs.layer_tables import register_layers
from jobs.ods import OdsTables, is_contested_sql, key_columns, latest_version_sql, ods_sql_name, register_ods
from schemas.loader import Contract, contracts
from warehouse.definitions import definition
from warehouse.engines.engine import Engine
from warehouse.layers import LayerState, Source, build_whole, layer_state

FRESHNESS = "ads.freshness"


def build_freshness(
    engine: Engine, installation: Installation, ods: OdsTables, asked: AskedStates, current: Mapping[str, Source]
) -> None:
    """Write `ads.freshness` as of the date that is asked for; only classes of which other rows stand are counted."""
    state = LayerState("", asked.texts, asked.business_date, current)
    counted = _counted_before(installation, state)
    rows = []
    covered = coverage(installation, asked.business_date)
    for contract in contracts().values():
        if contract.extract_class not in counted:
            counted[contract.extract_class] = _count_standing(engine, ods, contract, state)
        rows.append(
            {
                "extract_class": contract.extract_class,
                "title": contract.title,
                "department": contract.department,
                "row_count": counted[contract.extract_class],
                "latency_days": contract.latency_days,
                "covers_until": covered[contract.extract_class].until if contract.extract_class in covered else None,
            }
        )
    columns = [("extract_class", pa.string()), ("title", pa.string()), ("department", pa.string())]
    columns += [("row_count", pa.int64()), ("latency_days", pa.int32()), ("covers_until", pa.date32())]
    schema = pa.schema(columns)
    engine.register_table("extract_class", pa.Table.from_pylist(rows, schema=schema))
    register_layers(engine, installation, "ops")
    build_whole(engine, installation.warehouse, definition(FRESHNESS), {"as_of": asked.business_date}, state)


def _counted_before(installation: Installation, state: LayerState) -> dict[str, int]:
    """The counts of the classes of which the same rows stood when they were last counted."""
    held = layer_state(installation.warehouse, FRESHNESS)
    if held is None or held.texts != state.texts:
        return {}
    return {
        row["extract_class"]: row["row_count"]
        for row in installation.warehouse.rows(FRESHNESS).to_pylist()
        if _same_rows_stand(held, state, row["extract_class"])
    }


def _same_rows_stand(held: LayerState, state: LayerState, extract_class: str) -> bool:
    source = state.sources[extract_class]
    if held.sources[extract_class].content != source.content:
        return False
    earlier = min(held.as_of, state.as_of)
    return held.as_of == state.as_of or (source.known_until is not None and source.known_until <= earlier)


def _count_standing(engine: Engine, ods: OdsTables, contract: Contract, state: LayerState) -> int:
    if state.sources[contract.extract_class].content is None:
        return 0
    register_ods(engine, ods, contract, state.as_of)
    name, keys = ods_sql_name(contract), key_columns(contract)
    known = _count(engine, f"{name}_version")
    if not ods.is_contested(contract):
        return known
    # The contested versions are looked for once, and only they are ranked.
    told_by = ", ".join(dict.fromkeys([*keys, "operation", "period_end", "known_on", "delivery_id"]))
    is_contested = is_contested_sql(contract, f"{name}_contested")
    several = f"select {told_by} from {name}_version as version where {is_contested}"
    contested = engine.keep(f"{name}_several", several)
    latest = latest_version_sql(f"{name}_several", keys)
    return known - contested + _count(engine, f"({latest}) as latest where operation <> 'delete'")


def _count(engine: Engine, rows: str) -> int:
    return int(engine.query(f"select count(*) as row_count from {rows}").to_pylist()[0]["row_count"])
