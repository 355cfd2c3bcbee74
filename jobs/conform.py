"""Conform: from row versions to people, households, events (dwd) and what models need (dws).

The layers hold the state as known on one business date. They are built from ods alone, so the
state of any date can be built again.
"""

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.ods import ods_table, register_ods
from jobs.people.decisions import decided_on, decisions
from jobs.people.links import LINK_SOURCES, known_people
from jobs.people.places import register_divisions
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from schemas.division_changes import division_changes
from schemas.loader import contracts
from warehouse.definitions import definition, layer_definitions, layer_sql
from warehouse.engines.engine import Engine
from warehouse.tables import EVERY_ROW

LAYERS = ("dwd", "dws")
STATE_MARK = "shouwang.state"


def state_fingerprint(installation: Installation, business_date: date) -> str:
    """What the layers' state on a date depends on: the deliveries known by then, the contracts, the layer SQL."""
    deliveries = [
        (record.delivery_id, record.content_hash)
        for record in ledger.records(installation, status="ingested")
        if record.business_date <= business_date
    ]
    texts = [layer_sql(name) for layer in LAYERS for name in layer_definitions(layer)]
    promises = [contract.path.read_text(encoding="utf-8") for contract in contracts().values()]
    decided = decisions(installation, business_date)
    return fingerprint_of(business_date, deliveries, texts, promises, decided, division_changes())


def conform(installation: Installation, business_date: date) -> StepResult:
    """Bring dwd and dws to the state of the business date; reports the rows of each table."""
    fingerprint = state_fingerprint(installation, business_date)
    return run_step(
        installation,
        business_date,
        "conform",
        fingerprint,
        lambda: _build_layers(installation, business_date, fingerprint),
    )


def ensure_conformed(installation: Installation, business_date: date) -> None:
    """Rebuild the layers where they hold the state of another date or of other inputs."""
    if not holds_state_of(installation, business_date):
        _build_layers(installation, business_date, state_fingerprint(installation, business_date))


def holds_state_of(installation: Installation, business_date: date) -> bool:
    """Whether the layers hold the state of the date, whole; the last table is committed last."""
    last_table = list(layer_definitions(LAYERS[-1]))[-1]
    mark = installation.warehouse.snapshot_properties(last_table).get(STATE_MARK)
    return mark == state_fingerprint(installation, business_date)


def register_layers(engine: Engine, installation: Installation, *layers: str) -> None:
    """Show the engine the layers' tables as they stand."""
    for layer in layers:
        for table in layer_definitions(layer).values():
            engine.register_files(table.sql_name, installation.warehouse.files(table.name), table.schema)


def write_layer_table(
    engine: Engine,
    installation: Installation,
    name: str,
    business_date: date,
    marks: Mapping[str, str] | None = None,
) -> None:
    """Build one layer table from its SQL, commit it, and show the engine the new state."""
    table = definition(name)
    warehouse = installation.warehouse
    warehouse.ensure(table)
    files = engine.write(layer_sql(name), {"as_of": business_date}, table.schema, warehouse.new_folder(name))
    warehouse.replace(name, files, EVERY_ROW, marks)
    engine.register_files(table.sql_name, files, table.schema)


def _build_layers(installation: Installation, business_date: date, fingerprint: str) -> Report:
    report: Report = {}
    with installation.engine() as engine:
        register_ods_state(engine, installation, business_date)
        for layer in LAYERS:
            for table in layer_definitions(layer).values():
                write_layer_table(engine, installation, table.name, business_date, {STATE_MARK: fingerprint})
                report[table.name] = _row_count(engine, table.sql_name)
        _build_freshness(engine, installation, business_date)
    return report


def register_ods_state(engine: Engine, installation: Installation, as_of: date) -> None:
    """Show the engine every class as known on the date, and `ods_named_person`: everybody whom they name."""
    for extract_class in LINK_SOURCES:
        register_ods(engine, installation, contracts()[extract_class], as_of)
    register_divisions(engine, as_of)
    people = known_people(engine, decided_on(installation, as_of))
    for contract in contracts().values():
        register_ods(engine, installation, contract, as_of, people)
    selects = [f"select person_key from {ods_table(contract).sql_name}" for contract in contracts().values()]
    engine.create_view("ods_named_person", " union ".join(selects))


def _build_freshness(engine: Engine, installation: Installation, business_date: date) -> None:
    register_layers(engine, installation, "ops")
    rows = [
        {
            "extract_class": contract.extract_class,
            "title": contract.title,
            "department": contract.department,
            "row_count": _row_count(engine, ods_table(contract).sql_name),
            "latency_days": contract.latency_days,
        }
        for contract in contracts().values()
    ]
    columns = [("extract_class", pa.string()), ("title", pa.string()), ("department", pa.string())]
    schema = pa.schema([*columns, ("row_count", pa.int64()), ("latency_days", pa.int32())])
    engine.register_table("extract_class", pa.Table.from_pylist(rows, schema=schema))
    write_layer_table(engine, installation, "ads.freshness", business_date)


def _row_count(engine: Engine, view: str) -> int:
    return int(engine.query(f"select count(*) as row_count from {view}").to_pylist()[0]["row_count"])
