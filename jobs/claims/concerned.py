"""Whom a change of the layers may concern, and what the layers say of them and said of them before.

A model says of a person what stands in rows of that person, and of whoever is or was in a household or family with
them. So who is concerned is whoever's rows were rebuilt, and everybody whom households and families join to them,
however far: of nobody else can any model say anything else. What a model may ask of everybody is only which values
some columns have at all (ASKED_OF_ALL); where these change, everybody is concerned.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from jobs.lineage import layer_tables
from warehouse.definitions import TableDefinition
from warehouse.engines.engine import Engine, sql_type
from warehouse.layers import (
    keep_stored_rows,
    layer_state,
    newest_rows_sql,
    rebuilt_keys_sql,
    register_layer_table,
    rows_ever_sql,
    rows_where_sql,
)
from warehouse.tables import Warehouse
from warning_models.loader import WarningModel

PERSON, HOUSEHOLD, FAMILY = "person_key", "household_key", "family_key"
# Which tables say who belongs together.
_BELONGING = {"dwd.person": HOUSEHOLD, "dwd.death": HOUSEHOLD, "dwd.household_membership": HOUSEHOLD}
_BELONGING |= {"dwd.family_membership": FAMILY}
# What stands beside each claim and in each warning, whichever model it is of.
PLACED_BY = {"dwd_person", "dwd_household", "dws_household_assistance"}
HOUSEHOLDS_SHOW = {"dwd_disability_certificate", "dwd_custody", "dwd_enrolment", "dws_person_income"}
# By table the column of which a model may ask which values it has at all.
ASKED_OF_ALL = {"dwd.subsidy": "item"}
# Beyond this share of all people it costs less to look at everybody.
_LARGEST_SHARE = 0.2

# A table's last whole build and its newest generation since.
Generations = Mapping[str, tuple[str, int]]


class EverybodyConcernedError(Exception):
    """It cannot be told whom a change concerns, or it concerns too many; the message says why."""


def generations(warehouse: Warehouse) -> Generations:
    """What every layer table holds now."""
    states = {table.name: layer_state(warehouse, table.name) for table in layer_tables()}
    return {name: (state.base, state.generation) for name, state in states.items() if state}


class Concerned:
    """Whoever is concerned by what changed in the tables that the models read since these stood `before`.

    Raises EverybodyConcernedError.
    """

    def __init__(
        self, engine: Engine, warehouse: Warehouse, before: Generations, models: Iterable[WarningModel]
    ) -> None:
        self._engine = engine
        self._warehouse = warehouse
        self._before = before
        self._now = generations(warehouse)
        read = PLACED_BY | HOUSEHOLDS_SHOW | {name for model in models for name in model.inputs}
        self._tables = [table for table in layer_tables() if table.sql_name in read or table.name in _BELONGING]
        self._changed = [table for table in self._tables if self._has_changed(table)]
        self._check_links()
        self._kept: set[str] = set()
        self.people = self._find_people() if self._changed else frozenset[str]()

    def bears_on(self, model: WarningModel) -> bool:
        """Whether anything that stands in the model's claims may have changed."""
        return bool({table.sql_name for table in self._changed} & (PLACED_BY | set(model.inputs)))

    def show(self, when: Literal["before", "now"], models: Iterable[WarningModel]) -> None:
        """Show the engine what the tables that the models read said before, or say now, of who is concerned."""
        if not self.people:
            return
        read = PLACED_BY | HOUSEHOLDS_SHOW | {name for model in models for name in model.inputs}
        for table in self._tables:
            if table.sql_name not in read:
                continue
            if table.follows is None:
                register_layer_table(self._engine, self._warehouse, table)
                continue
            until = (self._before if when == "before" else self._now)[table.name][1]
            self._engine.create_view(table.sql_name, self._rows_sql(table, until))

    def _has_changed(self, table: TableDefinition) -> bool:
        before, now = self._before.get(table.name), self._now.get(table.name)
        if before is None or now is None or before[0] != now[0]:
            raise EverybodyConcernedError(f"{table.name} was built whole")
        return before != now

    def _check_links(self) -> None:
        if self._before.get("dwd.person_link") != self._now.get("dwd.person_link"):
            raise EverybodyConcernedError("other keys of people are known to be theirs")
        for table in self._changed:
            if column := ASKED_OF_ALL.get(table.name):
                before, now = (self._values(table, column, state[table.name][1]) for state in (self._before, self._now))
                if before != now:
                    raise EverybodyConcernedError(f"{table.name} has other values of {column} than before")

    def _values(self, table: TableDefinition, column: str, until: int) -> set[str]:
        everybody = rows_where_sql(self._engine, self._warehouse, table, "true", until)
        return set(self._engine.query(f"select distinct {column} from ({everybody}) as told")[column].to_pylist())

    def _rows_sql(self, table: TableDefinition, until: int) -> str:
        kept = f"{table.sql_name}_concerned"
        if kept not in self._kept:
            keep_stored_rows(self._engine, self._warehouse, table, kept, f"concerned_{table.follows}")
            self._kept.add(kept)
        rows = f"(select * from {kept} where generation <= {until})"
        sql = newest_rows_sql(table, rows, f"{rows} as changes")
        column = ASKED_OF_ALL.get(table.name)
        if column is None:
            return sql
        values = f"{table.sql_name}_values"
        if values not in self._kept:
            everybody = rows_where_sql(self._engine, self._warehouse, table, "true")
            self._engine.keep(values, f"select distinct {column} from ({everybody}) as told")
            self._kept.add(values)
        # Of nobody, so that only who asks of all sees them.
        nobody = ", ".join(
            field.name if field.name == column else f"cast(null as {sql_type(field.type)}) as {field.name}"
            for field in table.schema
        )
        return f"{sql} union all select {nobody} from {values}"

    def _find_people(self) -> frozenset[str]:
        for key in (PERSON, HOUSEHOLD, FAMILY):
            rebuilt = [
                rebuilt_keys_sql(self._engine, self._warehouse, table, self._before[table.name][1])
                for table in self._changed
                if table.follows == key
            ]
            nobody = f"select cast(null as string) as {key} where false"
            keys = " union all ".join(rebuilt or [nobody])
            self._engine.keep(f"concerned_{key}", f"select distinct {key} from ({keys}) as rebuilt")
        state = layer_state(self._warehouse, "dwd.person")
        most = _LARGEST_SHARE * (state.rows if state else 0)
        for table in self._tables:
            if table.name in _BELONGING:
                self._engine.create_view(f"{table.sql_name}_ever", self._ever_sql(table))
        while (grown := self._grow()) is not None:
            if grown > max(most, 1000):
                raise EverybodyConcernedError(f"{grown} people are concerned")
        return frozenset(self._engine.query(f"select {PERSON} from concerned_{PERSON}")[PERSON].to_pylist())

    def _ever_sql(self, table: TableDefinition) -> str:
        key = _BELONGING[table.name]
        stored = rows_ever_sql(self._engine, self._warehouse, table)
        return f"select {PERSON}, {key} from ({stored}) as stored where {key} is not null"

    def _grow(self) -> int | None:
        """Add to the people whoever households and families join to them, one step far; None once nobody is added."""
        before = self._count(PERSON)
        for key in (HOUSEHOLD, FAMILY):
            theirs = self._joined(key, key, PERSON)
            self._engine.keep("joined_keys", f"select {key} from concerned_{key} union {theirs}")
            self._engine.keep(f"concerned_{key}", f"select {key} from joined_keys")
        people = " union ".join(self._joined(PERSON, key, key) for key in (HOUSEHOLD, FAMILY))
        self._engine.keep("joined_keys", f"select {PERSON} from concerned_{PERSON} union {people}")
        grown = self._engine.keep(f"concerned_{PERSON}", f"select {PERSON} from joined_keys")
        return grown if grown > before else None

    def _joined(self, wanted: str, belonging: str, by: str) -> str:
        tables = [table for table in self._tables if _BELONGING.get(table.name) == belonging]
        return " union ".join(
            f"select {wanted} from {table.sql_name}_ever where {by} in (select {by} from concerned_{by})"
            for table in tables
        )

    def _count(self, key: str) -> int:
        rows = self._engine.query(f"select count(*) as key_count from concerned_{key}").to_pylist()
        return int(rows[0]["key_count"])
