"""Brings the layers' tables from the states they hold to that of one business date, each the cheapest right way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import structlog

from jobs.installation import Installation
from jobs.layer_changes import Affected, LayerChanges, UnboundedChangeError
from jobs.layer_state import AskedStates, current_sources
from jobs.layer_views import LayerViews
from jobs.lineage import downstream, layer_tables
from jobs.ods import OdsTables
from jobs.people.knowledge import keep_knowledge
from jobs.people.known import register_people
from warehouse.definitions import TableDefinition, layer_sql
from warehouse.engines.engine import Engine, EngineName, cast_columns
from warehouse.layers import (
    LayerState,
    build_whole,
    has_grown,
    keep_rows,
    layer_state,
    replace_keys,
    rows_where_sql,
)

log = structlog.get_logger(__name__)

# Finding out what changed takes Spark dozens of small jobs; a table of fewer rows is built whole sooner.
BUILT_WHOLE_BELOW: dict[EngineName, int] = {"duckdb": 0, "spark": 100_000}


class LayerBuild:
    """Brings the layers' tables from the states they hold to that of one business date."""

    def __init__(self, engine: Engine, installation: Installation, business_date: date, whole: bool) -> None:
        self.ods = OdsTables(installation)
        self.asked = AskedStates(installation, business_date)
        self._engine = engine
        self._warehouse = installation.warehouse
        self._params = {"as_of": business_date}
        self._held = {} if whole else self._usable_states()
        self.current = current_sources(self.ods, self._held.values())
        people = register_people(engine, installation, self.ods, business_date)
        self._knowledge = keep_knowledge(self._warehouse, people)
        self._changes = LayerChanges(engine, installation, self.ods, self._outdated(), business_date, people)
        self._views = LayerViews(engine, installation, self.ods, self._changes, business_date, people)

    def bring(self, table: TableDefinition) -> int:
        """Bring one table to the state, those that it reads being there; returns how many rows it has."""
        how = self._bring(table)
        self._views.refresh(table)
        state = layer_state(self._warehouse, table.name)
        rows = state.rows if state else 0
        log.info("layer table", table=table.name, how=how, rows=rows)
        return rows

    def _bring(self, table: TableDefinition) -> str:
        held, asked = self._held.get(table.name), self.asked.state(table, self.current, self._knowledge)
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
        if held.rows < BUILT_WHOLE_BELOW[self._engine.name]:
            raise UnboundedChangeError("a table so small is built whole sooner")
        affected = self._changes.affected(table)
        if affected is None:
            return self._keep(table, held, asked)
        if has_grown(self._warehouse, table, affected.count):
            raise UnboundedChangeError("its changes have grown large")
        rows = self._rebuild(table, affected)
        if self._drags_others(table):
            affected = self._truly_changed(table, affected, rows)
        if not affected.count:
            return self._keep(table, held, asked)
        before = rows_where_sql(self._engine, self._warehouse, table, _is_among(table.follows or "", affected.view))
        now = f"select * from {rows} where {table.follows} in (select {table.follows} from {affected.view})"
        state = replace(
            asked,
            base=held.base,
            generation=held.generation + 1,
            rows=held.rows - self._count(before) + self._count(now),
        )
        replace_keys(self._engine, self._warehouse, table, rows, affected.view, state)
        return f"{affected.count} keys rebuilt"

    def _keep(self, table: TableDefinition, held: LayerState, asked: LayerState) -> str:
        keep_rows(
            self._warehouse, table.name, replace(asked, base=held.base, generation=held.generation, rows=held.rows)
        )
        return "no row changes"

    def _rebuild(self, table: TableDefinition, affected: Affected) -> str:
        """A view of the rows that the affected keys have now."""
        self._views.about(table, affected)
        rows = f"rebuilt_{table.sql_name}"
        keys = f"select {table.follows} from {affected.view}"
        sql = f"select {cast_columns(table.schema, quote='')} from ({layer_sql(table.name)}\n) as rebuilt"
        self._engine.keep(rows, f"{sql} where {table.follows} in ({keys})", self._params)
        return rows

    def _drags_others(self, table: TableDefinition) -> bool:
        """Whether whoever is affected affects all who belong with them, so that it pays to look who truly is."""
        belong = any(other.through == table.name for other in layer_tables())
        return belong and self._changes.starts_with(table, downstream(table))

    def _truly_changed(self, table: TableDefinition, affected: Affected, rows: str) -> Affected:
        """Of the affected keys those whose rows differ from what the table says so far."""
        columns, key = ", ".join(table.schema.names), table.follows or ""
        before = rows_where_sql(self._engine, self._warehouse, table, _is_among(key, affected.view))
        differing = (
            f"select {key} from (select {columns}, 1 as side from {rows} "
            f"union all select {columns}, -1 as side from ({before}) as before) as both_sides "
            f"group by {columns} having sum(side) <> 0"
        )
        view = f"changed_{table.sql_name}"
        count = self._engine.keep(view, f"select distinct {key} from ({differing}) as differing")
        self._changes.narrow(table, view, count)
        return Affected(view, count, by_class=False)

    def _count(self, sql: str) -> int:
        return int(
            self._engine.query(f"select count(*) as row_count from ({sql}) as counted").to_pylist()[0]["row_count"]
        )

    def _build_whole(self, table: TableDefinition, asked: LayerState, reason: str) -> str:
        self._views.everything(table)
        build_whole(self._engine, self._warehouse, table, self._params, asked)
        return f"built whole: {reason}"

    def _usable_states(self) -> Mapping[str, LayerState]:
        states = {table.name: layer_state(self._warehouse, table.name) for table in layer_tables()}
        return {name: state for name, state in states.items() if state and state.texts == self.asked.texts}

    def _outdated(self) -> Mapping[str, LayerState]:
        return {
            table.name: self._held[table.name]
            for table in layer_tables()
            if table.name in self._held and self._held[table.name].fingerprint != self.asked.fingerprint(table)
        }


def _is_among(key: str, keys: str) -> str:
    return f"{key} in (select {key} from {keys})"
