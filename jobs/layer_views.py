"""What the SQL of a layer table sees while it is built: everything, or only what bears on some people."""

from dataclasses import dataclass
from datetime import date

from jobs.installation import Installation
from jobs.layer_changes import PERSON, Affected, LayerChanges
from jobs.lineage import NAMED_PERSON, classes_read, reads_named_people, tables_read
from jobs.ods import (
    OdsTables,
    create_class_views,
    key_columns,
    ods_sql_name,
    register_ods,
    state_sql,
    version_sql,
)
from jobs.people.knowledge import closed_over_links
from jobs.people.links import FOLLOWED, KnownPeople
from schemas.loader import Contract, contracts
from warehouse.definitions import TableDefinition, definition
from warehouse.engines.engine import Engine
from warehouse.engines.parameters import with_literals
from warehouse.layers import register_layer_table, rows_where_sql

EVERYBODY = ""


@dataclass(frozen=True)
class Circle:
    """The people, in view `people`, of whom a table's SQL must see all; `keys` are those whose rows are built."""

    people: str
    keys: Affected


class LayerViews:
    """Shows the engine what a table's SQL reads, under the names that the SQL uses."""

    def __init__(
        self,
        engine: Engine,
        installation: Installation,
        ods: OdsTables,
        changes: LayerChanges,
        business_date: date,
        people: KnownPeople,
    ) -> None:
        self._engine = engine
        self._warehouse = installation.warehouse
        self._ods = ods
        self._changes = changes
        self._known_people = people
        self._business_date = business_date
        self._shown: dict[str, str] = {}
        self._kept_names: set[str] = set()

    def refresh(self, table: TableDefinition) -> None:
        """Show what the table says now; to be called once it is up to date."""
        register_layer_table(self._engine, self._warehouse, table)
        self._shown[table.name] = EVERYBODY

    def everything(self, table: TableDefinition) -> None:
        """Show all that the table's SQL reads, whole."""
        for item in tables_read(table):
            if self._shown[item.name] != EVERYBODY:
                self.refresh(item)
        named = list(contracts().values()) if reads_named_people(table) else []
        for contract in [*classes_read(table), *named]:
            if self._shown.get(contract.extract_class) != EVERYBODY:
                register_ods(self._engine, self._ods, contract, self._business_date, self._known_people)
                self._shown[contract.extract_class] = EVERYBODY
        if named:
            self._engine.create_view(NAMED_PERSON, named_people_sql(named))

    def about(self, table: TableDefinition, affected: Affected) -> None:
        """Show of all that the table's SQL reads what bears on the affected keys, each person whole."""
        circle = Circle(self._people(table, affected), affected)
        for item in tables_read(table):
            self._show_table_about(item, table, circle)
        for contract in classes_read(table):
            self._show_class_about(contract, circle.people)
        if reads_named_people(table):
            self._show_named_people(circle.people, classes_read(table))

    def _people(self, table: TableDefinition, affected: Affected) -> str:
        if table.follows == PERSON and not affected.by_class:
            return affected.view
        if table.follows == PERSON:
            changed = self._changes.changed_classes()
            return self._keep_people(
                "changed_people",
                " union all ".join(f"select {PERSON} from affected_{contract.extract_class}" for contract in changed),
            )
        belonging = self._keep_rows(definition(table.through or ""), table.follows or "", affected.view)
        return self._keep_people(f"members_{table.sql_name}", f"select {PERSON} from {belonging}")

    def _keep_people(self, name: str, sql: str) -> str:
        closed = closed_over_links(sql, self._known_people)
        self._keep_once(name, f"select distinct {PERSON} from ({closed}) as people")
        return name

    def _keep_once(self, name: str, sql: str) -> None:
        if name not in self._kept_names:
            self._engine.keep(name, sql)
            self._kept_names.add(name)

    def _keep_rows(self, table: TableDefinition, key: str, keys: str) -> str:
        name, theirs = f"{table.sql_name}_of_{keys}", f"{key} in (select {key} from {keys})"
        self._keep_once(name, rows_where_sql(self._engine, self._warehouse, table, theirs))
        return name

    def _show_table_about(self, item: TableDefinition, table: TableDefinition, circle: Circle) -> None:
        is_of_key = table.follows != PERSON and (item.follows == table.follows or item.name == table.through)
        if is_of_key:
            key, keys = table.follows or "", circle.keys.view
        elif item.follows == PERSON:
            key, keys = PERSON, circle.people
        else:
            key, keys = "", EVERYBODY
        if self._shown[item.name] == keys:
            return
        if keys == EVERYBODY:
            self.refresh(item)
            return
        self._engine.create_view(item.sql_name, f"select * from {self._keep_rows(item, key, keys)}")
        self._shown[item.name] = keys

    def _show_class_about(self, contract: Contract, people: str) -> None:
        if self._shown.get(contract.extract_class) == people:
            return
        stored = self._keep_class(contract, people)
        contested = stored if self._ods.is_contested(contract) else None
        create_class_views(self._engine, contract, self._business_date, (stored, contested), self._known_people)
        self._shown[contract.extract_class] = people

    def _keep_class(self, contract: Contract, people: str) -> str:
        """All versions of the rows that any of the people were ever named in."""
        name = f"{ods_sql_name(contract)}_of_{people}"
        if name in self._kept_names:
            return name
        self._ods.register_stored(self._engine, contract)
        self._keep_once(name, class_about(self._ods, contract, people))
        return name

    def _show_named_people(self, people: str, read: list[Contract]) -> None:
        """Of the people, those whom any class names; most are in the classes that are looked at anyway."""
        at_hand = {contract.extract_class for contract in [*read, *self._changes.changed_classes()]}
        found: list[str] = []
        left = people
        for is_at_hand in (True, False):
            group = [item for item in contracts().values() if (item.extract_class in at_hand) is is_at_hand]
            if not group:
                continue
            found.append(f"named_{len(found)}_of_{people}")
            standing = " union all ".join(self._standing_sql(contract, left) for contract in group)
            distinct = f"select distinct {PERSON} from ({standing}) as named"
            named = f"select {PERSON} from {left} where {PERSON} in ({distinct})"
            self._engine.keep(found[-1], named)
            others = f"select {PERSON} from {left} where {PERSON} not in (select {PERSON} from {found[-1]})"
            left = f"left_{len(found)}_of_{people}"
            if not self._engine.keep(left, others):
                break
        self._engine.create_view(NAMED_PERSON, " union all ".join(f"select {PERSON} from {view}" for view in found))

    def _standing_sql(self, contract: Contract, people: str) -> str:
        stored = self._keep_class(contract, people)
        known = with_literals(version_sql(stored), {"as_of": self._business_date})
        contested = stored if self._ods.is_contested(contract) else None
        standing = state_sql(contract, f"({known})", contested)
        if not self._known_people.follows_links:
            return f"select {PERSON} from ({standing}) as standing"
        return (
            f"select coalesce(link.person_key, standing.{PERSON}) as {PERSON} from ({standing}) as standing "
            f"left join {FOLLOWED} as link on link.former_key = standing.{PERSON}"
        )


def class_about(ods: OdsTables, contract: Contract, people: str) -> str:
    """SQL for all versions of a class's rows that any of the people in a view were ever named in."""
    stored, keys = f"{ods_sql_name(contract)}_stored", key_columns(contract)
    sql = f"select * from {stored} where {PERSON} in (select {PERSON} from {people})"
    if ods.is_contested(contract) and PERSON not in keys:
        same_row = " and ".join(f"theirs.{key} = version.{key}" for key in keys)
        sql = f"select * from {stored} as version where exists (select 1 from ({sql}) as theirs where {same_row})"
    return sql


def named_people_sql(named: list[Contract]) -> str:
    """SQL for everybody whom one of the classes names."""
    return " union ".join(f"select {PERSON} from {ods_sql_name(contract)}" for contract in named)
