"""Conform: from row versions to people, households, events (dwd) and what models need (dws).

The layers hold the state as known on one business date. They are built from ods alone, so the
state of any date can be built again. From the state they hold to the next, only the rows of people
and households are built again on whom something bears that changed; what comes out is what building
all anew would give.
"""

from datetime import date

from jobs.freshness import build_freshness
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.layer_build import LayerBuild
from jobs.layer_state import holds_state_of
from jobs.layer_views import named_people_sql
from jobs.lineage import LAYERS, NAMED_PERSON, layer_tables
from jobs.ods import OdsTables, register_ods
from jobs.people.decisions import decisions
from jobs.people.known import register_people
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from schemas.division_changes import division_changes
from schemas.loader import contracts
from warehouse.definitions import layer_definitions, layer_sql
from warehouse.engines.engine import Engine


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


def conform(installation: Installation, business_date: date, whole: bool = False) -> StepResult:
    """Bring dwd and dws to the state of the business date; reports the rows of each table.

    With `whole` every table is built anew, whatever it holds.
    """
    return run_step(
        installation,
        business_date,
        "conform",
        None if whole else state_fingerprint(installation, business_date),
        lambda: _bring_to(installation, business_date, whole),
    )


def ensure_conformed(installation: Installation, business_date: date) -> None:
    """Rebuild the layers where they hold the state of another date or of other inputs."""
    if not holds_state_of(installation, business_date):
        _bring_to(installation, business_date, whole=False)


def register_ods_state(engine: Engine, installation: Installation, as_of: date) -> None:
    """Show the engine every class as known on the date, and `ods_named_person`: everybody whom they name."""
    ods = OdsTables(installation)
    people = register_people(engine, installation, ods, as_of)
    for contract in contracts().values():
        register_ods(engine, ods, contract, as_of, people)
    engine.create_view(NAMED_PERSON, named_people_sql(list(contracts().values())))


def _bring_to(installation: Installation, business_date: date, whole: bool) -> Report:
    with installation.engine() as engine:
        build = LayerBuild(engine, installation, business_date, whole)
        # First, for once the layers hold the state nobody asks for it again.
        build_freshness(engine, installation, build.ods, build.asked, build.current)
        return {table.name: build.bring(table) for table in layer_tables()}
