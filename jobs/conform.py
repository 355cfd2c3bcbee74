"""Conform: from row versions to people, households, events (dwd) and what models need (dws).

The layers hold the state as known on one business date. They are built from ods alone, so the
state of any date can be built again. From the state they hold to the next, only the rows of people
and households are built again on whom something bears that changed; what comes out is what building
all anew would give.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import structlog

from jobs.freshness import build_freshness
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.kept_views import KeptViews
from jobs.layer_changes import LayerChanges, UnboundedChangeError
from jobs.layer_state import AskedStates, class_contents, holds_state_of
from jobs.layer_views import LayerViews, named_people_sql
from jobs.lineage import LAYERS, NAMED_PERSON, layer_tables
from jobs.ods import register_ods
from jobs.steps import Report, StepResult, fingerprint_of, run_step
from schemas.loader import contracts
from warehouse.definitions import TableDefinition, layer_definitions, layer_sql
from warehouse.engines.engine import Engine
from warehouse.layers import LayerState, build_whole, has_grown, keep_rows, layer_state, rebuild_keys

log = structlog.get_logger(__name__)


def state_fingerprint(installation: Installation, business_date: date) -> str:
    """What the layers' state on a date depends on: the deliveries known by then, the contracts, the layer SQL."""
    deliveries = [
        (record.delivery_id, record.content_hash)
        for record in ledger.records(installation, status="ingested")
        if record.business_date <= business_date
    ]
    texts = [layer_sql(name) for layer in LAYERS for name in layer_definitions(layer)]
    promises = [contract.path.read_text(encoding="utf-8") for contract in contracts().values()]
    return fingerprint_of(business_date, deliveries, texts, promises)


def conform(installation: Installation, business_date: date, whole: bool = False) -> StepResult:
    """Bring dwd and dws to the state of the business date; reports how each table got there.

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
    for contract in contracts().values():
        register_ods(engine, installation, contract, as_of)
    engine.create_view(NAMED_PERSON, named_people_sql(list(contracts().values())))


def _bring_to(installation: Installation, business_date: date, whole: bool) -> Report:
    work = installation.settings.work_folder
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="conform-", dir=work) as folder, installation.engine() as engine:
        build = _LayerBuild(engine, installation, business_date, Path(folder), whole)
        report = {table.name: build.bring(table) for table in layer_tables()}
        build_freshness(engine, installation, business_date)
    return report


class _LayerBuild:
    """Brings the layers' tables from the states they hold to that of one business date."""

    def __init__(
        self, engine: Engine, installation: Installation, business_date: date, folder: Path, whole: bool
    ) -> None:
        self._engine = engine
        self._warehouse = installation.warehouse
        self._params = {"as_of": business_date}
        self._asked = AskedStates(installation, business_date)
        self._contents = class_contents(installation)
        self._held = {} if whole else self._usable_states()
        kept = KeptViews(engine, folder)
        self._changes = LayerChanges(engine, installation, kept, self._outdated(), business_date)
        self._views = LayerViews(engine, installation, kept, self._changes, business_date)

    def bring(self, table: TableDefinition) -> str:
        """Bring one table to the state, those that it reads being there; returns how."""
        how = self._bring(table)
        self._views.refresh(table)
        return how

    def _bring(self, table: TableDefinition) -> str:
        held, asked = self._held.get(table.name), self._asked.state(table, self._contents)
        through = layer_state(self._warehouse, table.through) if table.through else None
        asked = replace(asked, through=through.base if through else None)
        if held is None:
            return self._build_whole(table, asked, "what it holds is not known, or was built by other SQL or contracts")
        if held.fingerprint == asked.fingerprint and held.through == asked.through:
            return "as it was"
        try:
            return self._rebuild_keys(table, held, asked)
        except UnboundedChangeError as reason:
            return self._build_whole(table, asked, str(reason))

    def _rebuild_keys(self, table: TableDefinition, held: LayerState, asked: LayerState) -> str:
        if held.through != asked.through:
            raise UnboundedChangeError(f"{table.through} was built whole")
        affected = self._changes.affected(table)
        if affected is None:
            keep_rows(self._warehouse, table.name, replace(asked, base=held.base, generation=held.generation))
            return "nothing to rebuild"
        if has_grown(self._warehouse, table, affected.count):
            raise UnboundedChangeError("its changes have grown large")
        self._views.about(table, affected)
        state = replace(asked, base=held.base, generation=held.generation + 1)
        rebuild_keys(self._engine, self._warehouse, table, self._params, affected.view, state)
        return f"{affected.count} keys rebuilt"

    def _build_whole(self, table: TableDefinition, asked: LayerState, reason: str) -> str:
        log.info("layer table built whole", table=table.name, reason=reason)
        self._views.everything(table)
        build_whole(self._engine, self._warehouse, table, self._params, asked)
        return "built whole"

    def _usable_states(self) -> Mapping[str, LayerState]:
        states = {table.name: layer_state(self._warehouse, table.name) for table in layer_tables()}
        return {name: state for name, state in states.items() if state and state.texts == self._asked.texts}

    def _outdated(self) -> Mapping[str, LayerState]:
        return {
            table.name: self._held[table.name]
            for table in layer_tables()
            if table.name in self._held and self._held[table.name].fingerprint != self._asked.fingerprint(table)
        }
